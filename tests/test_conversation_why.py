"""Conversation: why something came, what became of it, and how to hear no more of it for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from chat_place import HOSTILE, NOW, ChatPlace, entry

from fmn_core.model import Outcome

# why


BREAD = ["    - not Loaf baked", "    - My loaf (fasnick: alice)"]


def test_why_says_what_asked_for_the_last_notification(chat_on_each: ChatPlace) -> None:
    later = NOW - timedelta(minutes=1)
    chat_on_each.store.ledger.record([
        entry("1f1b5b0c", filter_id=chat_on_each.preference.filters[0].id),
        entry("later", at=later, backend="mail"),
        entry("muted", at=later, outcome=Outcome.SUPPRESSED),
        entry("bobs", at=later, user="bob"),
    ])  # fmt: skip
    assert chat_on_each.say("why?") == [
        "nela's rye bread is baked",
        "  sent 2026-05-04 11:55 UTC (to Ali[ce] by chat)",
        "  your filter 'My Bread' asked for it; as it is now:",
        *BREAD,
        "  message 2026-1f1b5b0c, thread oven/loaf/1f1b5b0c",
    ]


def test_why_before_anything_was_sent(chat: ChatPlace) -> None:
    assert chat.say("why") == ["No notification has been for you here so far."]
    chat.store.ledger.record([entry(outcome=Outcome.SUPPRESSED, reason="you muted it")])
    assert chat.say("why")[1] == "  not sent 2026-05-04 11:55 UTC: you muted it (to Ali[ce] by chat)"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"outcome": Outcome.QUEUED}, "about to be sent since 2026-05-04 11:55 UTC"),
        (
            {"outcome": Outcome.DEFERRED, "until": NOW, "reason": "quiet hours"},
            "waits until 2026-05-04 12:00 UTC since 2026-05-04 11:55 UTC: quiet hours",
        ),
        ({"outcome": Outcome.DEFERRED}, "waits since 2026-05-04 11:55 UTC"),
        (
            {"outcome": Outcome.FAILED, "attempts": 5, "reason": "550\r\nno"},
            "failed 2026-05-04 11:55 UTC after 5 attempts: 550 no",
        ),
    ],
)
def test_why_says_what_became_of_it(chat: ChatPlace, fields: dict, said: str) -> None:
    chat.store.ledger.record([entry(**fields)])
    assert chat.say("why")[1] == f"  {said} (to Ali[ce] by chat)"


@pytest.mark.parametrize("wanted", ["2026-1f1b5b0c", "2026-1F1B", "1f1b5b0c-notification", "1f1b", '"2026-1f1b"'])
def test_why_finds_by_any_beginning_of_an_id(chat: ChatPlace, wanted: str) -> None:
    chat.store.ledger.record([entry("1f1b5b0c"), entry("77777777", at=NOW)])
    assert chat.say(f"why {wanted}")[-1] == "  message 2026-1f1b5b0c, thread oven/loaf/1f1b5b0c"


def test_why_of_a_beginning_that_several_have(chat: ChatPlace) -> None:
    chat.store.ledger.record([entry("1f1b5b0c"), entry("1f1b")])
    assert chat.say("why 2026") == ["The ids of 2 of your messages begin so. Give more of it."]
    assert chat.say("why 2026-1f1b")[-1] == "  message 2026-1f1b, thread oven/loaf/1f1b", "one is exactly this"


def test_why_of_a_message_that_came_twice_begins_here(chat: ChatPlace) -> None:
    chat.store.ledger.record([
        entry(notification="n0", backend="mail", destination="a@example.org", filter_name="posts"),
        entry(notification="n1"),
    ])  # fmt: skip
    lines = chat.say("why 2026-1f1b5b0c")
    assert [line for line in lines if "(to" in line] == [
        "  sent 2026-05-04 11:55 UTC (to Ali[ce] by chat)",
        "  sent 2026-05-04 11:55 UTC (to a@example.org by mail)",
    ]
    assert "  your filter 'posts' asked for it; as it is now:" in lines


@pytest.mark.parametrize(
    "wanted", ["x", "abc", "zzzz", "20%", "%%%%", "____", HOSTILE], ids=lambda text: repr(text[:9])
)
def test_why_of_nothing(chat_on_each: ChatPlace, wanted: str) -> None:
    chat_on_each.store.ledger.record([entry(), entry("secret", user="bob")])
    (line,) = chat_on_each.say(f"why {wanted}")
    assert "at least 4" in line or "No notification of yours" in line
    assert "No notification of yours" in chat_on_each.say("why 2026-secret")[0]


def test_why_when_the_filter_is_gone_or_was_none(chat_on_each: ChatPlace) -> None:
    chat_on_each.store.ledger.record([entry(filter_id="99", filter_name="old")])
    assert chat_on_each.say("why")[2] == "  your filter 'old' asked for it, which is gone by now"
    chat_on_each.store.ledger.record([entry("second", at=NOW, filter_name="")])
    assert chat_on_each.say("why")[2] == "  no filter asked for it: it is from FMN itself"


# mute


def test_mute_is_about_the_last_notification_and_lasts_a_day(chat_on_each: ChatPlace) -> None:
    chat_on_each.store.ledger.record([entry(), entry("notice", at=NOW, thread="")])
    assert chat_on_each.say("mute") == [
        "Muted until 2026-05-05 12:00 UTC: oven/loaf/1f1b5b0c",
        "To hear of it again: unmute oven/loaf/1f1b5b0c",
    ]
    assert chat_on_each.store.mutes.of_user("alice", NOW) == {"oven/loaf/1f1b5b0c": NOW + timedelta(days=1)}
    assert chat_on_each.say("mutes") == ["  - oven/loaf/1f1b5b0c until 2026-05-05 12:00 UTC"]


@pytest.mark.parametrize(
    ("text", "thread", "time"),
    [
        ("mute for 2h", "oven/loaf/1f1b5b0c", timedelta(hours=2)),
        ("mute 90m", "oven/loaf/1f1b5b0c", timedelta(minutes=90)),
        ("mute any thing at all for 3 days", "any thing at all", timedelta(days=3)),
        ("mute waiting for godot for 1 hour", "waiting for godot", timedelta(hours=1)),
        ('mute "a/b" for 30D', "a/b", timedelta(days=30)),
        ("mute A/b", "A/b", timedelta(days=1)),
    ],
)
def test_mute_takes_a_thread_and_a_time(chat: ChatPlace, text: str, thread: str, time: timedelta) -> None:
    chat.store.ledger.record([entry()])
    assert chat.say(text)[-1] == f"To hear of it again: unmute {thread}"
    assert chat.store.mutes.of_user("alice", NOW) == {thread: NOW + time}


def test_mute_of_what_never_came_says_so(chat: ChatPlace) -> None:
    assert len(chat.say("mute oven/typo")) == 3


@pytest.mark.parametrize(
    "time", ["31d", "0m", "999999d", "ever", "-1h", "1 fortnight", "\u0661h", "1h" * 9999], ids=lambda text: text[:9]
)
def test_a_time_that_cannot_be(chat: ChatPlace, time: str) -> None:
    assert chat.say(f"mute a/b for {time}") == ["Say how long as in for 30m, for 2h or for 1d; 30 days at most."]
    assert chat.store.mutes.of_user("alice", NOW) == {}


def test_mute_without_anything_to_mute(chat: ChatPlace) -> None:
    assert chat.say("mute") == ["There is no notification here whose thread could be muted. Name one: mute THREAD"]


def test_a_thread_of_odd_text_is_muted_as_people_see_it(chat_on_each: ChatPlace) -> None:
    odd = "oven/\x07odd\r\n  \u202eloaf/" + "x" * 1000
    chat_on_each.store.ledger.record([entry(thread=odd)])
    (kept,) = chat_on_each.store.ledger.of_user("alice")
    line = chat_on_each.say("mute for 1h")[-1]
    assert set(chat_on_each.store.mutes.of_user("alice", NOW)) == {kept.thread}
    assert chat_on_each.say(line.partition(": ")[2]) == ["OK"]
    assert chat_on_each.store.mutes.of_user("alice", NOW) == {}
    chat_on_each.say(line.partition(": un")[2])
    assert set(chat_on_each.store.mutes.of_user("alice", NOW)) == {kept.thread}


def test_unmute(chat_on_each: ChatPlace) -> None:
    assert chat_on_each.say("unmute") == ["Nothing is muted."]
    assert chat_on_each.say("unmute a/b") == ["a/b is not muted."]
    for thread in ("a/b", "c/d"):
        chat_on_each.say(f"mute {thread} for 1h")
    assert chat_on_each.say("unmute") == [
        "Which one? Say unmute THREAD.",
        "  - a/b until 2026-05-04 13:00 UTC",
        "  - c/d until 2026-05-04 13:00 UTC",
    ]
    assert chat_on_each.say('unmute "a/b"') == ["OK"]
    assert chat_on_each.say("unmute") == ["OK"]
    assert chat_on_each.say("mutes") == ["Nothing is muted."]


def test_what_is_over_is_not_muted(chat_on_each: ChatPlace) -> None:
    times = iter([NOW, NOW + timedelta(hours=2), NOW + timedelta(hours=2)])
    asked = chat_on_each.other(now=lambda: next(times))
    asked.answer("Ali[ce]", "mute a/b for 1h")
    assert asked.answer("Ali[ce]", "mutes") == ["Nothing is muted."]
    assert asked.answer("Ali[ce]", "unmute a/b") == ["a/b is not muted."]


def test_there_is_an_end_to_muting(chat: ChatPlace) -> None:
    for number in range(200):
        chat.store.mutes.put("alice", f"t/{number}", NOW + timedelta(hours=1))
    assert chat.say("mute one/more")[0].startswith("You have muted 200 threads")
    assert chat.say("mute t/7")[0].startswith("Muted until 2026-05-05")
