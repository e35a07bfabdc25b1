"""How long a worker takes until it can match, and what it weighs then: ``start_worker.py URL --users N``.

The database must be a new one: it is filled with the people of ``fmn bench match``. Their rules are those of the
plugins that are installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmn_core.bench import ownership
from fmn_core.bench.measure import everybody
from fmn_core.bench.people import People
from fmn_core.config import Settings
from fmn_core.following import Follower
from fmn_core.matching import IndexMatcher
from fmn_core.model import Preference
from fmn_core.plugins import RULES, load_plugins
from fmn_core.snapshot import Snapshot
from fmn_core.store import open_store, tables
from fmn_core.store.database import open_engine, writing
from fmn_core.store.rows import dump_rules

CHUNK = 5_000


def owners(alias: Path | None) -> ownership.Owners:
    """Return who owns what."""
    return ownership.read_alias(alias) if alias else ownership.made_up(random.Random(1))


def fill(url: str, users: int, alias: Path | None) -> None:
    """Insert users, in large statements."""
    known, registry = owners(alias), load_plugins(Settings(), (RULES,))
    people = People(everybody(known, users), list(known), registry.defaults, registry.rules)
    numbered = enumerate(people.preferences(random.Random(1)), 1)
    engine = open_engine(url)
    while some := list(itertools.islice(numbered, CHUNK)):
        with writing(engine) as connection:
            for table, rows in (
                (tables.users, user_rows),
                (tables.preferences, preference_rows),
                (tables.destinations, destination_rows),
                (tables.filters, filter_rows),
            ):
                connection.execute(table.insert(), [row for number, one in some for row in rows(number, one)])
    engine.dispose()


def user_rows(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    yield {"id": number, "name": one.user}


def preference_rows(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    row = {"backend": one.backend, "enabled": True, "presentation": {"verbose": True}, "revision": 1}
    yield {"id": number, "user_id": number, **row}


def destination_rows(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    for rank, place in enumerate(one.destinations):
        yield {"preference_id": number, "position": rank, "address": place.address, "confirmed": True}


def filter_rows(number: int, one: Preference) -> Iterator[dict[str, Any]]:
    for rank, used in enumerate(one.filters):
        row = {"name": used.name, "active": True, "oneshot": False, "rules": dump_rules(used.rules)}
        yield {"preference_id": number, "position": rank, **row}


def start(url: str, alias: Path | None) -> dict[str, Any]:
    """Do what a worker does before its first message."""
    began = time.perf_counter()
    registry, store = load_plugins(Settings(), (RULES,)), open_store(url)
    matcher = IndexMatcher(registry.rules, Snapshot([ownership.lookup_data(owners(alias), {})]))
    Follower(store.preferences, matcher).refresh()
    seconds = time.perf_counter() - began
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store.close()
    return {**matcher.size(), "start_seconds": round(seconds, 2), "max_rss_mb": round(rss / 1024)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--alias", type=Path, help="a published alias file to take ownership from")
    arguments = parser.parse_args()
    open_store(arguments.url).close()
    filling = multiprocessing.get_context("spawn").Process(
        target=fill, args=(arguments.url, arguments.users, arguments.alias)
    )
    filling.start()  # in a process of its own, so that its memory is not counted
    filling.join()
    print(json.dumps(start(arguments.url, arguments.alias)))


if __name__ == "__main__":
    main()
