"""How long a worker takes to read everybody's preferences, and what they weigh: ``load_store.py URL --users N``.

The database must be a new one: it is filled with users who each have one preference with two filters like the
default ones, of 12 and 13 rules.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time

from fmn_core.model import RuleUse
from fmn_core.store import open_store, tables
from fmn_core.store.database import open_engine, writing
from fmn_core.store.rows import dump_rules

NOISE = [RuleUse(f"noisy_rule_number_{n}", {}, negated=True) for n in range(9)]
ARCHES = RuleUse("koji_instance", {"instance": "ppc,s390,arm"}, negated=True)
CHUNK = 10_000


def filter_rows(number: int) -> list[dict[str, object]]:
    """Return the two filters of a user."""
    mine, me = RuleUse("user_package_filter", {"fasnick": f"user{number}"}), {"fasnick": f"user{number}"}
    whole = {
        "Events on packages that I own": [mine, RuleUse("user_filter", me, negated=True), ARCHES, *NOISE],
        "Events referring to my username": [RuleUse("user_filter", me), *NOISE[:2], ARCHES, *NOISE],
    }
    return [
        {"preference_id": number, "position": position, "name": name, "active": True, "oneshot": False,
         "rules": dump_rules(rules)}
        for position, (name, rules) in enumerate(whole.items())
    ]  # fmt: skip


def fill(url: str, users: int) -> None:
    """Insert users from 1 on, in large statements."""
    engine = open_engine(url)
    for first in range(1, users + 1, CHUNK):
        some = range(first, min(first + CHUNK, users + 1))
        with writing(engine) as connection:
            connection.execute(tables.users.insert(), [{"id": n, "name": f"user{n}"} for n in some])
            row = {"backend": "email", "enabled": True, "presentation": {"verbose": True}, "revision": 1}
            connection.execute(tables.preferences.insert(), [{"id": n, "user_id": n, **row} for n in some])
            address = {"position": 0, "confirmed": True}
            connection.execute(
                tables.destinations.insert(),
                [{"preference_id": n, "address": f"user{n}@example.org", **address} for n in some],
            )
            connection.execute(tables.filters.insert(), [row for n in some for row in filter_rows(n)])
    engine.dispose()


def load(url: str) -> dict[str, float]:
    """Read everybody, and keep everybody."""
    store = open_store(url)
    started = time.perf_counter()
    everybody = list(store.preferences.enabled())
    seconds = time.perf_counter() - started
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    filters = sum(len(preference.filters) for preference in everybody)
    store.close()
    return {
        "users": len(everybody),
        "filters": filters,
        "load_seconds": round(seconds, 2),
        "max_rss_mb": round(rss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--users", type=int, default=150_000)
    arguments = parser.parse_args()
    open_store(arguments.url).close()
    filling = multiprocessing.get_context("spawn").Process(target=fill, args=(arguments.url, arguments.users))
    filling.start()  # in a process of its own, so that its memory is not counted
    filling.join()
    print(json.dumps(load(arguments.url)))


if __name__ == "__main__":
    main()
