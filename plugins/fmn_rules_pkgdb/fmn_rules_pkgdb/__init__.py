"""FMN rules and summaries for pkgdb, the package database that Fedora had until 2017: for its history and replays."""

from __future__ import annotations

from fmn_core import Exclusion, Rule, Summary, hookimpl, load_samples, with_samples

from .facts import PkgdbSummary
from .rules import RULES


@hookimpl
def fmn_register_rules() -> list[Rule]:
    """Offer the rules of :mod:`fmn_rules_pkgdb.rules`."""
    return with_samples(RULES, load_samples(__name__))


@hookimpl
def fmn_register_summaries() -> list[Summary]:
    """Describe messages of pkgdb."""
    return [PkgdbSummary()]


@hookimpl
def fmn_register_default_filters() -> list[Exclusion]:
    """Keep pkgdb out of the default filter on usernames: its messages name whoever clicked."""
    return [Exclusion("pkgdb_catchall", filters=("username",))]
