"""Whatever text the fields hold: our headers and no more, one recipient, two forms to read, and no tag of theirs."""

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import composer, page, parsed, posted, posted_digest, text

from fmn_backend_email.mime import LONGEST_HEADER
from fmn_core import Links, one_line

#: headers that occur once for each name, and those that stand in every mail
REPEATED = {"X-Fedmsg-Username", "X-Fedmsg-Package"}
ONCE = {
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "Precedence", "X-Fedmsg-Num-Packages",
    "Content-Type", "MIME-Version",
}  # fmt: skip
MAYBE = {
    "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post", "X-FMN-Message-Id", "X-Fedmsg-Topic",
    "X-Fedmsg-Category",
}  # fmt: skip
OUR_TAGS = {
    "html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "p", "h1", "h2", "pre", "a", "br",
}  # fmt: skip

EVIL = [
    "a\r\nBcc: evil@example.org",
    "a\nBcc: evil@example.org",
    "a\rBcc: evil@example.org",
    "a\x0bBcc: b", "a\x85Bcc: b", "a\u2028Bcc: b",
    "=?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
    "=\x00?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
    "==?=?utf-8?q?a=0d=0aBcc:_evil@example.org?=",
    "\r\n.\r\nMAIL FROM:<a@b>\r\n",
    "</pre><script>alert(1)</script>", '" onmouseover="alert(1)', "{{ 7 * 7 }}{% raw %}", "--=_0\r\n\r\n--=_0--",
    "\u202egnp.exe\u2066", "long " * 20_000, "long" * 20_000, "\ud800", "🐎" * 500, "שלום עולם",
]  # fmt: skip


def everywhere(notification, evil):
    return notification(
        id=evil, message_id=evil, topic=evil, user=evil, filter_id=evil, filter_name=evil, filter_rules=(evil, evil),
        summary=evil, details=evil, url=evil, app=evil, usernames=frozenset({evil}), packages=frozenset({evil}),
        thread=evil, title=evil, event=evil, links=Links(evil, evil),
    )  # fmt: skip


def assert_ours(mail):
    assert ONCE <= set(mail.keys()) <= ONCE | MAYBE | REPEATED
    assert len(mail.keys()) - len(set(mail.keys())) <= 40
    assert mail["To"] == "jane@example.org"
    assert text(mail).count("\n-- \n") == 1
    assert page(mail).tags <= OUR_TAGS
    again = message_from_bytes(mail.as_bytes(), policy=default)  # a program that writes on what it has read
    assert set(again.keys()) == set(mail.keys())


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_no_field_adds_anything(notification, digest, evil):
    one = everywhere(notification, evil)
    assert_ours(posted(one, prefix=evil))
    assert_ours(posted_digest(digest(one, notification(), one, user=evil, reason=evil, id=evil, links=one.links)))


TEXT = st.text(max_size=120) | st.text("=?_- \r\n\tqbBx:utf8ü\x00\x85\u2028\ud800<>&\"'{%}#.", max_size=120)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.fixed_dictionaries({"summary": TEXT, "details": TEXT, "app": TEXT, "thread": TEXT, "url": TEXT}),
       own=st.fixed_dictionaries({"topic": TEXT, "message_id": TEXT, "filter_name": TEXT, "user": TEXT, "id": TEXT}),
       names=st.frozensets(TEXT, max_size=3))  # fmt: skip
def test_whatever_the_text_the_mail_is_ours_and_says_it(notification, digest, words, own, names):
    one = notification(**words, **own, usernames=names, packages=names)
    raw = composer(prefix="").notification(one, 0).content
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = parsed(raw)
    assert_ours(mail)
    if summary := one_line(words["summary"]):
        assert mail["Subject"] == one_line(words["summary"].replace("=?", "= ?"))
        assert f"\n{summary}\n" in text(mail)
        assert " ".join(summary.split()) in page(mail).said
    assert_ours(posted_digest(digest(one, one)))


def test_a_long_header_is_cut(notification):
    assert len(posted(notification(summary="word" * 1000))["Subject"]) == LONGEST_HEADER
