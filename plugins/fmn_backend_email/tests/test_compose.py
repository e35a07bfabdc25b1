from email import message_from_bytes
from email.policy import SMTP, default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmn_backend_email.compose import MOST_DETAILS, MOST_NAMES, compose
from fmn_core import DropDelivery, one_line

BASE = "https://fmn.example.org/"
#: headers that occur once for each name, and those that stand in every mail
REPEATED = {"X-Fedmsg-Username", "X-Fedmsg-Package"}
ONCE = {
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "Precedence", "X-FMN-Message-Id",
    "X-Fedmsg-Topic", "X-Fedmsg-Category", "X-Fedmsg-Num-Packages", "Content-Type", "Content-Transfer-Encoding",
    "MIME-Version",
}  # fmt: skip
THREAD = {"In-Reply-To", "References"}


def posted(notification, prefix="[fedora]"):
    """Return the mail as its receiver reads it, from the bytes."""
    mail = compose(notification, "FMN <fmn@example.org>", prefix, BASE, 0)
    return message_from_bytes(mail.as_bytes(policy=default), policy=default)


def text(mail):
    """Return the body with the line ends of this place: those inside base64 are the wire's."""
    return mail.get_content().replace("\r\n", "\n")


def test_mail_says_what_where_and_why(notification):
    mail = posted(notification())
    assert mail["Subject"] == "[fedora] ralph's build of kernel-4.5 completed"
    assert mail["To"] == "jane@example.org"
    assert mail["Date"].datetime.timestamp() == 0
    assert text(mail) == (
        "kernel-4.5-1.fc24 was built.\nIt took an hour.\n"
        "\thttps://koji.example.org/buildinfo?buildID=1\n"
        "\n"
        "-- \n"
        'You get this because your filter "my builds" matched:\n'
        "https://fmn.example.org/jane/email/7\n"
        "Message 2016-7e1d3b8b of org.fedoraproject.prod.buildsys.build.state.change\n"
    )


def test_headers_serve_mail_rules(notification):
    mail = posted(notification(usernames=frozenset("ba"), packages=frozenset({"z", "modules/php"})))
    assert mail["X-Fedmsg-Topic"] == "org.fedoraproject.prod.buildsys.build.state.change"
    assert mail["X-Fedmsg-Category"] == "buildsys"
    assert mail.get_all("X-Fedmsg-Username") == ["a", "b"]
    assert mail.get_all("X-Fedmsg-Package") == ["modules/php", "z"]
    assert mail["X-FMN-Message-Id"] == "2016-7e1d3b8b"
    assert mail["List-Id"] == "<7.jane.fmn.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_many_packages_are_counted_and_the_first_named(notification):
    mail = posted(notification(packages=frozenset(f"p{i:03}" for i in range(500))))
    assert mail.get_all("X-Fedmsg-Package") == [f"p{i:03}" for i in range(MOST_NAMES)]
    assert mail["X-Fedmsg-Num-Packages"] == "500"


def test_message_id_is_the_same_on_every_retry_and_threads_follow_the_thing(notification):
    first, again = posted(notification()), posted(notification())
    other = posted(notification(id="f" * 32, summary="another word on the same build"))
    elsewhere = posted(notification(thread="koji/build/2"))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == other["References"] != elsewhere["References"]


def test_presentation_switches_are_kept_to(notification):
    body = text(posted(notification(presentation={"verbose": False, "triggered_by_links": False})))
    assert body.startswith("ralph's build of kernel-4.5 completed\n\thttps://")
    assert "took an hour" not in body
    assert "my builds" not in body


def test_details_too_long_for_a_mail_are_left_out_aloud(notification):
    body = text(posted(notification(details="x" * (MOST_DETAILS + 1))))
    assert "too long for a mail: 500,001 characters" in body
    assert "2016-7e1d3b8b" in body
    assert len(body) < 1000


@pytest.mark.parametrize("details", ["x" * 3000, "é" * 3000, ".\n.leading dots\n", "From the start"])
def test_any_body_arrives_as_it_was(notification, details):
    assert text(posted(notification(details=details))).startswith(details.rstrip() + "\n\thttps://")


@pytest.mark.parametrize(
    "evil",
    [
        "a\r\nBcc: evil@example.org",
        "a\nBcc: evil@example.org",
        "a\rBcc: evil@example.org",
        "a\x0bBcc: b", "a\x85Bcc: b", "a\u2028Bcc: b",
        "=?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
        "=\x00?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
        "==?=?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
    ],
)  # fmt: skip
def test_no_field_adds_a_header(notification, evil):
    mail = posted(
        notification(
            id=evil, message_id=evil, topic=evil, user=evil, filter_id=evil, filter_name=evil, summary=evil,
            details=evil, url=evil, app=evil, usernames=frozenset({evil}), packages=frozenset({evil}), thread=evil,
        ),
        prefix=evil,
    )  # fmt: skip
    assert set(mail.keys()) == ONCE | THREAD | REPEATED


def test_what_is_no_address_is_dropped(notification):
    with pytest.raises(DropDelivery, match="no mail address"):
        compose(notification(destination="x@y.z\r\nBcc: evil@example.org"), "fmn@example.org", "", BASE, 0)


TEXT = st.text(max_size=120) | st.text("=?_- \r\n\tqbBx:utf8ü\x00\x85\u2028\ud800", max_size=120)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.fixed_dictionaries({"summary": TEXT, "details": TEXT, "app": TEXT, "thread": TEXT}),
       own=st.fixed_dictionaries({"topic": TEXT, "message_id": TEXT, "filter_name": TEXT, "user": TEXT, "id": TEXT}),
       names=st.frozensets(TEXT, max_size=3))  # fmt: skip
def test_whatever_the_text_the_mail_has_our_headers_and_no_more(notification, words, own, names):
    given_ = notification(**words, **own, usernames=names, packages=names)
    mail = posted(given_, prefix="")
    assert set(mail.keys()) - REPEATED - THREAD == ONCE
    assert len(mail.keys()) == len(ONCE) + 2 * len(names) + 2 * bool(words["thread"])
    assert mail["Subject"] == one_line(words["summary"].replace("=?", "= ?"))
    assert mail["X-Fedmsg-Topic"] == one_line(own["topic"].replace("=?", "= ?"))
    assert "\n-- \n" in text(mail)


def test_lines_end_as_smtp_wants(notification):
    raw = compose(notification(), "fmn@example.org", "", BASE, 0).as_bytes(policy=SMTP)
    assert raw.count(b"\n") == raw.count(b"\r\n")
