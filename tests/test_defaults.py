"""Default filters are built from what is installed; with our four rule plugins they are the projection of section 7."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

import pytest

from fmn_core import NICK, DefaultFilter, Exclusion, Rule, RuleUse, Settings
from fmn_core.defaults import default_filters
from fmn_core.model import Filter
from fmn_core.plugins import RULES, PluginRegistry, load_plugins
from fmn_core.rules import RuleBook, always

OURS = {"generic", "koji", "pkgdb", "anitya"}

Use = tuple[str, tuple[tuple[str, Any], ...], bool]


def book(*identifiers: str) -> RuleBook:
    return RuleBook(Rule(identifier, identifier, "", always) for identifier in identifiers)


PACKAGES = DefaultFilter("packages", "mine", (RuleUse("mine", {"nick": NICK, "how": "well"}),))
NAMED = DefaultFilter("named", "me", (RuleUse("named", {"nick": NICK}), RuleUse("own", {"nick": NICK}, negated=True)))


def test_the_name_of_the_account_stands_where_the_mark_stood() -> None:
    (made,) = default_filters("ava", [PACKAGES], book("mine"))
    assert made == Filter("", "mine", (RuleUse("mine", {"nick": "ava", "how": "well"}),))


def test_an_exclusion_is_added_negated_to_the_filters_it_names_or_to_all() -> None:
    everywhere, there = Exclusion("noise", {"of": NICK}), Exclusion("chatter", filters=("named",))
    first, second = default_filters(
        "ava", [there, PACKAGES, everywhere, NAMED], book("mine", "named", "own", "noise", "chatter")
    )
    assert first.rules[1:] == (RuleUse("noise", {"of": "ava"}, negated=True),)
    assert second.rules[2:] == (RuleUse("chatter", negated=True), RuleUse("noise", {"of": "ava"}, negated=True))


def test_filters_come_in_the_order_in_which_they_were_contributed() -> None:
    rules = book("mine", "named", "own")
    assert [f.name for f in default_filters("ava", [NAMED, PACKAGES], rules)] == ["me", "mine"]


def test_quirk_30_an_exclusion_that_is_not_installed_is_skipped_with_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fmn_core.defaults")
    (made,) = default_filters("ava", [PACKAGES, Exclusion("unheard_of")], book("mine"))
    assert [use.rule for use in made.rules] == ["mine"]
    assert "'unheard_of'" in caplog.text


def test_quirk_30_a_filter_about_a_rule_that_is_not_installed_falls_away_with_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fmn_core.defaults")
    assert [f.name for f in default_filters("ava", [NAMED, PACKAGES], book("mine", "named"))] == ["mine"]
    assert "'me' falls away: own not installed" in caplog.text


NOISE = (
    "koji_scratch_build_started", "koji_build_started", "koji_rpm_sign", "koji_tag", "koji_untag", "koji_repo_done",
    "koji_repo_init", "koji_package_list_change", "anitya_catchall",
)  # fmt: skip
PPC = ("koji_instance", (("instance", "ppc,s390,arm"),), True)
ABOUT = (("fasnick", "ava"),)
PROJECTION = {
    "Events on packages that I own": {
        ("user_package_filter", ABOUT, False), ("user_filter", ABOUT, True), PPC,
        *((rule, (), True) for rule in NOISE),
    },
    "Events referring to my username": {
        ("user_filter", ABOUT, False), PPC, ("pkgdb_catchall", (), True),
        *((rule, (), True) for rule in NOISE),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    missing = OURS - {entry.name for entry in entry_points(group=RULES)}
    if missing:
        pytest.skip(f"rule plugins are not installed: {', '.join(sorted(missing))}")
    return load_plugins(Settings.model_validate({"plugins": {"enabled": sorted(OURS)}}), (RULES,))


def test_with_all_four_rule_plugins_the_defaults_are_the_whole_projection(registry: PluginRegistry) -> None:
    filters = default_filters("ava", registry.defaults, registry.rules)
    made = {f.name: [_plain(use) for use in f.rules] for f in filters}
    assert {name: set(uses) for name, uses in made.items()} == PROJECTION
    assert {name: len(uses) for name, uses in made.items()} == {name: len(uses) for name, uses in PROJECTION.items()}


def test_the_defaults_are_valid_and_each_begins_with_what_it_is_about(registry: PluginRegistry) -> None:
    for made in default_filters("ava", registry.defaults, registry.rules):
        assert not made.rules[0].negated
        for use in made.rules:
            registry.rules.get(use.rule).parse(use.arguments)


def _plain(use: RuleUse) -> Use:
    return use.rule, _listed(use.arguments), use.negated


def _listed(arguments: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return arguments so that a list and its comma form are the same."""
    words = {name: value if isinstance(value, str) else ",".join(value) for name, value in arguments.items()}
    return tuple(sorted(words.items()))
