import mailbox
import smtplib
import socket
import threading
from email import message_from_bytes
from email.policy import default

import pytest

from fmn_backend_email import fmn_register_backends
from fmn_core import ConfigError, DropDelivery, RetryDelivery, Settings
from fmn_core.testing import ODD_TEXTS, check_backend


def backend(tmp_path, **options):
    (made,) = fmn_register_backends(Settings(data_dir=tmp_path, plugin={"email": options}))
    return made


@pytest.fixture
def smtp(tmp_path, mail_server):
    made = backend(tmp_path, host="127.0.0.1", port=mail_server.port, timeout=5)
    yield made
    made.close()


def test_mail_reaches_the_server_and_nobody_else(smtp, mail_server, notification):
    smtp.deliver(notification())
    (envelope,) = mail_server.mails
    assert envelope.rcpt_tos == ["jane@example.org"]
    assert envelope.mail_from == "fmn@localhost"
    assert message_from_bytes(envelope.content, policy=default)["Subject"] == "ralph's build of kernel-4.5 completed"


def test_one_connection_serves_many_mails(smtp, mail_server, notification):
    for _ in range(20):
        smtp.deliver(notification(details=".\n..\nleading dots"))
    assert len(mail_server.mails) == 20
    assert len(mail_server.peers) == 1


def test_several_threads_deliver_at_once(smtp, mail_server, notification):
    threads = [threading.Thread(target=smtp.deliver, args=[notification(id=f"{i:032}")]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail_server.mails) == 8


@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("450 4.2.1 mailbox busy", RetryDelivery),
        ("421 4.3.2 shutting down", RetryDelivery),
        ("550 5.1.1 no such user", DropDelivery),
        ("552 5.2.2 mailbox full", DropDelivery),
        ("530 5.7.0 log in first", RetryDelivery),
    ],
)
def test_refusals_are_told_apart_and_the_next_mail_goes_on(smtp, mail_server, notification, step, answer, verdict):
    setattr(mail_server, step, answer)
    with pytest.raises(verdict, match=answer.replace(".", r"\.")):
        smtp.deliver(notification())
    setattr(mail_server, step, "250 OK")
    smtp.deliver(notification())
    assert len(mail_server.mails) == 1


def test_server_that_is_away_is_tried_again_later(tmp_path, mail_server, notification):
    made = backend(tmp_path, host="127.0.0.1", port=mail_server.port, timeout=5)
    made.deliver(notification())
    mail_server.stop()
    with pytest.raises(RetryDelivery, match="cannot be reached"):
        made.deliver(notification())
    made.close()
    made.close()


def test_connection_that_was_silent_for_long_is_asked_first(smtp, mail_server, notification, monkeypatch):
    smtp.deliver(notification())
    monkeypatch.setattr("fmn_backend_email.post.TRUSTED", 0)
    for _, connection in smtp._post._idle:
        connection.sock.shutdown(socket.SHUT_RDWR)  # what a server that hangs up looks like
    smtp.deliver(notification())
    assert len(mail_server.mails) == 2


def test_encryption_that_the_server_lacks_is_no_reason_to_go_without(tmp_path, mail_server, notification):
    made = backend(tmp_path, host="127.0.0.1", port=mail_server.port, encryption="starttls", timeout=5)
    with pytest.raises(RetryDelivery, match="STARTTLS"):
        made.deliver(notification())
    assert not mail_server.mails


def test_check_says_where_mails_go(tmp_path, smtp, mail_server):
    assert smtp.check() == f"SMTP to 127.0.0.1:{mail_server.port}, encryption none"
    assert backend(tmp_path).check() == f"mailbox folder {tmp_path / 'mail'}"


def test_without_a_server_mails_go_into_a_mailbox_folder(tmp_path, notification, monkeypatch):
    monkeypatch.setattr(smtplib.SMTP, "connect", None)
    made = backend(tmp_path / "not" / "yet")
    assert not (tmp_path / "not").exists()
    made.deliver(notification())
    made.deliver(notification(summary="Žluťoučký kůň"))
    made.close()
    box = mailbox.Maildir(tmp_path / "not" / "yet" / "mail", create=False)
    assert len(list((tmp_path / "not" / "yet" / "mail" / "new").iterdir())) == 2
    subjects = {message_from_bytes(mail.as_bytes(), policy=default)["Subject"] for mail in box}
    assert subjects == {"ralph's build of kernel-4.5 completed", "Žluťoučký kůň"}


def test_folder_that_cannot_be_written_is_tried_again(tmp_path, notification):
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(RetryDelivery, match="cannot be written"):
        backend(tmp_path).deliver(notification())


def test_every_mistake_in_the_settings_is_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        backend(tmp_path, hots="x", encryption="maybe", sender="nobody")
    assert "did you mean 'plugin.email.host'" in str(caught.value)
    assert len(caught.value.problems) == 3


def test_contract_by_smtp(smtp, mail_server):
    check_backend(smtp, "Jane@Example.org")
    assert len(mail_server.mails) == 2 * (1 + len(ODD_TEXTS))
    assert all(envelope.rcpt_tos == ["Jane@example.org"] for envelope in mail_server.mails)


def test_contract_in_a_folder(tmp_path):
    check_backend(backend(tmp_path), "jane@example.org")
    assert len(mailbox.Maildir(tmp_path / "mail")) == 2 * (1 + len(ODD_TEXTS))
