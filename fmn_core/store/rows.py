"""Rows become preferences, many at a time. Floor F2.

A worker starts by loading every user's preferences, so this reads three sorted streams side by side instead of one
query for each preference, and shares equal objects instead of keeping a copy for each user.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from fmn_core import codec
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse

from .tables import destinations, filters, preferences, users


def dump_rules(rules: Iterable[RuleUse]) -> list[list[Any]]:
    """Return rules as the column ``filters.rules`` keeps them: ``[rule, arguments, negated]`` each."""
    return [[use.rule, dict(use.arguments), use.negated] for use in rules]


def dump_plan(plan: DigestPlan) -> dict[str, Any]:
    """Return a plan as the column ``preferences.digest`` keeps it: what differs from the default."""
    default = DigestPlan()
    different = {name: value for name, value in asdict(plan).items() if value != getattr(default, name)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in different.items()}


class _Shared:
    """One object for all equal values: users differ in few of their rules."""

    def __init__(self) -> None:
        self._mappings: dict[bytes, Mapping[str, Any]] = {}
        self._empty: Mapping[str, Any] = {}
        self._plans: dict[bytes, DigestPlan] = {b"{}": DigestPlan()}
        self._uses: dict[tuple[object, ...], RuleUse] = {}

    def mapping(self, value: dict[str, Any]) -> Mapping[str, Any]:
        """Return the one mapping of this content. Compared as JSON, because in Python ``1 == True``."""
        return self._mappings.setdefault(codec.dumps(value), value)

    def plan(self, stored: dict[str, Any]) -> DigestPlan:
        """Read what :func:`dump_plan` wrote."""
        key = codec.dumps(stored)
        if key not in self._plans:
            self._plans[key] = DigestPlan(**{**stored, "at": tuple(stored.get("at", ()))})
        return self._plans[key]

    def rules(self, stored: list[list[Any]]) -> tuple[RuleUse, ...]:
        """Read what :func:`dump_rules` wrote."""
        found = []
        for rule, arguments, negated in stored:
            shared = self.mapping(arguments) if arguments else self._empty
            key = rule, negated, id(shared)
            use = self._uses.get(key)
            if use is None:
                use = self._uses[key] = RuleUse(sys.intern(rule), shared, negated)
            found.append(use)
        return tuple(found)


class _Children:
    """Rows that belong to preferences, in the order of the preferences."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, preference: int) -> list[Any]:
        """Return the rows of the next preference; none where it has none."""
        found = []
        while self._next is not None and self._next[0] == preference:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


def load(
    connection: Connection, which: ColumnElement[bool], kept: Sequence[ColumnElement[bool]] = (), batch: int = 0
) -> Iterator[Preference]:
    """Read preferences in the order of their ids.

    :param connection: in a transaction of its own, see :func:`fmn_core.store.database.reading`
    :param which: condition on the table of preferences
    :param kept: conditions that filters must meet to be read along
    :param batch: rows to hold at once, for many preferences; 0 for all, which is quicker for few
    """
    options = {"yield_per": batch} if batch else {}

    def rows(query: Select[Any]) -> Iterable[Any]:
        return connection.execute(query, execution_options=options)

    shared = _Shared()
    addresses, criteria = _Children(rows(_destinations(which))), _Children(rows(_filters(which, kept)))
    for number, user, backend, enabled, presentation, digest, revision, barred in rows(_preferences(which)):
        yield Preference(
            id=str(number),
            user=user,
            backend=sys.intern(backend),
            enabled=enabled,
            destinations=tuple([Destination(*row[1:]) for row in addresses.of(number)]),
            filters=tuple([_filter(row, shared) for row in criteria.of(number)]),
            presentation=shared.mapping(presentation),
            digest=shared.plan(digest),
            revision=revision,
            barred=barred,
        )


def _filter(row: Any, shared: _Shared) -> Filter:
    _, number, name, rules, active, oneshot, shot = row
    return Filter(str(number), sys.intern(name), shared.rules(rules), active, oneshot, shot)


def _preferences(which: ColumnElement[bool]) -> Select[Any]:
    p = preferences.c
    kept = p.id, users.c.name, p.backend, p.enabled, p.presentation, p.digest, p.revision, users.c.disabled
    return select(*kept).join_from(preferences, users).where(which).order_by(p.id)


def _destinations(which: ColumnElement[bool]) -> Select[Any]:
    d = destinations.c
    columns = select(d.preference_id, d.address, d.confirmed, d.suspended)
    return columns.join_from(destinations, preferences).where(which).order_by(d.preference_id, d.position)


def _filters(which: ColumnElement[bool], kept: Sequence[ColumnElement[bool]]) -> Select[Any]:
    f = filters.c
    columns = select(f.preference_id, f.id, f.name, f.rules, f.active, f.oneshot, f.shot)
    return columns.join_from(filters, preferences).where(which, *kept).order_by(f.preference_id, f.position)
