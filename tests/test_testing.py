"""The checks that plugins rest on: each finds the fault it is there for."""

import dataclasses
import subprocess
import sys

import pytest

from fmn_core import (
    Hint,
    Role,
    Rule,
    Sample,
    Summary,
    rule,
    with_samples,
)
from fmn_core.testing import (
    PREFIX,
    check_rule,
    check_summary,
    lookups,
    message,
    notification,
)


def sample(title="a sample", topic="oven.baked", body=None, **fields):
    return Sample(title, {"id": title, "topic": PREFIX + topic, "headers": {}, "body": body or {}}, **fields)


HIT = sample("baked", matches={"oven_baked": [{}]})
MISS = sample("burnt", topic="oven.burnt", misses={"oven_baked": [{}]})


@rule("oven_baked", topics=["oven.baked"])
def baked(message):
    """Bread is baked

    An oven has finished a loaf.
    """
    return True


class OvenSummary(Summary):
    apps = ("oven",)

    def summary(self, message):
        return f"{message.body['loaf']} is baked"

    def usernames(self, message):
        return ["nela", "bo"]


def test_a_good_rule_passes():
    check_rule(with_samples([baked], [HIT, MISS])[0])
    check_rule(baked, [HIT, MISS])


@pytest.mark.parametrize(
    ("changes", "samples", "complaint"),
    [
        ({"title": ""}, [HIT, MISS], "has no title"),
        ({"description": ""}, [HIT, MISS], "no description"),
        ({}, [MISS], "has no sample that it matches"),
        ({}, [HIT], "has no sample that it misses"),
        ({"predicate": lambda *_: False}, [HIT, MISS], "on sample 'baked': False, expected True"),
        ({"hint": Hint(apps=("oven",))}, [HIT, MISS], "on sample 'burnt': True, expected False"),
        ({"hint": Hint(packages=("bread",))}, [HIT, MISS], "matches a message that its hint leaves out"),
        (
            {"predicate": lambda message, *_: "id" in message.id or message.id == "baked", "topic_decides": True},
            [HIT, MISS],
            "reads more than the topic",
        ),
    ],
)
def test_a_rule_at_fault_is_found(changes, samples, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_rule(dataclasses.replace(baked, **changes), samples)


def test_a_rule_sees_the_lookups_of_the_sample_and_facts_of_the_summaries():
    mine = Rule(
        "oven_mine",
        "My loaves",
        "Loaves I own.",
        lambda m, a, known: "nela" in m.facts.usernames & known.owners("bread"),
    )
    samples = [
        sample("own", matches={"oven_mine": [{}]}, lookups={"maintainers": {"bread": {"nela": "owner"}}}),
        sample("other", misses={"oven_mine": [{}]}),
    ]
    check_rule(mine, samples, [OvenSummary()])


def test_a_good_summary_passes():
    facts = {"summary": "rye is baked", "usernames": ["bo", "nela"], "url": None}
    check_summary(OvenSummary(), [sample(body={"loaf": "rye"}, facts=facts), sample(topic="other.thing")])


def test_a_summary_that_derives_something_else_is_found():
    with pytest.raises(AssertionError, match=r"summary of sample 'a sample': 'rye is baked', expected 'wheat'"):
        check_summary(OvenSummary(), [sample(body={"loaf": "rye"}, facts={"summary": "wheat"})])


def test_a_summary_that_raises_on_its_sample_is_found():
    with pytest.raises(KeyError, match="loaf"):
        check_summary(OvenSummary(), [sample()])


def test_messages_are_described_or_have_fixed_facts():
    assert message("oven.baked", {"loaf": "rye"}, summaries=[OvenSummary()]).facts.summary == "rye is baked"
    fixed = message("oven.baked", facts={"packages": ["bread"]})
    assert (fixed.topic, fixed.app, fixed.facts.packages) == (PREFIX + "oven.baked", "oven", {"bread"})


def test_lookups_take_roles_or_just_names():
    known = lookups({"bread": {"nela": "watcher"}, "cake": ["bo"]}, {"bakers": ["nela"]})
    assert known.packages("nela", [Role.WATCHER]) == {"bread"}
    assert known.packages("bo", [Role.OWNER]) == {"cake"}
    assert known.groups("nela") == {"bakers"}


def test_a_notification_has_the_derived_id():
    assert notification().id == notification().id != notification(user="bo").id


def test_the_pytest_plugin_offers_its_fixtures(fmn_message, fmn_lookups, fmn_settings, recording_backend, tmp_path):
    assert fmn_message("oven.baked").app == "oven"
    assert fmn_lookups({"cake": ["bo"]}).owners("cake") == {"bo"}
    assert fmn_settings.data_dir == tmp_path
    assert recording_backend.sent == []


def test_what_plugin_authors_import_stays_cheap():
    heavy = "sqlalchemy", "alembic", "click", "stevedore", "fedora_messaging", "twisted", "flask", "pika"
    code = "import sys, fmn_core, fmn_core.testing, fmn_core.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    ).stdout.split()
    assert not set(heavy) & set(loaded)
