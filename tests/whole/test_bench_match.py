"""The made-up world is like the real one, and ``fmn bench match`` measures it."""

from __future__ import annotations

import itertools
import json
import random
import statistics
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmn_core.bench import ownership, traffic
from fmn_core.bench.measure import everybody, measure_match
from fmn_core.bench.people import People
from fmn_core.cli import group
from fmn_core.config import Settings
from fmn_core.errors import UsageError
from fmn_core.matching import IndexMatcher, LinearMatcher
from fmn_core.plugins import RULES, PluginRegistry, load_plugins
from fmn_core.snapshot import Snapshot


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    return load_plugins(Settings(), [RULES])


def test_ownership_follows_the_real_distribution() -> None:
    owners = ownership.made_up(random.Random(1))
    counts: dict[str, int] = {}
    for name in itertools.chain.from_iterable(owners.values()):
        counts[name] = counts.get(name, 0) + 1
    few = sorted(counts.values())
    top = sum(few[-len(few) // 10 :]) / sum(few)
    maintained = sum(1 for names in owners.values() if names)
    assert (len(owners), len(counts), statistics.median(few)) == (42_000, 1_269, 6)
    assert 0.70 < top < 0.76
    assert 0.58 < maintained / len(owners) < 0.62
    assert 1.4 < sum(few) / maintained < 1.6


def test_both_engines_agree_on_the_made_up_world(registry: PluginRegistry) -> None:
    rng = random.Random(2)
    owners = dict(itertools.islice(ownership.made_up(rng).items(), 300))
    names = everybody(owners, 150)
    lookups = Snapshot([ownership.lookup_data(owners, {"group3": names[:9]})])
    index, linear = IndexMatcher(registry.rules, lookups), LinearMatcher(registry.rules, lookups)
    for preference in People(names, list(owners), registry.defaults, registry.rules).preferences(rng):
        index.put(preference)
        linear.put(preference)
    found = 0
    messages = itertools.islice(traffic.made_up(traffic.World(owners, rng)), 200)
    for message in map(registry.summaries.describe, messages):
        expected = {(one.preference.user, one.filter.id) for one in linear.match(message)}
        assert {(one.preference.user, one.filter.id) for one in index.match(message)} == expected
        found += len(expected)
    assert found > 20
    assert not index.faults.unusable


def test_recipients_do_not_depend_on_the_number_of_users(registry: PluginRegistry) -> None:
    few, many = (measure_match(registry, "index", users, messages=3000) for users in (1500, 4500))
    assert many.filters > 2.9 * few.filters
    assert many.recipients_per_message == pytest.approx(few.recipients_per_message, rel=0.2)


def test_messages_are_distinct_and_the_same_again() -> None:
    owners = {"kernel": ["ava"], "bash": []}
    first, again = (
        list(itertools.islice(traffic.made_up(traffic.World(owners, random.Random(7))), 50)) for _ in range(2)
    )
    assert len({one.id for one in first}) == len({id(one.body) for one in first}) == 50
    assert first == again


def test_the_command_prints_exactly_its_fields(tmp_path: Path) -> None:
    alias, topics = tmp_path / "alias.json", tmp_path / "messages.jsonl"
    alias.write_text('{"rpms": {"kernel": ["ava", "hugo"], "bash": ["orphan"]}}')
    topics.write_text('{"id": "1", "topic": "org.fedoraproject.prod.buildsys.tag", "body": {"name": "kernel"}}\n')
    options = ["--users", "4", "--messages", "30", "--ownership", str(alias), "--topics", str(topics), "--json"]
    result = CliRunner().invoke(group, ["bench", "match", *options], catch_exceptions=False)
    row = json.loads(result.stdout)
    assert list(row) == [
        "engine", "users", "filters", "messages", "recipients_per_message", "messages_per_second", "build_seconds",
        "max_rss_mb",
    ]  # fmt: skip
    assert (row["engine"], row["users"], row["messages"]) == ("index", 4, 30)


@pytest.mark.parametrize("text", ["", "[]", '{"containers": {}}', '{"rpms": {"kernel": 1}}'])
def test_an_odd_alias_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alias.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="is no pagure_owner_alias"):
        ownership.read_alias(path)
