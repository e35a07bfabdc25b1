"""The rules of pkgdb against their samples, and topics that look alike."""

from pathlib import Path

import pytest

from fmn_core import Exclusion
from fmn_core.testing import check_rule, lookups, message
from fmn_rules_pkgdb import fmn_register_default_filters, fmn_register_rules

RULES = {rule.identifier: rule for rule in fmn_register_rules()}


def matching(topic):
    about = message(topic, {})
    return {name for name, rule in RULES.items() if rule.matches(about, rule.parse({}), lookups())}


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_decides_its_samples_as_stated(rule):
    check_rule(rule)


def test_readme_lists_every_rule():
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    assert [identifier for identifier in RULES if f"| `{identifier}" not in readme] == []


def test_all_nineteen_rules_are_offered():
    assert len(RULES) == 19


@pytest.mark.parametrize("identifier", sorted(set(RULES) - {"pkgdb_catchall"}))
def test_each_topic_is_caught_by_its_own_rule_and_the_catchall_only(identifier):
    topic = "pkgdb." + identifier.removeprefix("pkgdb_").replace("_", ".")
    assert matching(topic) == {identifier, "pkgdb_catchall"}


@pytest.mark.parametrize(
    "event",
    [
        "acl.request.toggle",
        "acl.user.remove",
        "branch.clone",
        "critpath.update",
        "package.retire",
        "package.unretire.request",
        "package.koschei.update",
    ],
)
def test_topics_without_a_rule_are_caught_by_the_catchall_only(event):
    assert matching(f"pkgdb.{event}") == {"pkgdb_catchall"}


def test_other_applications_and_short_topics_are_no_pkgdb():
    assert matching("git.pkgdb2branch.start") == set()
    assert matching("org.fedoraproject.pkgdb") == set()


def test_only_the_default_filter_on_usernames_leaves_pkgdb_out():
    assert fmn_register_default_filters() == [Exclusion("pkgdb_catchall", filters=("username",))]
