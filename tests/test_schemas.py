"""Facts from schema packages: from real ones, and from classes that are broken in every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from fmn_core.codec import message_from
from fmn_core.model import Facts, Message
from fmn_core.schemas import GROUP, SCHEMA_HEADER, SchemaSummary, installed_schemas
from fmn_core.summaries import SummaryBook, freeze

CORPUS = Path(os.environ.get("FMN_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
TOPIC = "org.fedoraproject.prod.marbles.bag.open"


def about(schema: str, body: dict[str, Any] | None = None) -> Message:
    return message_from({"id": "1", "topic": TOPIC, "headers": {SCHEMA_HEADER: schema}, "body": body or {}})


def facts(message: Message, summary: SchemaSummary) -> Facts:
    return freeze(SummaryBook(otherwise=summary).describe(message).facts)


class Marbles:
    """A schema class as complete as they come."""

    def __init__(self, body: Any, topic: str, properties: Any, severity: int) -> None:
        self.body, self.topic = body, topic
        self.summary = f"{body['who']} opened a bag"
        self.url = "https://marbles.example.org/1"
        self.agent_name = body["who"]
        self.usernames = [body["who"], "mei"]
        self.packages, self.containers, self.modules, self.flatpaks = ["bag"], ["box"], ["set"], ["game"]

    def __str__(self) -> str:
        return "Marbles\nrolled out."


class Raising:
    """Every property raises, as schema classes do on bodies they do not expect."""

    def __init__(self, **given: Any) -> None:
        self.body = given["body"]

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


class HalfRaising(Marbles):
    """One property raises; the others must not suffer."""

    @property
    def modules(self) -> list[str]:
        raise KeyError("modules")

    @modules.setter
    def modules(self, value: list[str]) -> None:
        pass


class Silent(Marbles):
    """Has no more to say than the topic."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.summary = self.topic


class Refusing:
    """Cannot even be made."""

    def __init__(self, **given: Any) -> None:
        raise TypeError("no")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module with the classes above, for entry points to point to."""
    made = types.ModuleType("schemas_of_a_test")
    for schema in (Marbles, Raising, HalfRaising, Silent, Refusing):
        setattr(made, schema.__name__, schema)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


BROKEN = {
    "exits": "raise SystemExit(1)",
    "asserts": "assert False",
    "misses": "import no_such_module",
    "holds nothing": "",
}


@pytest.fixture
def summary(module: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SchemaSummary:
    entries = [EntryPoint(name, f"{module.__name__}:{name}", GROUP) for name in vars(module) if name[0] != "_"]
    for number, (name, code) in enumerate(BROKEN.items()):
        (tmp_path / f"broken_schema_{number}.py").write_text(code)
        entries.append(EntryPoint(name, f"broken_schema_{number}:Message", GROUP))
    monkeypatch.syspath_prepend(tmp_path)
    return SchemaSummary(lambda: entries)


def test_every_fact_is_read_and_other_things_than_rpms_are_named_with_their_namespace(summary: SchemaSummary) -> None:
    derived = facts(about("Marbles", {"who": "ava"}), summary)
    assert derived.summary == "ava opened a bag"
    assert derived.details == "Marbles\nrolled out."
    assert derived.url == "https://marbles.example.org/1"
    assert derived.agent == "ava"
    assert derived.usernames == {"ava", "mei"}
    assert derived.packages == {"bag", "containers/box", "modules/set", "flatpaks/game"}


@pytest.mark.parametrize("schema", ["Raising", "Refusing", "unheard_of", "base.message"])
def test_without_a_class_that_answers_the_fallback_serves(schema: str, summary: SchemaSummary) -> None:
    message = about(schema)
    assert facts(message, summary) == freeze(SummaryBook().describe(message).facts)
    assert facts(message, summary).summary == "marbles.bag.open"


def test_a_summary_that_is_just_the_topic_gives_way_to_the_fallback(summary: SchemaSummary) -> None:
    assert facts(about("Silent", {"who": "ava"}), summary).summary == "marbles.bag.open"


def test_one_property_that_raises_costs_only_itself(summary: SchemaSummary) -> None:
    assert facts(about("HalfRaising", {"who": "ava"}), summary).packages == {"bag", "containers/box", "flatpaks/game"}


@pytest.mark.parametrize("schema", BROKEN)
def test_a_schema_that_cannot_be_imported_disturbs_nobody_and_is_logged_once(
    schema: str, summary: SchemaSummary, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert facts(about(schema), summary).summary == "marbles.bag.open"
        assert facts(about("Marbles", {"who": "ava"}), summary).agent == "ava"
    assert caplog.text.count(f"schema {schema!r}") == 1


@pytest.mark.parametrize("headers", [{}, {SCHEMA_HEADER: None}, {SCHEMA_HEADER: 7}, {SCHEMA_HEADER: ["list"]}])
def test_a_message_that_names_no_schema_does_not_even_make_us_look_for_any(headers: dict[str, Any]) -> None:
    def never() -> list[EntryPoint]:
        raise AssertionError("asked for entry points")

    message = message_from({"topic": TOPIC, "headers": headers, "body": {}})
    assert facts(message, SchemaSummary(never)).summary == "marbles.bag.open"


def test_importing_it_imports_no_fedora_messaging_and_reading_a_schema_no_twisted() -> None:
    program = """
import sys
from fmn_core.codec import message_from
from fmn_core.schemas import SchemaSummary, installed_schemas
from fmn_core.summaries import SummaryBook, freeze
assert not any(name.startswith("fedora_messaging") for name in sys.modules)
for entry in installed_schemas():
    message = message_from({"topic": "a", "headers": {"fedora_messaging_schema": entry.name}, "body": {}})
    freeze(SummaryBook(otherwise=SchemaSummary()).describe(message).facts)
assert "fedora_messaging.api" not in sys.modules
assert "twisted" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


#: what the corpus's oracles call facts of ours
ORACLE_FACTS = ("packages", "usernames", "url", "agent")


def recorded() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each recorded message of which a schema package that is installed here says the facts, with those."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS}: set FMN_CORPUS")
    installed = {entry.name for entry in installed_schemas()}
    expected = {row["id"]: row for row in _rows("expected.jsonl") if row["oracle"].startswith("schema package")}
    for raw in _rows("messages.jsonl"):
        if raw["headers"].get(SCHEMA_HEADER) in installed and raw["id"] in expected:
            yield raw, expected[raw["id"]]


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / name).read_bytes().split(b"\n") if line]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # old messages have classes that warn their authors
def test_facts_of_recorded_messages_are_those_of_their_schema_classes() -> None:
    pairs = list(recorded())
    if not pairs:
        pytest.skip("no schema package is installed of which the corpus has messages: anitya-schema, for instance")
    summary, seen = SchemaSummary(), 0
    for raw, expected in pairs:
        derived = facts(message_from(raw), summary)
        for fact in ORACLE_FACTS:
            if expected.get(fact) is not None:
                value = getattr(derived, fact)
                ours = sorted(value) if isinstance(value, frozenset) else value
                theirs = sorted(expected[fact]) if isinstance(expected[fact], list) else expected[fact] or None
                assert ours == theirs, f"{fact} of {raw['id']} ({raw['topic']})"
                seen += 1
        if expected.get("summary") not in (None, "", raw["topic"]):
            assert derived.summary == " ".join(expected["summary"].split())
    assert seen
