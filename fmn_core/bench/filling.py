"""Fills a store with people, in large statements: 150,000 of them in seconds. Floor F4."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from fmn_core.model import Preference
from fmn_core.store import open_store, tables
from fmn_core.store.database import open_engine, writing
from fmn_core.store.rows import dump_rules

#: people inserted at once
CHUNK = 5_000


def fill(url: str, people: Iterable[Preference]) -> None:
    """Insert people, one preference each, into a database that is new and gets its tables here.

    :raises StoreError: if the database cannot be used
    """
    open_store(url).close()
    numbered = enumerate(people, 1)
    engine = open_engine(url)
    while some := list(itertools.islice(numbered, CHUNK)):
        with writing(engine) as connection:
            for table, rows in (
                (tables.users, _user),
                (tables.preferences, _preference),
                (tables.destinations, _destinations),
                (tables.filters, _filters),
            ):
                connection.execute(table.insert(), [row for number, one in some for row in rows(number, one)])
    engine.dispose()


def _user(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    yield {"id": number, "name": one.user}


def _preference(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    row = {"backend": one.backend, "enabled": True, "presentation": {"verbose": True}, "revision": 1}
    yield {"id": number, "user_id": number, **row}


def _destinations(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    for rank, place in enumerate(one.destinations):
        yield {"preference_id": number, "position": rank, "address": place.address, "confirmed": True}


def _filters(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    for rank, used in enumerate(one.filters):
        row = {"name": used.name, "active": True, "oneshot": False, "rules": dump_rules(used.rules)}
        yield {"preference_id": number, "position": rank, **row}
