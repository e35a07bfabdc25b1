"""Conversation: people who write to us are answered, whatever they write, and only they decide for themselves."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from chat_place import HOSTILE, NOW, URL, ChatPlace, book, entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmn_core import Settings, one_line
from fmn_core.conversation import Conversation
from fmn_core.errors import StoreError
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse, User
from fmn_core.rules import RuleBook
from fmn_core.store import Store, Waiting, Why
from fmn_core.testing import notification

HELPLESS = ["I do not understand that. Say help for what I do, or stop if I shall send you nothing more here."]


# Who is asked, and who asks


@pytest.mark.parametrize("address", ["Ali[ce]", "ali[ce]", "ALI{CE}"])
def test_a_nick_is_known_in_letters_of_any_size(chat_on_each: ChatPlace, address: str) -> None:
    assert chat_on_each.talk.answer(address, "stop") == ["OK"]
    assert not chat_on_each.preference.enabled


def test_all_letters_of_irc_have_two_sizes(chat_on_each: ChatPlace) -> None:
    bob = Preference("", "bob", "chat", True, (Destination("Bo[]\\^{}|~", True),))
    chat_on_each.store.preferences.save(User("bob", (bob,)))
    assert chat_on_each.talk.answer("bO{}|~[]\\^", "stop") == ["OK"]
    assert "nobody's confirmed address" in chat_on_each.talk.answer("bO{}|~[]\\_", "stop")[0]


def test_of_two_with_alike_nicks_each_is_known_by_her_own_only(chat_on_each: ChatPlace) -> None:
    chat_on_each.store.preferences.save(
        User("eve", (Preference("", "eve", "chat", True, (Destination("ali[ce]", True),)),))
    )
    assert chat_on_each.talk.answer("ali[ce]", "stop") == ["OK"]
    assert chat_on_each.preference.enabled
    assert "nobody's confirmed address" in chat_on_each.talk.answer("ALI[CE]", "stop")[0]


@pytest.mark.parametrize(
    "text", ["start", "stop", "list filters", "list filters x", "digest on", "why", "mute x", "mutes"]
)
def test_who_is_not_registered_is_told_so(chat: ChatPlace, text: str) -> None:
    assert chat.talk.answer("zoe", text) == [f"zoe is nobody's confirmed address here. Make it yours: {URL}"]


def test_an_address_that_is_not_confirmed_decides_nothing(chat: ChatPlace) -> None:
    chat.store.preferences.save(User("bob", (Preference("", "bob", "chat", True, (Destination("bo"),)),)))
    assert "nobody's confirmed address" in chat.talk.answer("bo", "stop")[0]
    assert chat.store.preferences.user("bob").preferences[0].enabled


@pytest.mark.parametrize("text", ["start", "stop", "list filters", "list", "why", "mute x", "digest", "what", ""])
def test_somebody_who_may_be_anybody_is_told_to_identify(chat: ChatPlace, text: str) -> None:
    (line,) = chat.talk.answer(None, text)
    assert "Identify" in line
    assert chat.preference.enabled


@pytest.mark.parametrize("text", ["help", "list categories", "list rules oven"])
def test_public_things_are_for_everybody(chat: ChatPlace, text: str) -> None:
    assert chat.talk.answer(None, text) == chat.talk.answer("zoe", text) == chat.talk.answer("Ali[ce]", text)
    assert len(chat.talk.answer(None, text)) >= 2


def test_how_to_identify_can_be_configured(chat: ChatPlace) -> None:
    asked = chat.other(conversation={"identify": "Ask Q.\nThen again."})
    assert asked.answer(None, "stop") == ["Ask Q.", "Then again."]


# help, and everything else


def test_help_says_who_runs_it_and_what_can_be_said(chat: ChatPlace) -> None:
    asked = chat.other(conversation={"operator": "the bakers", "support": "help@example.org"})
    said = "\n".join(asked.answer(None, "HELP"))
    for part in (
        "I am run by the bakers",
        "start",
        "stop",
        "why",
        "mute",
        "digest on",
        "list filters",
        URL,
        "help@exa",
    ):
        assert part in said


def test_help_can_be_configured(chat: ChatPlace) -> None:
    asked = chat.other(conversation={"help": "Ask nela.\n\nShe knows."})
    assert asked.answer(None, "help") == ["Ask nela.", "She knows."]


@pytest.mark.parametrize(
    "text",
    [
        "list",
        "list rules",
        "list categories now",
        "list flavours",
        "hello",
        "",
        " ",
        "\0\r\n",
        "\ud800",
        "'",
        "!!",
        "🐎",
        "x" * 100_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_anything_else_is_answered_by_one_line(chat: ChatPlace, text: str) -> None:
    assert chat.say(text) == HELPLESS


@pytest.mark.parametrize("text", ["*** Looking up your hostname", "***", "\x01VERSION\x01"])
def test_services_and_programs_are_not_answered(chat: ChatPlace, text: str) -> None:
    assert chat.talk.answer("Ali[ce]", text) == chat.talk.answer(None, text) == []


# start and stop


def test_stop_and_start_switch_the_preference_of_this_backend(chat_on_each: ChatPlace) -> None:
    assert chat_on_each.say("  STOP ") == ["OK"]
    assert [one.enabled for one in chat_on_each.store.preferences.user("alice").preferences] == [False, True]
    assert chat_on_each.say("stop please") == ["There is nothing to do: notifications do not come to you here."]
    assert chat_on_each.say("Start!") == ["OK"]
    assert chat_on_each.preference.enabled
    assert chat_on_each.say("start") == ["There is nothing to do: notifications come to you here."]


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 collected notification waits"), (3, "3 collected notifications wait")]
)
def test_stop_says_what_will_not_be_sent(chat_on_each: ChatPlace, number: int, said: str) -> None:
    some = [
        notification(message_id=f"m{n}", user="alice", backend="chat", destination="Ali[ce]") for n in range(number)
    ]
    elsewhere = notification(user="alice", backend="mail", destination="a@example.org")
    chat_on_each.store.waiting.put([Waiting(one, Why.DIGEST, NOW, None) for one in (*some, elsewhere)])
    assert chat_on_each.say("stop") == ["OK", f"{said} and will not be sent."]


def test_start_takes_back_the_suspension_of_where_one_writes_from(chat_on_each: ChatPlace) -> None:
    chat_on_each.store.switches.suspend("chat", "Ali[ce]", "no such nick")
    assert chat_on_each.say("start") == ["OK"]
    assert chat_on_each.preference.destinations == (Destination("Ali[ce]", True),)


# digest


@pytest.mark.parametrize(
    ("text", "plan", "words"),
    [
        ("digest on", {"every": 3600.0}, "every hour"),
        ("digest on 20m", {"every": 1200.0}, "every 20 minutes"),
        ("digest on every 2h or after 10", {"every": 7200.0, "count": 10}, "every 2 hours, or as soon as there are 10"),
        ("Digest ON 08:00 18:30", {"at": ("08:00", "18:30")}, "at 08:00 and 18:30 (UTC)"),
    ],
)
def test_digest_on_collects(chat: ChatPlace, text: str, plan: dict, words: str) -> None:
    assert chat.say(text) == ["OK", f"Notifications are collected, and sent together: {words}."]
    assert chat.preference.digest == DigestPlan(on=True, **plan)


def test_digest_off_and_on_again_keeps_the_plan(chat_on_each: ChatPlace) -> None:
    plan = DigestPlan(on=True, count=7, zone="Europe/Prague", quiet="22:00-07:00", per_hour=9)
    chat_on_each.store.switches.set_digest("alice", "chat", plan)
    night = "not between 22:00 and 07:00 (Europe/Prague)"
    assert chat_on_each.say("digest off") == ["OK", f"Notifications are sent one by one: at once; {night}."]
    assert chat_on_each.preference.digest == replace(plan, on=False)
    assert chat_on_each.say("digest on") == [
        "OK",
        f"Notifications are collected, and sent together: as soon as there are 7; {night}.",
    ]
    assert chat_on_each.preference.digest == plan
    chat_on_each.say("digest on 20m")
    assert chat_on_each.preference.digest == replace(plan, every=1200.0, count=None)


@pytest.mark.parametrize(
    "plan", ["", "maybe", "off now", "on 0", "on 0m", "on 25:00", "on 99d", "on 1001", "on \u0661\u0662", "on never"]
)
def test_a_digest_that_cannot_be_changes_nothing(chat: ChatPlace, plan: str) -> None:
    assert chat.say(f"digest {plan}")[-1].startswith("Say digest on")
    assert chat.preference.digest == DigestPlan()


# When things go wrong


def test_a_database_that_is_away_is_one_line(tmp_path, caplog: pytest.LogCaptureFixture) -> None:
    away = Store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}")
    with caplog.at_level(logging.WARNING):
        lines = Conversation("chat", away, book, Settings()).answer("Ali[ce]", "stop")
    assert lines == ["The database cannot be reached now, please try again."]
    (record,) = caplog.records
    assert record.exc_info is None
    away.close()


def test_a_bug_is_one_line_and_a_traceback(chat: ChatPlace, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> RuleBook:
        raise ZeroDivisionError("secret of the inside")

    asked = chat.other(rules=broken)
    assert asked.answer("Ali[ce]", "list categories") == [
        "Something went wrong here. It is written down, and somebody will look at it."
    ]
    (record,) = caplog.records
    assert record.exc_info is not None


def test_rules_that_could_not_be_loaded_are_asked_for_again(chat: ChatPlace) -> None:
    answers = iter([StoreError("away"), book()])

    def load() -> RuleBook:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    asked = chat.other(rules=load)
    assert "try again" in asked.answer(None, "list categories")[0]
    assert len(asked.answer(None, "list categories")) == 3


def sound(lines: list[str]) -> bool:
    """Tell whether these are few and short lines of nothing but text."""
    return len(lines) <= 40 and all(line.strip() == one_line(line) != "" and len(line) <= 400 for line in lines)


WORDS = st.sampled_from(
    ["list", "filters", "rules", "why", "mute", "unmute", "digest", "on", "for", "2h", "stop", '"', "'", "a"]
)
TEXTS = st.one_of(
    st.text(max_size=30), st.lists(WORDS | st.text(max_size=9), max_size=6).map(" ".join), st.just(HOSTILE)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, address=st.none() | st.sampled_from(["Ali[ce]", "zoe", ""]) | st.text(max_size=9))
def test_whatever_is_said_the_answer_is_sound(chat_on_each: ChatPlace, text: str, address: str | None) -> None:
    assert sound(chat_on_each.talk.answer(address, text))


def test_whatever_is_stored_the_answer_is_sound(chat_on_each: ChatPlace) -> None:
    odd = Filter(
        "", HOSTILE.replace("\0", "").replace("\ud800", ""), (RuleUse(HOSTILE[:50], {HOSTILE[:9]: [HOSTILE[:99]]}),)
    )
    chat_on_each.filter_by(*(odd, odd))
    chat_on_each.store.ledger.record(
        [entry(summary=HOSTILE, thread=HOSTILE, reason=HOSTILE, filter_name=odd.name, message_id=HOSTILE)]
    )
    for text in ("list filters", f"list filters {odd.name}", "why", "mute", "mutes", "unmute"):
        lines = chat_on_each.say(text)
        assert lines
        assert sound(lines)
        assert "went wrong" not in lines[0]
