"""Recorded messages of Koji, pkgdb and Anitya: our facts are what independent oracles state.

Exceptions stand in ``docs/corpus-exceptions.md``, from where they are read.
"""

import json
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from fmn_core import Settings
from fmn_core.codec import decode_message
from fmn_core.plugins import load_plugins

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("FMN_CORPUS") or ROOT.parent / "shared" / "corpus")
APPS = ("buildsys", "pkgdb", "anitya")
FACTS = ("packages", "usernames", "url")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus in {CORPUS}; set FMN_CORPUS")


@dataclass(frozen=True)
class Difference:
    """One fact of one message on which an oracle and we do not agree."""

    title: str
    oracle: str
    fact: str
    stated: object
    derived: object


@dataclass(frozen=True)
class Allowance:
    """One row of the table in the docs."""

    title: str
    oracle: str
    fact: str
    stated: object

    def covers(self, one):
        return (
            fnmatchcase(one.title, self.title)
            and one.oracle.startswith(self.oracle)
            and (one.fact, one.stated) == (self.fact, self.stated)
        )


def allowances():
    lines = (ROOT / "docs" / "corpus-exceptions.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return [Allowance(row[0].strip("`"), row[1], row[2], json.loads(row[3].strip("`"))) for row in rows]


@pytest.fixture(scope="module")
def registry():
    return load_plugins(Settings())


@pytest.fixture(scope="module")
def messages(registry):
    lines = (CORPUS / "messages.jsonl").read_bytes().split(b"\n")
    return [registry.summaries.describe(decode_message(line)) for line in lines if line]


@pytest.fixture(scope="module")
def differences(messages):
    described = {message.id: message.facts for message in messages if message.app in APPS}
    lines = (CORPUS / "expected.jsonl").read_text("ascii").split("\n")
    stated = [row for row in map(json.loads, filter(None, lines)) if row["id"] in described]
    assert len(stated) > 100
    return [one for row in stated for one in differing(described[row["id"]], row)]


def differing(facts, row):
    for fact in FACTS:
        if fact not in row:
            continue
        derived = getattr(facts, fact)
        if (derived if fact == "url" else sorted(derived)) != row[fact]:
            yield Difference(facts.title, row["oracle"], fact, row[fact], derived)


def test_facts_are_what_the_oracles_state(differences):
    table = allowances()
    assert [one for one in differences if not any(row.covers(one) for row in table)] == []


@pytest.mark.parametrize("row", allowances(), ids=lambda row: f"{row.title} {row.fact}")
def test_every_exception_still_occurs(differences, row):
    assert any(row.covers(one) for one in differences)


def test_every_kind_of_message_is_put_into_words(messages):
    wordless = {m.facts.title for m in messages if m.app in APPS and m.facts.summary == m.facts.title}
    assert wordless == set()


def test_start_and_end_of_a_build_share_a_thread(messages):
    builds = [m for m in messages if m.facts.title == "buildsys.build.state.change" and m.body["build_id"] == 1874074]
    assert {m.body["new"] for m in builds} == {0, 1}
    assert len({m.facts.thread for m in builds}) == 1


def test_both_messages_of_a_release_share_a_thread(messages):
    both = [m for m in messages if m.facts.title.startswith("anitya.project.version.update")]
    farver = [m for m in both if m.body["project"]["name"] == "farver"]
    assert {m.facts.title.endswith(".v2") for m in farver} == {True, False}
    assert len({m.facts.thread for m in farver}) == 1
