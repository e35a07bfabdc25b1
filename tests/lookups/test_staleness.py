"""What messages make stale, how that is told, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fmn_core import LookupData, LookupUnavailableError, Stale
from fmn_core.desk import FIRST_PAUSE, GATHER, KEPT, PORTION
from fmn_core.librarian import LOOK
from fmn_core.lookups import NOBODY
from fmn_core.staleness import STALE, StaleBook, decode_stale, encode_stale
from fmn_core.testing import message

if TYPE_CHECKING:
    from conftest import World

REFRESH = 600.0


def stale(*packages: str, groups: tuple[str, ...] = ()) -> bytes:
    return encode_stale(Stale(frozenset(packages), frozenset(groups)))


def test_what_becomes_stale_is_gathered_asked_for_once_and_told_to_all(world: World) -> None:
    source = world.quick(kernel="ava", bash="ava", zsh="ava")
    holder, reader = world.process(source), world.process(source)
    world.later(1, holder, reader)
    source.maintainers = {"kernel": "mei", "zsh": "mei"}
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder)
    holder.wire.broadcast(STALE, stale("bash"))
    world.later(GATHER / 2, holder)
    assert source.asked == [None]
    world.later(GATHER / 2, holder)
    world.later(0, reader)
    assert source.asked == [None, Stale(frozenset({"kernel", "bash"}))]
    for process in (holder, reader):
        assert [process.owner(name) for name in ("kernel", "bash", "zsh")] == ["mei", "", "ava"]
    assert reader.lookups.ages() == {"file": 2.0}, "only a load makes answers young"
    world.later(GATHER, holder)
    assert len(source.asked) == 2


def test_stale_packages_are_asked_for_again_until_there_is_an_answer(world: World) -> None:
    source = world.quick(kernel="ava")
    holder = world.process(source)
    holder.turn()
    source.maintainers, source.failure = {"kernel": "mei"}, LookupUnavailableError("busy")
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder)
    world.later(GATHER, holder)
    assert (holder.owner("kernel"), holder.lookups.failures) == ("ava", {"file": "busy"})
    source.failure = None
    world.later(2 * FIRST_PAUSE, holder)
    assert (holder.owner("kernel"), holder.lookups.failures) == ("mei", {})


def test_a_load_does_not_answer_for_what_became_stale_just_before(world: World) -> None:
    source = world.quick(kernel="ava")
    holder = world.process(source)
    holder.turn()
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(REFRESH, holder)
    source.maintainers = {"kernel": "mei"}
    world.later(GATHER, holder)
    assert source.asked == [None, None, Stale(frozenset({"kernel"}))]
    assert holder.owner("kernel") == "mei"


def test_where_single_answers_are_no_way_everything_is_loaded(world: World) -> None:
    source = world.quick(kernel="ava")
    source.reload = lambda stale: None  # type: ignore[method-assign]  # as a source that cannot tell
    holder = world.process(source)
    holder.turn()
    source.maintainers = {"bash": "mei"}
    holder.wire.broadcast(STALE, stale(*map(str, range(2 * PORTION))))
    world.later(0, holder)
    world.later(GATHER, holder)
    assert (source.asked, holder.owner("kernel"), holder.owner("bash")) == ([None, None], "", "mei")
    world.later(GATHER, holder)
    assert source.asked == [None, None]


def test_many_stale_packages_are_asked_for_in_portions(world: World) -> None:
    names = {f"p{number}" for number in range(2 * PORTION + 1)}
    source = world.quick(**dict.fromkeys(names, "ava"))
    holder = world.process(source)
    holder.turn()
    source.maintainers = dict.fromkeys(names, "mei")
    holder.wire.broadcast(STALE, stale(*names))
    world.later(0, holder)
    for _ in range(5):
        world.later(GATHER, holder)
    asked = [one.packages for one in source.asked if one is not None]
    assert [len(packages) for packages in asked] == [PORTION, PORTION, 1]
    assert frozenset().union(*asked) == names
    assert {holder.owner(name) for name in names} == {"mei"}


def test_a_package_that_cannot_be_answered_for_does_not_keep_the_others_waiting(world: World) -> None:
    names = {f"p{number}" for number in range(PORTION)}
    source = world.quick(**dict.fromkeys(names, "ava"))
    ask = source.reload

    def reload(told: Stale) -> LookupData | None:
        if "p7" in told.packages:
            raise LookupUnavailableError("status 500")
        return ask(told)

    source.reload = reload  # type: ignore[method-assign]  # as a server with one broken page
    holder = world.process(source)
    holder.turn()
    source.maintainers = dict.fromkeys(names, "mei")
    holder.wire.broadcast(STALE, stale(*names))
    world.later(0, holder)
    for _ in range(100):
        world.later(FIRST_PAUSE, holder)
    assert source.asked.count(None) == 1, "it was not the refresh"
    assert {name for name in names if holder.owner(name) != "mei"} == {"p7"}


def test_portions_grow_again_after_a_failure(world: World) -> None:
    names = {f"p{number}" for number in range(3 * PORTION)}
    source = world.quick(**dict.fromkeys(names, "ava"))
    holder = world.process(source)
    holder.turn()
    source.failure = LookupUnavailableError("busy")
    holder.wire.broadcast(STALE, stale(*names))
    world.later(0, holder)
    world.later(GATHER, holder)
    source.failure = None
    for _ in range(5):
        world.later(2 * FIRST_PAUSE, holder)
    sizes = [len(one.packages) for one in source.asked if one is not None]
    assert sizes == [PORTION, PORTION // 2, PORTION, PORTION, PORTION // 2]


def test_an_answer_that_brings_nothing_new_ends_a_failure(world: World) -> None:
    source = world.quick(kernel="ava")
    holder, reader = world.process(source), world.process(source)
    holder.turn()
    source.failure = LookupUnavailableError("busy")
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder)
    world.later(GATHER, holder, reader)
    assert reader.lookups.failures == {"file": "busy"}
    source.failure = None
    world.later(2 * FIRST_PAUSE, holder)
    world.later(LOOK, reader)
    assert reader.lookups.failures == {}


def test_where_not_everything_can_be_loaded_single_packages_still_can(world: World) -> None:
    source = world.quick(kernel="ava")
    holder = world.process(source)
    holder.turn()
    source.load = lambda: {}["the file is gone"]  # type: ignore[method-assign]  # as a server that is down
    source.maintainers = {"kernel": "mei"}
    world.later(REFRESH, holder)
    assert holder.lookups.failures
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder)
    world.later(2 * FIRST_PAUSE, holder)
    assert holder.owner("kernel") == "mei"


def test_a_source_that_names_no_application_is_not_asked_for_what_is_stale(world: World) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source)
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder)
    world.later(GATHER, holder)
    assert source.asked == [None]


def test_who_takes_the_role_over_asks_for_what_the_dead_one_has_heard(world: World) -> None:
    source = world.quick(kernel="ava")
    holder, other = world.process(source), world.process(source)
    world.later(1, holder, other)
    source.maintainers = {"kernel": "mei"}
    holder.wire.broadcast(STALE, stale("kernel"))
    holder.wire.close()
    world.later(0, other)
    world.later(LOOK, other)
    assert other.owner("kernel") == "mei"


def test_what_another_has_asked_for_is_forgotten_after_a_while(world: World) -> None:
    source = world.quick(kernel="ava")
    holder, other = world.process(source), world.process(source)
    world.later(1, holder, other)
    holder.wire.broadcast(STALE, stale("kernel"))
    world.later(0, holder, other)
    world.later(KEPT + 1, holder, other)
    holder.wire.close()
    world.later(LOOK, other)
    world.later(LOOK, other)
    assert source.asked == [None, Stale(frozenset({"kernel"}))]


def test_broadcasts_that_make_no_sense_are_reported_and_disturb_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.quick(kernel="ava")
    holder = world.process(source)
    holder.turn()
    for payload in (b"", b"[]", b'{"packages": "kernel", "groups": []}', b'{"packages": [1], "groups": []}'):
        holder.wire.broadcast(STALE, payload)
    holder.wire.broadcast(STALE, stale("kernel"))
    source.maintainers = {"kernel": "mei"}
    world.later(0, holder)
    world.later(GATHER, holder)
    assert holder.owner("kernel") == "mei"
    assert len(caplog.records) == 4


def test_groups_become_stale_too(world: World) -> None:
    source = world.quick()
    source.groups = {"kernel-sig": ["ava"]}
    holder = world.process(source)
    holder.turn()
    source.groups = {}
    holder.wire.broadcast(STALE, stale(groups=("kernel-sig",)))
    world.later(0, holder)
    world.later(GATHER, holder)
    assert holder.lookups.members("kernel-sig") == NOBODY


def test_only_messages_of_the_named_applications_are_looked_at(world: World) -> None:
    book = StaleBook([world.source(), world.quick(), world.quick("other")])
    assert book.stale(message("pagure.project.edit", {"package": "kernel"})) == Stale(frozenset({"kernel"}))
    assert not book.stale(message("buildsys.tag", {"package": "kernel"}))


def test_a_source_that_cannot_read_a_message_is_reported_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    book = StaleBook([world.quick()])
    for _ in range(3):
        assert not book.stale(message("pagure.project.edit", {}))
    (record,) = caplog.records
    assert record.getMessage().startswith("lookup source 'file' cannot tell what message ")


def test_what_is_stale_travels_as_bytes() -> None:
    told = Stale(frozenset({"kernel", "modules/php", "\ud83d"}), frozenset({"kernel-sig"}))
    assert decode_stale(encode_stale(told)) == told
