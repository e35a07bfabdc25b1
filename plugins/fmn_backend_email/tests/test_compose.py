"""A mail about one notification, or with what FMN itself says: text, HTML and headers."""

from dataclasses import replace

import pytest
from reading import composer, html, page, posted, text

from fmn_backend_email.headers import MOST_NAMES
from fmn_backend_email.words import MOST_TEXT
from fmn_core import DropDelivery, Links, Purpose

UNSUBSCRIBE = "https://fmn.example.org/unsubscribe/s3cret"
FILTER = "https://fmn.example.org/jane/email/7"


def test_mail_says_when_what_where_and_why(notification):
    mail = posted(notification())
    assert mail["Subject"] == "[fedora] ralph's build of kernel-4.5 completed"
    assert mail["From"] == "FMN <fmn@example.org>"
    assert mail["To"] == "jane@example.org"
    assert mail["Date"].datetime.timestamp() == 0
    assert text(mail) == (
        "2016-03-14 15:09:26 UTC\n"
        "\n"
        "ralph's build of kernel-4.5 completed\n"
        "\n"
        "kernel-4.5-1.fc24 was built.\nIt took an hour.\n"
        "\thttps://koji.example.org/buildinfo?buildID=1\n"
        "\n"
        "-- \n"
        'You get this because of your filter "my builds" (Build completed, On packages I maintain):\n'
        f"{FILTER}\n"
        "To switch this filter off:\n"
        f"{UNSUBSCRIBE}\n"
        "Message 2016-7e1d3b8b of org.fedoraproject.prod.buildsys.build.state.change\n"
    )


def test_html_says_the_same_with_links(notification):
    seen = page(posted(notification()))
    assert seen.links == ["https://koji.example.org/buildinfo?buildID=1", FILTER, UNSUBSCRIBE]
    for words in (
        "2016-03-14 15:09:26 UTC",
        "kernel-4.5-1.fc24 was built. It took an hour.",
        'because of your filter " my builds " (Build completed, On packages I maintain).',
        "Message 2016-7e1d3b8b of org.fedoraproject.prod.buildsys.build.state.change",
    ):
        assert words in seen.said


def test_html_carries_its_css_in_its_tags_and_knows_the_dark(notification):
    source = html(posted(notification()))
    assert '<pre dir="auto" style="' in source
    assert "@media (prefers-color-scheme: dark)" in source
    assert "jinja" not in source


def test_headers_serve_mail_rules(notification):
    mail = posted(notification(usernames=frozenset("ba"), packages=frozenset({"z", "modules/php"})))
    assert mail["X-Fedmsg-Topic"] == "org.fedoraproject.prod.buildsys.build.state.change"
    assert mail["X-Fedmsg-Category"] == "buildsys"
    assert mail.get_all("X-Fedmsg-Username") == ["a", "b"]
    assert mail.get_all("X-Fedmsg-Package") == ["modules/php", "z"]
    assert mail["X-Fedmsg-Num-Packages"] == "2"
    assert mail["X-FMN-Message-Id"] == "2016-7e1d3b8b"
    assert mail["List-Id"] == "<7.jane.fmn.example.org>"
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] == "bulk"


def test_many_packages_are_counted_and_the_first_named(notification):
    mail = posted(notification(packages=frozenset(f"p{i:03}" for i in range(500))))
    assert mail.get_all("X-Fedmsg-Package") == [f"p{i:03}" for i in range(MOST_NAMES)]
    assert mail["X-Fedmsg-Num-Packages"] == "500"


def test_without_links_nothing_promises_any(notification):
    mail = posted(notification(links=Links(), filter_rules=()))
    assert mail["List-Unsubscribe"] is mail["List-Unsubscribe-Post"] is None
    assert 'your filter "my builds".\nMessage' in text(mail)
    assert page(mail).links == ["https://koji.example.org/buildinfo?buildID=1"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://", "x", "https://a.example/" + "b" * 900, "http://[x"])
def test_what_is_no_link_to_unsubscribe_is_not_offered_to_mail_programs(notification, url):
    assert posted(notification(links=Links(FILTER, url)))["List-Unsubscribe"] is None


def test_message_id_is_the_same_on_every_retry_and_threads_follow_the_thing(notification):
    first, again = posted(notification()), posted(notification())
    other = posted(notification(id="f" * 32, summary="another word on the same build"))
    elsewhere = posted(notification(thread="koji/build/2"))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == other["References"] != elsewhere["References"]


def test_presentation_switches_are_kept_to(notification):
    mail = posted(notification(presentation={"verbose": False, "triggered_by_links": False}))
    for body in (text(mail), page(mail).said):
        assert "ralph's build of kernel-4.5 completed" in body
        assert "took an hour" not in body
        assert "my builds" not in body
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"


@pytest.mark.parametrize("url", ["https://koji.example.org/1", None])
def test_details_too_long_for_a_mail_are_cut_with_a_link(notification, url):
    mail = posted(notification(details="some words\n" * 50_000, url=url))
    body, rest = text(mail), page(mail)
    assert len(body) < MOST_TEXT + 1000
    assert f"words\n\n[Cut here. All 549,999 characters: {url or 'https://fmn.example.org/'}]\n" in body
    assert "Cut here. All 549,999 characters:" in rest.said
    assert (url or "https://fmn.example.org/") in rest.links


@pytest.mark.parametrize(
    "details", ["x" * 3000, "é" * 3000, "ж" * 3000, ".\n.leading dots\n", "From the start", "a=\n=3D"]
)
def test_any_body_arrives_as_it_was(notification, details):
    mail = posted(notification(details=details))
    assert f"completed\n\n{details.rstrip()}\n\thttps://" in text(mail)
    assert " ".join(details.split()) in page(mail).said


def test_details_cannot_end_the_mail_early(notification):
    body = text(posted(notification(details="all\n-- \nis well\u2028-- \r\nbye")))
    assert body.count("\n-- \n") == 1
    assert body.index("bye") < body.index("\n-- \n")


def test_a_summary_is_never_empty(notification):
    mail = posted(notification(summary=" \x00", title="", details=""), prefix="")
    assert mail["Subject"] == "org.fedoraproject.prod.buildsys.build.state.change"
    assert page(mail).said.count("org.fedoraproject.prod.buildsys.build.state.change") == 3


def test_a_place_that_is_no_page_is_told_and_never_a_link(notification):
    mail = posted(notification(url="javascript:alert('x')"))
    assert "javascript:alert('x')\n" in text(mail)
    assert "javascript:alert('x')" in page(mail).said
    assert page(mail).links == [FILTER, UNSUBSCRIBE]


def test_what_is_no_address_is_dropped(notification):
    with pytest.raises(DropDelivery, match="no mail address"):
        composer().notification(notification(destination="x@y.z\r\nBcc: evil@example.org"), 0)


def test_lines_end_as_smtp_wants(notification):
    raw = composer().notification(notification(details="a\nb\né"), 0).content
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_sender_with_a_name_that_is_not_ascii(notification):
    mail = posted(notification(), sender="Žluťoučký kůň <fmn@example.org>")
    assert mail["From"] == "Žluťoučký kůň <fmn@example.org>"
    assert mail["From"].addresses[0].addr_spec == "fmn@example.org"


ACCEPT = "https://fmn.example.org/confirm/accept/" + "0123456789abcdef" * 4
REJECT = "https://fmn.example.org/confirm/reject/" + "0123456789abcdef" * 4


@pytest.fixture
def confirmation(notification):
    words = (
        "The account jane at FMN wants to be notified at this address.\n\n"
        f"To accept, open\n{ACCEPT}\n\nTo refuse, open {REJECT}.\n\nIf this is not you, do nothing, or write to us."
    )
    plain = notification(summary="Confirm this address", details=words, url=None, thread="")
    return replace(plain, purpose=Purpose.CONFIRMATION, links=Links(), filter_rules=(), presentation={"verbose": False})


def test_confirmation_arrives_with_links_that_are_whole_and_can_be_clicked(confirmation):
    raw = composer().notification(confirmation, 0).content
    assert raw.count(ACCEPT.encode()) == 3  # as text, as link, as words of the link: nothing encodes or breaks it
    assert raw.count(REJECT.encode()) == 3
    mail = posted(confirmation)
    assert text(mail) == (
        f"Confirm this address\n\n{confirmation.facts.details}\n\n"
        '-- \nThis mail is about the account "jane" at https://fmn.example.org/\n'
    )
    assert page(mail).links == [ACCEPT, REJECT, "https://fmn.example.org/"]
    assert "open<br>\n<a href" in html(mail)


@pytest.mark.parametrize("purpose", [Purpose.NOTICE, Purpose.CONFIRMATION])
def test_what_fmn_says_itself_is_of_no_list(confirmation, purpose):
    mail = posted(replace(confirmation, purpose=purpose))
    assert mail["Subject"] == "[fedora] Confirm this address"
    assert mail["Auto-Submitted"] == "auto-generated"
    listed = ("List-Id", "List-Unsubscribe", "Precedence", "X-Fedmsg-Topic", "X-FMN-Message-Id", "References")
    assert not [name for name in listed if name in mail]
    assert "You get this because" not in text(mail) + html(mail)
