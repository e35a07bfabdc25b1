"""With our four rule plugins, the default filters are those that FMN always had, without what is not installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fmn_core import RuleUse, Settings
from fmn_core.defaults import default_filters
from fmn_core.plugins import RULES, PluginRegistry, load_plugins

OURS = {"generic", "koji", "pkgdb", "anitya"}

Use = tuple[str, tuple[tuple[str, Any], ...], bool]

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
