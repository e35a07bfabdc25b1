"""FMN rules and summaries for Anitya, which watches upstream projects for new releases (release-monitoring.org)."""

from __future__ import annotations

from fmn_core import Exclusion, Rule, Settings, Summary, hookimpl, load_samples, with_samples

from .facts import AnityaSummary
from .rules import anitya_rules, as_configured
from .settings import AnityaSettings


@hookimpl
def fmn_register_rules(settings: Settings) -> list[Rule]:
    """Offer the rules of :mod:`fmn_rules_anitya.rules`, with the topic of new releases that is configured."""
    topic = settings.section("anitya", AnityaSettings).version_topic
    return with_samples(anitya_rules(topic), [as_configured(sample, topic) for sample in load_samples(__name__)])


@hookimpl
def fmn_register_summaries(settings: Settings) -> list[Summary]:
    """Describe messages of Anitya."""
    return [AnityaSummary(settings.section("anitya", AnityaSettings).accounts)]


@hookimpl
def fmn_register_default_filters() -> list[Exclusion]:
    """Keep release monitoring out of every default filter: who wants it asks for it."""
    return [Exclusion("anitya_catchall")]
