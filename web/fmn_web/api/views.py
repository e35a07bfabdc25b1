"""Views: what the core has, as the API shows it."""

from __future__ import annotations

from fmn_core import model
from fmn_core.foresight import Forecast
from fmn_core.store import LedgerEntry, version_of
from fmn_core.store.documents import DigestPart
from fmn_core.store.rows import dump_plan
from fmn_web.mine import Card
from fmn_web.parts import Parts
from fmn_web.wording import filter_in_words, outcome_in_words

from . import models


def preference(parts: Parts, card: Card) -> models.Preference:
    """Show what somebody has for one backend."""
    one = card.preference
    return models.Preference(
        backend=one.backend,
        title=card.title,
        enabled=one.enabled,
        digest=DigestPart.model_validate(dump_plan(one.digest)),
        destinations=[
            models.Destination(**{name: getattr(each, name) for name in ("address", "confirmed", "suspended")},
                               state=place.state)
            for each, place in zip(one.destinations, card.places, strict=True)
        ],
        filters=[filter_(parts, one.backend, each) for each in one.filters],
    )  # fmt: skip


def filter_(parts: Parts, backend: str, one: model.Filter) -> models.Filter:
    """Show a filter."""
    rules = parts.registry.rules
    return models.Filter(
        id=one.id,
        backend=backend,
        name=one.name,
        active=one.active,
        oneshot=one.oneshot,
        rules=[
            models.Rule(
                rule=use.rule, arguments=dict(use.arguments), negated=use.negated, installed=use.rule in rules
            )
            for use in one.rules
        ],
        words=filter_in_words(one, rules),
        version=version_of(one),
    )  # fmt: skip


def example(message: model.Message) -> models.Example:
    """Show a message that is described."""
    facts = message.facts
    return models.Example(
        id=message.id, topic=message.topic, summary=facts.summary, url=facts.url or "", at=message.sent_at
    )


def forecast(one: Forecast) -> models.Forecast:
    """Show a forecast."""
    return models.Forecast(
        **{name: getattr(one, name) for name in ("per_day", "total", "of", "days", "exact")},
        warnings=list(one.warnings),
        **{name: [example(each) for each in getattr(one, name)] for name in ("latest", "gained", "lost")},
    )


def notification(entry: LedgerEntry) -> models.Notification:
    """Show what became of a notification."""
    return models.Notification(
        id=entry.notification,
        message=entry.message_id,
        filter=entry.filter_id,
        words=outcome_in_words(entry),
        outcome=str(entry.outcome),
        **{
            name: getattr(entry, name)
            for name in ("backend", "destination", "filter_name", "summary", "thread", "attempts", "at", "until")
        },
    )
