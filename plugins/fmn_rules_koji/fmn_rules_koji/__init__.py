"""FMN rules and summaries for Koji, the build system: messages of the application ``buildsys``."""

from __future__ import annotations

from fmn_core import Exclusion, Rule, Summary, hookimpl, load_samples, with_samples

from .facts import KojiSummary
from .rules import RULES

#: what nobody who merely owns a package wants to hear of
NOISY = (
    "koji_scratch_build_started",
    "koji_build_started",
    "koji_rpm_sign",
    "koji_tag",
    "koji_untag",
    "koji_repo_done",
    "koji_repo_init",
    "koji_package_list_change",
)


@hookimpl
def fmn_register_rules() -> list[Rule]:
    """Offer the rules of :mod:`fmn_rules_koji.rules`."""
    return with_samples(RULES, load_samples(__name__))


@hookimpl
def fmn_register_summaries() -> list[Summary]:
    """Describe messages of Koji."""
    return [KojiSummary()]


@hookimpl
def fmn_register_default_filters() -> list[Exclusion]:
    """Keep secondary architectures and the noisy rules out of every default filter."""
    secondary = Exclusion("koji_instance", {"instance": "ppc,s390,arm"})
    return [secondary, *(Exclusion(rule) for rule in NOISY)]
