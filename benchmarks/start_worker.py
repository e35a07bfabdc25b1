"""How long a worker takes until it can match, and what it weighs then: ``start_worker.py URL --users N``.

The database must be a new one: it is filled with the people of ``fmn bench match``. Their rules are those of the
plugins that are installed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import time
from pathlib import Path
from typing import Any

from fmn_core.bench import ownership
from fmn_core.bench.filling import fill
from fmn_core.bench.measure import everybody
from fmn_core.bench.people import People
from fmn_core.config import Settings
from fmn_core.following import Follower
from fmn_core.matching import IndexMatcher
from fmn_core.plugins import RULES, load_plugins
from fmn_core.snapshot import Snapshot
from fmn_core.store import open_store


def owners(alias: Path | None) -> ownership.Owners:
    """Return who owns what."""
    return ownership.read_alias(alias) if alias else ownership.made_up(random.Random(1))


def fill_store(url: str, users: int, alias: Path | None) -> None:
    known, registry = owners(alias), load_plugins(Settings(), (RULES,))
    people = People(everybody(known, users), list(known), registry.defaults, registry.rules)
    fill(url, people.preferences(random.Random(1)))


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
    filling = multiprocessing.get_context("spawn").Process(
        target=fill_store, args=(arguments.url, arguments.users, arguments.alias)
    )
    filling.start()  # in a process of its own, so that its memory is not counted
    filling.join()
    print(json.dumps(start(arguments.url, arguments.alias)))


if __name__ == "__main__":
    main()
