"""Digests in words: nothing is told twice or not at all, and what is told can be read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core.digests import as_notification, counted, groups, headline
from fmn_core.model import Digest, Facts, Links, Notification, Severity

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOSTILE = "a\r\nb\0\x07\u2028c \u202eright\U0001f600 \ud800 " + "x" * 10_000


def note(number=0, **facts):
    return Notification(
        id=f"n{number}",
        message_id=f"m{number}",
        topic="org.example.prod.oven.on",
        sent_at=NOON + timedelta(minutes=number),
        facts=Facts(**{"title": "oven.on", "summary": f"number {number}", **facts}),
        user="alice",
        backend="email",
        destination="alice@example.org",
        preference="1",
        filter_id="7",
        filter_name="mine",
        filter_rules=("Build started",),
    )


def digest(*notifications, **fields):
    return Digest("d1", "alice", "email", "alice@example.org", notifications, **fields)


def events(*many):
    return [Facts("t", "s", event=event) for event in many]


KERNEL, BASH = {"packages": frozenset({"kernel"})}, {"packages": frozenset({"bash"})}


# Groups


def test_what_is_about_the_same_package_is_one_group_and_counted():
    some = [
        note(1, event="build started", thread="koji/1", **KERNEL),
        note(2, event="build started", thread="koji/2", **BASH),
        note(3, event="build started", thread="koji/3", **KERNEL),
        note(4, event="build completed", thread="koji/1", **KERNEL),
    ]
    first, second = groups(some)
    assert (first.about, first.line) == ("kernel", "kernel: 2 builds started, 1 completed")
    assert first.notifications == (some[0], some[2], some[3])
    assert (second.about, second.line, second.notifications) == ("bash", "number 2", (some[1],))


def test_what_is_about_no_package_is_gathered_by_thread():
    tagged, started, ended = (
        note(1, thread="koji/repo/f44", event="repo tagged"),
        note(2, thread="koji/repo/f45", event="repo started"),
        note(3, thread="koji/repo/f44", event="repo ended"),
    )
    first, second = groups([tagged, started, ended])
    assert (first.about, first.line) == ("koji/repo/f44", "koji/repo/f44: 1 repo tagged, 1 ended")
    assert second.notifications == (started,)


def test_several_packages_are_one_thing_and_some_are_named():
    many = note(packages=frozenset({"e", "d", "c", "b", "a"}))
    assert groups([many])[0].about == "a, b, c and 2 more"
    assert len(groups([many, note(packages=frozenset({"a"}))])) == 2


def test_a_thread_of_one_message_alone_is_no_name():
    assert groups([note(thread="message/5c9d", app="oven")])[0].about == "oven"
    assert groups([note(thread="message/5c9d")])[0].about == "number 0"
    assert groups([note(thread="", app="oven")])[0].about == "oven"


def test_a_summary_of_blanks_is_no_blank_line():
    assert groups([note(summary="\r\n")])[0].line == "oven.on"
    assert groups([note(summary=" ", title="")])[0].line == "a message"


def test_nothing_gives_no_groups():
    assert groups([]) == []


# Counts


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (["build started"], "1 build started"),
        (["build started", "build completed", "build started"], "2 builds started, 1 completed"),
        (["build started", "update pushed", "build failed"], "1 build started, 1 failed, 1 update pushed"),
        (["branch created"] * 2, "2 branches created"),
        (["policy changed"] * 2, "2 policies changed"),
        (["key added"] * 2, "2 keys added"),
        (["access granted", "access granted"], "2 accesses granted"),
        (["box moved", "bus moved", "dish washed"] * 2, "2 boxes moved, 2 buses moved, 2 dishes washed"),
        (["scratch build started"] * 3, "3 scratch builds started"),
        (["", ""], "2 events"),
        (["on"], "1 event on"),
        (["on", "", "off", ""], "1 event on, 2 events, 1 off"),
        (["  build \n started ", "build started"], "2 builds started"),
        ([], ""),
    ],
    ids=str,
)
def test_what_happened_is_counted_by_noun(happened, said):
    assert counted(events(*happened)) == said


def test_odd_events_stay_one_short_line():
    said = counted(events(HOSTILE, HOSTILE))
    assert len(said.splitlines()) == 1
    assert len(said) < 200


# The headline


def test_a_headline_names_the_first_and_counts_the_rest():
    some = [note(number, packages=frozenset({name})) for number, name in enumerate("abacde")]
    assert headline(digest(*some)) == "6 notifications: a, b, c and 2 more"
    assert headline(digest(*some[:2])) == "2 notifications: a, b"
    assert headline(digest(some[0])) == "1 notification: a"


def test_a_headline_names_nothing_twice():
    """Threads of their own, but all of one application."""
    some = [note(number, thread=f"message/{number}", app="planet") for number in range(4)]
    assert headline(digest(*some)) == "4 notifications: planet"


# As an ordinary notification


def test_a_digest_as_a_notification_has_all_that_is_in_it():
    first = note(1, event="build started", app="koji", usernames=frozenset({"bo"}), **KERNEL)
    second = replace(note(2, event="build failed", app="koji", **KERNEL), severity=Severity.ERROR)
    third = note(3, app="koji", url="https://example.org/3", usernames=frozenset({"cy"}), **BASH)
    links = Links(unsubscribe="https://fmn.example.org/u/1")
    made = as_notification(digest(first, second, third, reason="every hour", presentation={"colour": 1}, links=links))
    assert made.facts == Facts(
        title="digest",
        summary="3 notifications: kernel, bash",
        details="kernel: 1 build started, 1 failed\n"
        "  number 1\n"
        "  number 2\n"
        "number 3 https://example.org/3\n"
        "\n"
        "Collected: every hour",
        app="koji",
        usernames=frozenset({"bo", "cy"}),
        packages=frozenset({"kernel", "bash"}),
        thread="digest/d1",
    )
    assert (made.id, made.user, made.destination) == ("d1", "alice", "alice@example.org")
    assert (made.severity, made.sent_at) == (Severity.ERROR, third.sent_at)
    assert (made.presentation, made.links) == ({"colour": 1}, links)
    assert (made.filter_id, made.filter_name, made.filter_rules) == ("7", "mine", ("Build started",))


def test_several_filters_are_named_and_none_is_blamed_alone():
    other = replace(note(2), filter_id="8", filter_name="watched")
    made = as_notification(digest(note(1), other, note(3)))
    assert (made.filter_name, made.filter_id, made.filter_rules) == ("mine, watched", "", ())


def test_messages_without_a_time_and_of_several_applications():
    some = [replace(note(1, app="koji"), sent_at=None), replace(note(2, app="pkgdb"), sent_at=None)]
    made = as_notification(digest(*some))
    assert (made.sent_at, made.facts.app) == (None, "")


@pytest.mark.parametrize("about", [{}, KERNEL], ids=["alone", "one group"])
def test_a_long_digest_is_cut_between_lines_and_says_so(about):
    some = [note(number, summary=f"{number:05} {'x' * 90}", thread=f"t/{number}", **about) for number in range(1000)]
    text = as_notification(digest(*some, reason="every day")).facts.details
    *lines, note_, blank, reason = text.split("\n")
    assert len(text) < 20_200
    told = [line for line in lines if "x" in line]
    assert {len(line.strip()) for line in told} == {96}
    assert (note_, blank, reason) == (f"… and {1000 - len(told)} more", "", "Collected: every day")


def test_odd_texts_stay_lines():
    odd = note(1, summary=HOSTILE, url="https://example.org/" + "y" * 10_000, event=HOSTILE, thread=HOSTILE)
    made = as_notification(digest(odd, replace(odd, id="n2"), note(3, packages=frozenset({HOSTILE})), reason=HOSTILE))
    assert len(made.facts.details.splitlines()) == 6
    assert max(map(len, made.facts.details.splitlines())) <= 1100
    assert len(made.facts.summary) < 400
    assert "yyy" not in made.facts.details, "half a URL leads nowhere"


# Whatever it is


TEXTS = st.text(max_size=8) | st.sampled_from(["", "build started", "build failed", "branch new", HOSTILE])
NOTES = st.builds(
    note,
    st.integers(0, 99),
    event=TEXTS,
    summary=TEXTS.filter(bool),
    thread=TEXTS,
    packages=st.frozensets(st.sampled_from("abcd"), max_size=2),
)


@given(st.lists(NOTES, min_size=1, max_size=30))
def test_every_notification_is_in_one_group_and_counts_add_up(some):
    some = [replace(one, id=str(number)) for number, one in enumerate(some)]
    found = groups(some)
    assert sorted(one.id for group in found for one in group.notifications) == sorted(one.id for one in some)
    firsts = [some.index(group.notifications[0]) for group in found]
    assert firsts == sorted(firsts)
    assert all(len(group.line.splitlines()) == 1 and group.about for group in found)
    made = as_notification(digest(*some))
    assert len(made.facts.details.splitlines()) == len(some) + sum(len(group.notifications) > 1 for group in found)


@given(st.lists(st.sampled_from(["build started", "build failed", "branch created", "", "on"])))
def test_the_numbers_add_up(happened):
    numbers = [int(part.split()[0]) for part in counted(events(*happened)).split(", ") if part]
    assert sum(numbers) == len(happened)
