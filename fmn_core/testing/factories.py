"""Factories: described messages, lookups and notifications of which only some things matter. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fmn_core.codec import message_from
from fmn_core.lookups import LookupData
from fmn_core.model import Facts, Message, Notification, Role, notification_id, topic_words
from fmn_core.snapshot import Snapshot
from fmn_core.summaries import Summary, SummaryBook

PREFIX = "org.fedoraproject.prod."
#: when the messages and notifications of the factories were sent
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def message(
    topic: str,
    body: Mapping[str, Any] | None = None,
    *,
    summaries: Iterable[Summary] = (),
    facts: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """Make a described message.

    :param topic: whole, or without prefix and environment: ``buildsys.tag``
    :param summaries: describe it, where they serve its application
    :param facts: fixed facts by name (``packages=["kernel"]``), instead of described ones
    :param fields: other fields of :class:`fmn_core.Message`
    """
    whole = topic if topic.startswith(("org.", "io.")) else PREFIX + topic
    made = message_from({"topic": whole, "body": dict(body or {}), "headers": {}})
    made = dataclasses.replace(made, **{"sent_at": LONG_AGO, **fields})
    if facts is None:
        return SummaryBook(summaries).describe(made)
    return dataclasses.replace(made, facts=fixed_facts(whole, facts))


def fixed_facts(topic: str, facts: Mapping[str, Any]) -> Facts:
    """Make facts of which only some matter; names may be any collection."""
    app, title = topic_words(topic)
    names = {key: frozenset(facts.get(key, ())) for key in ("usernames", "packages")}
    return Facts(**{"title": title, "summary": title, "app": app, "thread": topic, **facts, **names})


def lookups(
    maintainers: Mapping[str, Mapping[str, str] | Iterable[str]] | None = None,
    groups: Mapping[str, Iterable[str]] | None = None,
) -> Snapshot:
    """Make lookups that know just this.

    :param maintainers: package -> name -> role, or package -> names, who are then its owners
    :param groups: group -> accounts
    """
    data = LookupData(
        maintainers={package: _roles(names) for package, names in (maintainers or {}).items()},
        groups={group: tuple(accounts) for group, accounts in (groups or {}).items()},
    )
    return Snapshot([data])


def _roles(names: Mapping[str, str] | Iterable[str]) -> dict[str, Role]:
    if isinstance(names, Mapping):
        return {name: Role(role) for name, role in names.items()}
    return dict.fromkeys(names, Role.OWNER)


def notification(facts: Mapping[str, Any] | None = None, **fields: Any) -> Notification:
    """Make a notification, as a backend gets it.

    :param facts: facts by name that matter
    :param fields: fields of :class:`fmn_core.Notification` that matter; the id follows from them
    """
    made = {
        "message_id": "2026-1f1b5b0c-6bd6-4a0e-8f3a-0d3f9d7c8a11",
        "topic": PREFIX + "buildsys.build.state.change",
        "sent_at": LONG_AGO,
        "user": "marta",
        "backend": "recording",
        "destination": "somewhere",
        "preference": "1",
        "filter_id": "1",
        "filter_name": "things I follow",
        **fields,
    }
    made.setdefault("facts", fixed_facts(made["topic"], {"summary": "a thing happened", **(facts or {})}))
    made.setdefault("id", notification_id(*(made[key] for key in ("message_id", "user", "backend", "destination"))))
    return Notification(**made)
