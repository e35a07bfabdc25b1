"""The shelf in Redis: what happens while it is gone, and when it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fmn_core import LookupUnavailableError, Stale
from fmn_core.librarian import LOOK, LOOKUPS
from fmn_core.shelf.base import Shelf
from fmn_core.shelf.in_redis import RedisShelf
from fmn_core.staleness import STALE, encode_stale

if TYPE_CHECKING:
    from conftest import Proxy, World

REFRESH = 600.0


def test_redis_gone_for_a_minute_is_one_warning_and_all_go_on(
    world: World, proxy: Proxy, shelves: Callable[[], Shelf], caplog: pytest.LogCaptureFixture
) -> None:
    source = world.quick(kernel="ava")
    processes = [world.process(source, shelf=shelves()) for _ in range(2)]
    world.later(1, *processes)
    proxy.cut()
    source.maintainers = {"kernel": "mei"}
    processes[0].wire.broadcast(STALE, encode_stale(Stale(frozenset({"kernel"}))))
    for _ in range(20):
        world.later(LOOK, *processes)
    assert [process.owner("kernel") for process in processes] == ["ava", "ava"]
    assert len(caplog.records) == 2, "one for each process"
    assert all(
        text.startswith("lookups go on as they are until the shelf is back: Redis at ") for text in caplog.messages
    )
    proxy.mend()
    world.later(LOOK, *processes)
    world.later(LOOK, *processes)
    assert [process.owner("kernel") for process in processes] == ["mei", "mei"], "what became stale is not forgotten"
    assert [text.partition(":")[0] for text in caplog.messages[2:]] == ["the shelf of the lookups is back"] * 2


def test_a_redis_that_is_gone_is_tried_at_its_time_only(
    world: World, proxy: Proxy, shelves: Callable[[], Shelf]
) -> None:
    source, shelf = world.quick(kernel="ava"), shelves()
    holder = world.process(source, shelf=shelf)
    holder.turn()
    proxy.cut()
    world.later(LOOK, holder)
    source.maintainers = {"kernel": "mei"}
    holder.wire.broadcast(STALE, encode_stale(Stale(frozenset({"kernel"}))))
    world.later(0, holder)
    proxy.mend()
    holder.wire.broadcast(LOOKUPS, b"")
    world.later(LOOK / 2, holder)
    assert holder.owner("kernel") == "ava", "messages do not make everybody knock at a closed door"
    world.later(LOOK / 2, holder)
    assert holder.owner("kernel") == "mei"


def test_a_process_that_starts_without_redis_asks_for_itself_and_joins_later(
    world: World, proxy: Proxy, shelves: Callable[[], Shelf]
) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source, shelf=shelves())
    world.later(1, holder)
    proxy.cut()
    source.maintainers = {"kernel": "mei"}
    alone = world.process(source, shelf=shelves())
    assert alone.owner("kernel") == "mei"
    proxy.mend()
    world.later(LOOK, alone)
    assert alone.owner("kernel") == "mei", "it does not go back to older answers"
    source.maintainers = {"kernel": "hugo"}
    world.later(REFRESH, holder, alone)
    world.later(LOOK, holder, alone)
    assert [holder.owner("kernel"), alone.owner("kernel")] == ["hugo", "hugo"]


def test_a_redis_that_comes_back_empty_is_filled_from_what_is_held(
    world: World, shelves: Callable[[], Shelf], redis_url: str, redis_prefix: str
) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source, shelf=shelves())
    holder.turn()
    source.failure = LookupUnavailableError("down as well")
    shelf = shelves()
    assert isinstance(shelf, RedisShelf)
    shelf._redis.delete(f"{redis_prefix}:labels", f"{redis_prefix}:data:file")
    world.later(LOOK, holder)
    reader = world.process(source, shelf=shelves())
    assert (holder.owner("kernel"), reader.owner("kernel")) == ("ava", "ava")
    assert reader.lookups.ages() == {"file": LOOK}
