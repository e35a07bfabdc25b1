"""Mails reach a real server; what it refuses is told apart."""

import mailbox
import smtplib
import threading
from email import message_from_bytes
from email.policy import default

import pytest

from fmn_core import AddressRefused, BackendAway, ConfigError, DropDelivery, RetryDelivery
from fmn_core.testing import ODD_TEXTS, check_backend


@pytest.fixture
def smtp(backend, mail_server):
    return backend(host="127.0.0.1", port=mail_server.port, timeout=5)


def test_mail_reaches_the_server_and_nobody_else(smtp, mail_server, notification):
    smtp.deliver(notification())
    (envelope,) = mail_server.mails
    assert envelope.rcpt_tos == ["jane@example.org"]
    assert envelope.mail_from == "fmn@localhost"
    assert message_from_bytes(envelope.content, policy=default)["Subject"] == "ralph's build of kernel-4.5 completed"


def test_digest_reaches_the_server_as_one_mail(smtp, mail_server, digest):
    smtp.deliver_digest(digest())
    (envelope,) = mail_server.mails
    assert message_from_bytes(envelope.content, policy=default)["Subject"] == "Digest: 2 notifications: kernel"


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


@pytest.mark.parametrize(
    ("step", "answer", "expected"),
    [
        ("rcpt", "450 4.2.1 mailbox busy", RetryDelivery),
        ("data", "450 4.2.1 mailbox busy", RetryDelivery),
        ("rcpt", "421 4.3.2 shutting down", BackendAway),
        ("data", "421 4.3.2 shutting down", BackendAway),
        ("rcpt", "550 5.1.1 no such user", AddressRefused),
        ("data", "550 5.1.1 no such user", AddressRefused),
        ("rcpt", "552 5.2.2 mailbox full", RetryDelivery),
        ("rcpt", "550 5.7.1 relaying denied", RetryDelivery),
        ("data", "554 5.7.1 looks like spam", DropDelivery),
        ("rcpt", "530 5.7.0 log in first", BackendAway),
    ],
)
def test_refusals_are_told_apart_and_the_next_mail_goes_on(smtp, mail_server, notification, step, answer, expected):
    setattr(mail_server, step, answer)
    with pytest.raises(expected, match=answer.replace(".", r"\.")) as caught:
        smtp.deliver(notification())
    assert caught.type is expected
    setattr(mail_server, step, "250 OK")
    smtp.deliver(notification())
    assert len(mail_server.mails) == 1


def test_a_mail_that_is_too_large_is_not_tried_again(backend, start_mail_server, notification):
    server = start_mail_server(data_size_limit=1000)
    with pytest.raises(DropDelivery, match="552") as caught:
        backend(host="127.0.0.1", port=server.port, timeout=5).deliver(notification())
    assert caught.type is DropDelivery
    assert not server.mails


def test_one_refused_recipient_is_nobody_elses_concern(smtp, mail_server, notification):
    mail_server.refused = {"gone@example.org"}
    smtp.deliver(notification())
    with pytest.raises(AddressRefused, match=r"refuses 'gone@example\.org': 550 5\.1\.1"):
        smtp.deliver(notification(destination="gone@example.org"))
    smtp.deliver(notification())
    assert [envelope.rcpt_tos for envelope in mail_server.mails] == [["jane@example.org"]] * 2
    assert len(mail_server.peers) == 1


def test_server_that_is_away_is_waited_for(smtp, mail_server, notification):
    smtp.deliver(notification())
    mail_server.stop()
    with pytest.raises(BackendAway, match="cannot be reached"):
        smtp.deliver(notification())
    with pytest.raises(BackendAway, match="cannot be reached"):
        smtp.check()
    smtp.close()
    smtp.close()


def test_a_build_is_one_conversation(smtp, mail_server, notification):
    """Start and end answer the same mail, by which programs thread them."""
    for number, event in enumerate(["started", "completed"]):
        smtp.deliver(notification(id=f"{number:032}", message_id=event, summary=f"build {event}"))
    smtp.deliver(notification(id="f" * 32, thread="koji/build/2", summary="another"))
    mails = [message_from_bytes(envelope.content, policy=default) for envelope in mail_server.mails]
    started, completed, another = mails
    assert started["Message-ID"] != completed["Message-ID"]
    for name in ("In-Reply-To", "References"):
        assert started[name] == completed[name] != another[name]


def test_check_says_where_mails_go(backend, tmp_path, smtp, mail_server):
    assert smtp.check() == f"SMTP to 127.0.0.1:{mail_server.port}, encryption none"
    assert backend().check() == f"mailbox folder {tmp_path / 'mail'}"


def test_without_a_server_mails_go_into_a_mailbox_folder(backend, tmp_path, notification, monkeypatch):
    monkeypatch.setattr(smtplib.SMTP, "connect", None)
    made = backend(tmp_path / "not" / "yet")
    assert not (tmp_path / "not").exists()
    made.deliver(notification())
    made.deliver(notification(summary="Žluťoučký kůň"))
    box = mailbox.Maildir(tmp_path / "not" / "yet" / "mail", create=False)
    assert len(list((tmp_path / "not" / "yet" / "mail" / "new").iterdir())) == 2
    mails = [message_from_bytes(mail.as_bytes(), policy=default) for mail in box]
    assert {mail["Subject"] for mail in mails} == {"ralph's build of kernel-4.5 completed", "Žluťoučký kůň"}
    assert all("took an hour" in mail.get_body(("plain",)).get_content() for mail in mails)


def test_folder_that_cannot_be_written_is_waited_for(backend, tmp_path, notification):
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(BackendAway, match="cannot be written"):
        backend().deliver(notification())


def test_every_mistake_in_the_settings_is_told_at_once(backend):
    with pytest.raises(ConfigError) as caught:
        backend(hots="x", encryption="maybe", sender="nobody", our_name="a b")
    assert "did you mean 'plugin.email.host'" in str(caught.value)
    assert len(caught.value.problems) == 4


def texts(mails):
    """Return the plain texts of mails."""
    return [message_from_bytes(mail, policy=default).get_body(("plain",)).get_content() for mail in mails]


def test_contract_by_smtp(smtp, mail_server):
    others = [f"{name}@example.org" for name in ("joe", "sue", "bo", "nela")]
    check_backend(
        smtp,
        "Jane@Example.org",
        others=others,
        arrived=lambda: texts(envelope.content for envelope in list(mail_server.mails)),
    )
    assert all(len(envelope.rcpt_tos) == 1 for envelope in mail_server.mails)
    assert {envelope.rcpt_tos[0] for envelope in mail_server.mails} == {"Jane@example.org", *others}


def test_contract_in_a_folder(backend, tmp_path):
    folder = mailbox.Maildir(tmp_path / "mail")
    check_backend(backend(), "jane@example.org", arrived=lambda: texts(map(bytes, folder)))
    assert len(folder) > 3 * len(ODD_TEXTS)
