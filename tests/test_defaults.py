"""Default filters are built from what plugins contribute, and from the rules that are installed."""

from __future__ import annotations

import logging

import pytest

from fmn_core import NICK, DefaultFilter, Exclusion, Rule, RuleUse
from fmn_core.defaults import default_filters
from fmn_core.model import Filter
from fmn_core.rules import RuleBook, always


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
