"""``fmn destination``, ``fmn ledger`` and ``fmn mute``: what operators do for users, and see of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fmn_core.cli import destination_, ledger_, mute_, user_
from fmn_core.cli.context import Context
from fmn_core.cli.words import plan_in_words, seconds_in_words, span
from fmn_core.config import Settings, StoreSettings
from fmn_core.errors import FmnError, UnknownNameError, UsageError
from fmn_core.model import DigestPlan, Filter, Outcome, Preference, User
from fmn_core.plugins import PluginRegistry
from fmn_core.store import LedgerEntry, Store, Why
from fmn_core.testing import RecordingBackend

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, UTC)
PLACE = "post=alice@example.org"


class Post(RecordingBackend):
    def check_address(self, address: str) -> str:
        if "@" not in address:
            raise UsageError(f"{address!r} is no address")
        return address.lower()


COMMANDS = {"destination": destination_, "ledger": ledger_, "mute": mute_, "user": user_}
Run = Callable[..., Result]


@pytest.fixture
def context(store: Store, store_url: str, tmp_path: Path) -> Iterator[Context]:
    store.preferences.save(User("alice", (Preference("", "alice", "post"),)))
    made = Context()
    made.settings = Settings(data_dir=tmp_path / "data", store=StoreSettings(url=store_url))
    made.registry = PluginRegistry(backends={"post": Post("post")})
    yield made
    made.app.store.close()


@pytest.fixture
def fmn(context: Context) -> Run:
    def run(name: str, *arguments: str) -> Result:
        return CliRunner().invoke(COMMANDS[name].command, arguments, obj=context)

    return run


def rows(result: Result) -> list[dict]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def said(result: Result) -> str:
    assert result.exception is None, result.exception
    return result.stdout


def refusal(result: Result) -> str:
    assert isinstance(result.exception, FmnError), result.exception
    assert result.stdout == ""
    return str(result.exception)


def states(fmn: Run) -> list[tuple[str, str, str]]:
    return [
        (row["address"], row["state"], row["reason"]) for row in rows(fmn("destination", "list", "alice", "--json"))
    ]


# destinations


def test_asking_puts_a_question_on_its_way(fmn: Run, store: Store) -> None:
    assert said(fmn("destination", "ask", "alice", PLACE.upper().replace("POST", "post"))) == (
        "alice: post alice@example.org: pending\n"
    )
    assert len(store.waiting.take("post", "alice@example.org", [Why.NOTICE], 10)) == 1
    assert states(fmn) == [("alice@example.org", "pending", "")]


def test_the_list_says_what_is_true_of_each(fmn: Run, store: Store) -> None:
    for name in ("confirmed", "failed", "rejected", "expired", "suspended"):
        fmn("destination", "ask", "alice", f"post={name}@x")
    requests = {
        name: store.waiting.take("post", f"{name}@x", [Why.NOTICE], 1)[0].notification
        for name in ("confirmed", "failed", "rejected", "expired")
    }
    secrets = {name: (one.facts.url or "").rpartition("/")[2] for name, one in requests.items()}
    now = datetime.now(UTC)
    store.confirmations.accept(secrets["confirmed"], now, timedelta(days=1))
    store.confirmations.reject(secrets["rejected"], now, timedelta(days=1))
    store.confirmations.failed(requests["failed"].id, "550 no", now)
    store.confirmations.was_sent(requests["expired"].id, now - timedelta(days=2))
    fmn("destination", "accept", "alice", "post=suspended@x")
    store.switches.suspend("post", "suspended@x", "550 gone")
    assert sorted(states(fmn)) == [
        ("confirmed@x", "confirmed", ""),
        ("expired@x", "expired", ""),
        ("failed@x", "invalid", "550 no"),
        ("rejected@x", "rejected", ""),
        ("suspended@x", "suspended", "550 gone"),
    ]
    text = said(fmn("destination", "list", "alice"))
    assert "post  failed@x  invalid since " in text
    assert "post  suspended@x  suspended: 550 gone\n" in text
    assert "    to suspended@x (suspended: 550 gone)\n" in said(fmn("user", "show", "alice"))


def test_what_an_operator_takes_as_confirmed_is(fmn: Run, store: Store) -> None:
    assert said(fmn("destination", "accept", "alice", PLACE)) == "alice: post alice@example.org: confirmed\n"
    assert store.switches.owner("post", "alice@example.org") == "alice"
    assert states(fmn) == [("alice@example.org", "confirmed", "")]


def test_an_address_is_resumed_and_removed(fmn: Run, store: Store) -> None:
    fmn("destination", "accept", "alice", PLACE)
    assert "has no post destination 'alice@example.org' that is suspended" in refusal(
        fmn("destination", "resume", "alice", PLACE)
    )
    store.switches.suspend("post", "alice@example.org", "550")
    assert said(fmn("destination", "resume", "alice", PLACE)) == "alice: post alice@example.org: resumed\n"
    (row,) = rows(fmn("destination", "remove", "alice", "post=ALICE@example.org", "--json"))
    assert row == {"user": "alice", "backend": "post", "address": "alice@example.org", "state": "removed"}
    assert "has no post destination" in refusal(fmn("destination", "remove", "alice", PLACE))


def test_an_address_that_would_not_be_taken_today_can_be_removed(fmn: Run, store: Store) -> None:
    for backend, address in (("post", "no at"), ("gone", "x")):
        store.destinations.confirm("alice", backend, address)
        assert said(fmn("destination", "remove", "alice", f"{backend}={address}")).endswith("removed\n")


def test_a_rejection_is_forgotten(fmn: Run, store: Store) -> None:
    fmn("destination", "ask", "alice", PLACE)
    url = store.waiting.take("post", "alice@example.org", [Why.NOTICE], 1)[0].notification.facts.url or ""
    store.confirmations.reject(url.rpartition("/")[2], datetime.now(UTC), timedelta(days=1))
    assert "has rejected account 'alice'" in refusal(fmn("destination", "ask", "alice", PLACE))
    assert said(fmn("destination", "forget-rejection", "alice", PLACE)).endswith("may be asked again\n")
    assert "was not rejected" in refusal(fmn("destination", "forget-rejection", "alice", PLACE))
    assert said(fmn("destination", "ask", "alice", PLACE)).endswith("pending\n")


@pytest.mark.parametrize("name", ["ask", "accept", "remove", "resume", "forget-rejection"])
def test_mistakes_are_one_sentence(fmn: Run, name: str) -> None:
    assert refusal(fmn("destination", name, "alcie", PLACE)) == "no user is named 'alcie'; did you mean 'alice'?"
    assert "no backend is named 'pots'; did you mean 'post'?" in refusal(fmn("destination", name, "alice", "pots=a@b"))
    assert "names no backend; write BACKEND=ADDRESS" in refusal(fmn("destination", name, "alice", "a@b"))
    assert refusal(fmn("destination", name, "alice", "post=nowhere")) == "'nowhere' is no address"


# the ledger

ENTRY = LedgerEntry(
    "n1", "m1", "alice", "post", "a@b", "my builds", Outcome.DEFERRED, "451 later", 2, NOON,
    NOON + timedelta(minutes=5), "7", "koji/build/1", "bash was built",
)  # fmt: skip


def test_the_ledger_says_what_became_of_what(fmn: Run, store: Store) -> None:
    sent = replace(ENTRY, notification="n2", outcome=Outcome.SENT, reason="", until=None, at=NOON + timedelta(1))
    store.ledger.record([ENTRY, sent, replace(ENTRY, notification="n3", backend="wire", at=NOON - timedelta(1))])
    assert said(fmn("ledger", "alice", "--backend", "post")) == (
        "2026-05-05T12:00:00+00:00  post  a@b  sent  my builds  bash was built\n"
        "2026-05-04T12:00:00+00:00  post  a@b  deferred until 2026-05-04T12:05:00+00:00: 451 later  "
        "my builds  bash was built\n"
    )
    assert [row["notification"] for row in rows(fmn("ledger", "alice", "--json"))] == ["n2", "n1", "n3"]
    (row,) = rows(fmn("ledger", "alice", "--limit", "1", "--backend", "wire", "--json"))
    assert (row["notification"], row["outcome"], row["thread"], row["filter_id"]) == (
        "n3",
        "deferred",
        "koji/build/1",
        "7",
    )


def test_what_strangers_wrote_moves_no_cursor(fmn: Run, store: Store) -> None:
    store.ledger.record([replace(ENTRY, summary="a\x1b[2Jb", reason="c\x07")])
    text = said(fmn("ledger", "alice"))
    assert "a\\x1b[2Jb" in text
    assert "c\\x07" in text


def test_the_ledger_of_those_who_are_gone_stays(fmn: Run, store: Store) -> None:
    assert said(fmn("ledger", "alice")) == ""
    store.ledger.record([ENTRY])
    store.preferences.remove("alice")
    assert len(rows(fmn("ledger", "alice", "--json"))) == 1
    assert isinstance(fmn("ledger", "nobody").exception, UnknownNameError)


# mutes


def test_a_thread_is_muted_and_not(fmn: Run, store: Store) -> None:
    (row,) = rows(fmn("mute", "alice", "koji/build/1", "--for", "2h", "--json"))
    left = datetime.fromisoformat(row["until"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=58) < left <= timedelta(hours=2)
    assert rows(fmn("mute", "alice", "--json")) == [row]
    assert said(fmn("mute", "alice")) == f"koji/build/1  until {row['until']}\n"
    assert said(fmn("mute", "alice", "koji/build/1", "--off")) == ""
    assert "has not muted 'koji/build/1'" in refusal(fmn("mute", "alice", "koji/build/1", "--off"))
    assert store.mutes.of_user("alice", datetime.now(UTC)) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["alcie", "t"], "no user is named 'alcie'; did you mean 'alice'?"),
        (["alice", "--off"], "--off needs a thread"),
        (["alice", "t", "--for", "soon"], "'soon' is no span of time; write one such as 90s, 30m, 2h or 1d"),
    ],
)
def test_what_cannot_be_muted_is_one_sentence(fmn: Run, arguments: list[str], sentence: str) -> None:
    assert refusal(fmn("mute", *arguments)).startswith(sentence)


# words


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400)])
def test_spans_are_read(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "-1h", "1.5h", "2H", "999999999d", "٢h", "2h "])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no span of time"):
        span(text)


@pytest.mark.parametrize(
    ("seconds", "words"), [(20, "20 seconds"), (90, "90 seconds"), (3600.0, "1 hour"), (172_800, "2 days")]
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words


def test_a_user_is_shown_with_plan_and_without_shot(fmn: Run, store: Store) -> None:
    plan = DigestPlan(True, 3600.0, 50, ("08:00", "20:00"), "Europe/Prague", "22:00-07:00", 60)
    shot = Filter("", "f", oneshot=True, active=False, shot="m1")
    store.preferences.save(User("alice", (Preference("", "alice", "post", digest=plan, filters=(shot,)),)))
    assert (
        "    digest after 1 hour or as soon as there are 50 or at 08:00 and 20:00 (Europe/Prague); "
        "quiet 22:00-07:00 (Europe/Prague); at most 60 an hour\n"
    ) in said(fmn("user", "show", "alice"))
    (row,) = rows(fmn("user", "show", "alice", "--json"))
    assert row["preferences"][0]["digest"]["every"] == 3600.0
    assert "shot" not in row["preferences"][0]["filters"][0]


def test_who_collects_nothing_is_told_nothing(fmn: Run) -> None:
    assert said(fmn("user", "show", "alice")) == "alice\n  post: off\n"
    assert plan_in_words({"on": False, "quiet": "", "per_hour": None, "zone": "UTC"}) == ""
