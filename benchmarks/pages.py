"""How long the pages take with many users and a full archive: ``pages.py [URL] --users N --messages M``.

Without a URL, a new SQLite file. Every page is asked for as the maintainer of the most packages, through the whole
application, and the median counts; forecasts of three kinds of filters look back over seven days.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from fmn_core.bench import ownership, traffic
from fmn_core.bench.filling import fill
from fmn_core.bench.measure import everybody
from fmn_core.bench.people import BACKEND, People
from fmn_core.codec import encode_message
from fmn_core.config import Settings
from fmn_core.foresight import forecast
from fmn_core.history import Search, terms_of
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginRegistry, load_plugins
from fmn_core.snapshot import Snapshot
from fmn_core.store import Archived, LedgerEntry, Store, open_store
from fmn_web import create_app

DAYS = 7
#: times that each page is asked for
ROUNDS = 15
#: notifications in the ledger, of which each so many-th is the visitor's
LEDGER, EACH = 100_000, 50

FILTERS = {
    "own packages": (RuleUse("user_package_filter", {"fasnick": "{me}"}), RuleUse("koji_build_completed")),
    "an expression on everything": (RuleUse("regex_filter", {"pattern": "fc4[34]"}),),
    "all but one application": (RuleUse("koji_catchall", {}, negated=True),),
}


def archived(owners: ownership.Owners, registry: PluginRegistry, number: int, now: datetime) -> Iterator[Archived]:
    """Make messages of the last seven days, in the mix of the real bus."""
    rng = random.Random(1)
    messages = itertools.islice(traffic.made_up(traffic.World(owners, rng)), number)
    for place, message in enumerate(messages):
        sent_at = now - timedelta(days=DAYS) * (1 - place / number)
        described = registry.summaries.describe(replace(message, sent_at=sent_at))
        payload = zlib.compress(encode_message(described), 1)
        yield Archived(message.id, message.topic, sent_at, payload, terms_of(described.facts))


def fill_archive(store: Store, rows: Iterator[Archived]) -> None:
    while some := list(itertools.islice(rows, 1000)):
        store.archive.put(some)


def fill_ledger(store: Store, me: str, names: list[str], now: datetime) -> None:
    filters = [one.id for one in store.preferences.user(me).preferences[0].filters]
    entries = (
        LedgerEntry(f"n{place}", f"m{place}", me if place % EACH == 0 else names[place % len(names)], BACKEND,
                    "a@example.org", "a filter", Outcome.SENT, "", 1, now - timedelta(seconds=place * 6),
                    filter_id=filters[place % len(filters)], thread=f"t/{place % 500}", summary=f"build {place} done")
        for place in range(LEDGER)
    )  # fmt: skip
    while some := list(itertools.islice(entries, 2000)):
        store.ledger.record(some)


def median(ask: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return milliseconds."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def paths(store: Store, me: str) -> list[str]:
    """Return where each kind of page is, of members, of admins and of the API."""
    first = store.preferences.user(me).preferences[0].filters[0].id
    entry = store.ledger.of_user(me, 1)[0].notification
    since, until = store.archive.span() or (datetime.now(UTC), datetime.now(UTC))
    message = next(one for some in store.archive.find(Search(since, until, None, ())) for one in some).id
    return [
        "plugins", "notifications", f"notifications/{BACKEND}/filters/new", f"notifications/filters/{first}",
        "complete/package?q=ib", "history", f"history/{entry}", f"expected/{message}", "expected",
        "expected?package=package7", "expected?words=completed", "expected?words=xyzzy", "live", "changes", "account",
        "import", "notifications.toml", "admin", "admin/users?q=ma", f"admin/user?name={me}", "admin/plugins",
        "admin/rules", "admin/dead", "admin/volume", "admin/log", "api/v1/preferences", "api/v1/history?limit=200",
        "api/v1/changes",
    ]  # fmt: skip


def change(store: Store, me: str, times: int = 500) -> None:
    """Let somebody change their mind, so that there is much to list."""
    for number in range(times):
        store.switches.switch(me, BACKEND, number % 2 == 0)


def measure(store: Store, registry: PluginRegistry, folder: Path, lookups: Snapshot, me: str) -> None:
    web = {"demo_login": True, "admins": [me], "search_limit": "", "api_limit": ""}
    app = create_app(Settings(data_dir=folder, web=web), registry, store, lookups)
    app.config["WTF_CSRF_ENABLED"] = False
    client, base = app.test_client(), "http://127.0.0.1/"
    assert client.post("/login/demo", data={"name": me}, base_url=base).status_code == 302
    bearer = {"Authorization": f"Bearer {store.tokens.make(me, 'api', 'benchmark', datetime.now(UTC))[1]}"}
    for path in paths(store, me):
        headers = bearer if path.startswith("api/") else {}
        ask = partial(client.get, base + path, headers=headers)
        status = ask().status_code
        print(f"{median(ask):8.0f} ms  {status}  {path}", flush=True)
    for title, rules in FILTERS.items():
        draft = Filter("1", title, tuple(mine(use, me) for use in rules))
        ask = partial(
            forecast, draft, None, store.archive, registry.rules, registry.summaries, lookups, datetime.now(UTC)
        )
        found, word = ask(), "exact" if ask().exact else "estimate"
        print(f"{median(ask, 5):8.0f} ms  forecast, {title}: {found.per_day:,.1f} a day, "
              f"{found.seen:,} of {found.of:,} seen, {word}")  # fmt: skip


def mine(use: RuleUse, me: str) -> RuleUse:
    return replace(use, arguments={name: me if value == "{me}" else value for name, value in use.arguments.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--users", type=int, default=15_000)
    parser.add_argument("--messages", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, owners, now = Path(name), ownership.made_up(random.Random(1)), datetime.now(UTC)
        url = arguments.url or f"sqlite:///{folder / 'fmn.sqlite'}"
        registry = load_plugins(Settings(data_dir=folder))
        names = everybody(owners, arguments.users)
        fill(url, People(names, list(owners), registry.defaults, registry.rules).preferences(random.Random(1)))
        store = open_store(url)
        fill_archive(store, archived(owners, registry, arguments.messages, now))
        me = max(
            {one for hands in owners.values() for one in hands}, key=lambda one: int(one.removeprefix("maintainer"))
        )
        fill_ledger(store, me, names, now)
        change(store, me)
        measure(store, registry, folder, Snapshot([ownership.lookup_data(owners, {})]), me)
        store.close()


if __name__ == "__main__":
    main()
