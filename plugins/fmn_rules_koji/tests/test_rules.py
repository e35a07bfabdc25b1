"""The rules of Koji against their samples, and the edges that samples do not show."""

from pathlib import Path

import pytest

from fmn_core import ArgumentsError, Exclusion
from fmn_core.testing import check_rule, lookups, message
from fmn_rules_koji import NOISY, fmn_register_default_filters, fmn_register_rules

RULES = {rule.identifier: rule for rule in fmn_register_rules()}


def holds(identifier, topic, body, **arguments):
    rule = RULES[identifier]
    return rule.matches(message(topic, body), rule.parse(arguments), lookups())


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_decides_its_samples_as_stated(rule):
    check_rule(rule)


def test_readme_lists_every_rule():
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    assert [identifier for identifier in RULES if f"| `{identifier}" not in readme] == []


def test_all_nineteen_rules_are_offered():
    assert len(RULES) == 19


@pytest.mark.parametrize("value", [None, ""])
def test_missing_instance_is_the_primary_one(value):
    topic = "buildsys.repo.done"
    assert holds("koji_instance", topic, {}, instance="primary")
    assert holds("koji_instance", topic, {"instance": value}, instance="arm, primary")
    assert not holds("koji_instance", topic, {}, instance="arm")


def test_instance_is_compared_by_case():
    assert not holds("koji_instance", "buildsys.tag", {"instance": "ARM"}, instance="arm")


def test_instance_says_nothing_of_other_applications():
    assert not holds("koji_instance", "copr.build.end", {"instance": "primary"}, instance="primary")


@pytest.mark.parametrize("arguments", [{}, {"instance": ""}, {"instance": " , "}, {"instance": []}])
def test_instance_is_required(arguments):
    with pytest.raises(ArgumentsError, match="instance"):
        RULES["koji_instance"].parse(arguments)


@pytest.mark.parametrize(
    ("identifier", "new"), [("koji_build_completed", True), ("koji_build_started", False), ("koji_build_failed", "3")]
)
def test_state_of_a_build_is_a_number(identifier, new):
    assert not holds(identifier, "buildsys.build.state.change", {"new": new})


@pytest.mark.parametrize("new", [1, 2, True, "closed", ["CLOSED"], None])
def test_state_of_a_scratch_build_is_a_word(new):
    assert not holds("koji_scratch_build_completed", "buildsys.task.state.change", {"new": new})


STATE_RULES = [i for i in RULES if "build_" in i and not i.endswith("state_change")]


@pytest.mark.parametrize("identifier", STATE_RULES)
def test_state_that_is_not_stated_is_an_error_and_no_match(identifier):
    topic = "buildsys.task.state.change" if "scratch" in identifier else "buildsys.build.state.change"
    with pytest.raises(KeyError):
        holds(identifier, topic, {"state": 1})


@pytest.mark.parametrize(
    ("identifier", "topic", "expected"),
    [
        ("koji_tag", "org.fedoraproject.prod.buildsys.untag", False),
        ("koji_tag", "org.fedoraproject.stg.buildsys.tag", True),
        ("koji_tag", "org.fedoraproject.prod.buildsys.tag.v2", False),
        ("koji_untag", "org.fedoraproject.prod.buildsys.tag", False),
        ("koji_package_list_change", "org.fedoraproject.prod.buildsys.package.list.state.change", False),
        ("koji_build_state_change", "org.fedoraproject.prod.buildsys.task.state.change", False),
        ("koji_catchall", "org.fedoraproject.prod.buildsys.something.new", True),
        ("koji_catchall", "org.fedoraproject.buildsys", False),
        ("koji_catchall", "org.fedoraproject.prod.buildsystem.tag", False),
    ],
)
def test_topics_are_told_apart(identifier, topic, expected):
    assert holds(identifier, topic, {}) is expected


def test_default_filters_leave_out_secondary_instances_and_noise():
    secondary, *noisy = fmn_register_default_filters()
    assert secondary == Exclusion("koji_instance", {"instance": "ppc,s390,arm"})
    assert noisy == [Exclusion(identifier) for identifier in NOISY]
    assert {e.rule for e in (secondary, *noisy)} <= set(RULES)
    assert RULES["koji_instance"].parse(secondary.arguments).instance == ("ppc", "s390", "arm")
