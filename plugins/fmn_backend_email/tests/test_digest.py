"""Several notifications as one mail."""

from dataclasses import replace

import pytest
from reading import page, posted, posted_digest, text

from fmn_backend_email.headers import MOST_NAMES
from fmn_backend_email.variables import MOST_ENTRIES
from fmn_backend_email.words import MOST_TEXT
from fmn_core import Links


@pytest.fixture
def builds(notification):
    """A build that started and completed, and one of another package by another filter."""
    other = {"filter_id": "8", "filter_name": "bash", "filter_rules": (), "links": Links("https://fmn.example.org/8")}
    return [
        notification(id="1" * 32, message_id="a", summary="kernel started", details="", event="build started"),
        notification(id="2" * 32, message_id="b", summary="bash failed", details="make: *** [all] Error 2",
                     event="build failed", packages=frozenset({"bash"}), thread="koji/build/2", **other),
        notification(id="3" * 32, message_id="c", summary="kernel completed", usernames=frozenset({"dana"})),
    ]  # fmt: skip


def test_digest_merges_what_belongs_together_and_lists_each_below(digest, builds):
    mail = posted_digest(digest(*builds))
    assert mail["Subject"] == "[fedora] Digest: 3 notifications: kernel, bash"
    line = "-" * 79
    assert text(mail) == (
        "3 notifications: kernel, bash\n"
        "Sent together: every hour.\n"
        "\n"
        "1. kernel: 1 build started, 1 completed\n"
        "2. bash failed\n"
        f"\n{line}\n\n"
        "kernel: 1 build started, 1 completed\n"
        "\n"
        "2016-03-14 15:09:26 UTC  kernel started\n"
        "\thttps://koji.example.org/buildinfo?buildID=1\n"
        "\n"
        "2016-03-14 15:09:26 UTC  kernel completed\n"
        "\n"
        "kernel-4.5-1.fc24 was built.\nIt took an hour.\n"
        "\thttps://koji.example.org/buildinfo?buildID=1\n"
        f"\n{line}\n\n"
        "bash failed\n"
        "\n"
        "2016-03-14 15:09:26 UTC\n"
        "\n"
        "make: *** [all] Error 2\n"
        "\thttps://koji.example.org/buildinfo?buildID=1\n"
        "\n"
        "-- \n"
        'You get this because of your filter "my builds" (Build completed, On packages I maintain):\n'
        "https://fmn.example.org/jane/email/7\n"
        'You get this because of your filter "bash":\n'
        "https://fmn.example.org/8\n"
        "To switch all these filters off:\n"
        "https://fmn.example.org/unsubscribe/all\n"
    )


def test_html_of_a_digest_says_the_same(digest, builds):
    seen = page(posted_digest(digest(*builds)))
    for words in (
        "Sent together: every hour.", "kernel: 1 build started, 1 completed", "kernel started", "kernel completed",
        "bash failed", "make: *** [all] Error 2", "It took an hour.",
    ):  # fmt: skip
        assert words in seen.said
    assert seen.links[-3:] == [
        "https://fmn.example.org/jane/email/7", "https://fmn.example.org/8", "https://fmn.example.org/unsubscribe/all",
    ]  # fmt: skip


def test_summaries_only_where_that_is_wanted(digest, builds):
    mail = posted_digest(digest(*builds, presentation={"verbose": False, "triggered_by_links": False}))
    for body in (text(mail), page(mail).said):
        assert "kernel started" in body
        assert "bash failed" in body
        assert "took an hour" not in body
        assert "Error 2" not in body
        assert "your filter" not in body
    assert text(mail).count("bash failed") == 1


def test_headers_are_those_of_all(digest, builds):
    mail = posted_digest(digest(*builds))
    assert mail["Message-ID"] == f"<{'d' * 32}@example.org>"
    assert mail.get_all("X-FMN-Message-Id") == ["a", "b", "c"]
    assert mail.get_all("X-Fedmsg-Topic") == ["org.fedoraproject.prod.buildsys.build.state.change"]
    assert mail.get_all("X-Fedmsg-Category") == ["buildsys"]
    assert mail.get_all("X-Fedmsg-Username") == ["dana", "ralph"]
    assert mail.get_all("X-Fedmsg-Package") == ["bash", "kernel"]
    assert mail["List-Id"] == "<digest.jane.fmn.example.org>"
    assert mail["List-Unsubscribe"] == "<https://fmn.example.org/unsubscribe/all>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "References" not in mail


def test_digest_about_one_thing_is_of_its_thread_and_of_its_filter(digest, notification):
    mail, single = posted_digest(digest()), posted(notification())
    assert mail["References"] == single["References"]
    assert mail["List-Id"] == single["List-Id"]


def test_ten_packages_are_named_and_all_are_counted(digest, notification):
    many = [notification(id=f"{i:032}", message_id=str(i), packages=frozenset({f"p{i:02}"})) for i in range(30)]
    mail = posted_digest(digest(*many))
    assert mail.get_all("X-Fedmsg-Package") == [f"p{i:02}" for i in range(MOST_NAMES)]
    assert mail["X-Fedmsg-Num-Packages"] == "30"
    assert "and 27 more" in mail["Subject"]


def test_an_entry_without_a_summary_is_not_blank(digest, notification, builds):
    blank = notification(id="4" * 32, message_id="d", summary="", details="", packages=frozenset(), thread="t")
    body = text(posted_digest(digest(*builds, blank)))
    assert "3. buildsys.build.state.change\n" in body


def test_long_digest_is_cut_but_every_summary_stays(digest, notification):
    many = [notification(id=f"{i:032}", summary=f"build {i} done", details="word " * 20_000) for i in range(20)]
    body = text(posted_digest(digest(*many)))
    assert len(body) < MOST_TEXT + 10_000
    assert all(f"build {i} done" in body for i in range(20))
    assert body.count("[Cut here. All 99,999 characters: https://koji.example.org/buildinfo?buildID=1]") == 20


def test_of_far_too_many_the_rest_is_counted(digest, notification):
    many = [notification(id=f"{i:032}", summary=f"build {i} done") for i in range(MOST_ENTRIES + 5)]
    mail = posted_digest(digest(*many))
    assert mail["Subject"].startswith("[fedora] Digest: 1005 notifications")
    assert "And 5 more: https://fmn.example.org/\n" in text(mail)
    assert "And 5 more" in page(mail).said


def test_a_digest_without_reason_or_links(digest):
    mail = posted_digest(replace(digest(), reason="", links=Links()))
    assert "Sent together" not in text(mail)
    assert "switch" not in text(mail).lower()
    assert "List-Unsubscribe" not in mail
