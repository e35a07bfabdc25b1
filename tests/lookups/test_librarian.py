"""Many processes, one that asks: what they begin with, who asks again and when, and what a failure changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fmn_core import LookupData, LookupUnavailableError, Role
from fmn_core.desk import FIRST_PAUSE
from fmn_core.librarian import LOOK, LOOKUPS, TOO_OLD, Alone, Onlooker
from fmn_core.shelf.base import answers

if TYPE_CHECKING:
    from conftest import World

REFRESH = 600.0


# Beginning.


def test_a_process_that_finds_nothing_asks_and_the_next_one_takes_what_it_put_there(world: World) -> None:
    source = world.source(kernel="ava")
    first, second = world.process(source), world.process(source)
    assert (first.owner("kernel"), second.owner("kernel")) == ("ava", "ava")
    assert source.asked == [None]


def test_a_restart_while_a_source_is_down_goes_on_with_the_old_answers(world: World) -> None:
    source = world.source(kernel="ava")
    world.process(source)
    source.failure = LookupUnavailableError("it is down")
    world.now += REFRESH
    again = world.process(source)
    assert (again.owner("kernel"), again.lookups.ages()) == ("ava", {"file": REFRESH})
    assert source.asked == [None], "nobody waits for a source that is down"


def test_what_is_long_since_out_of_date_is_asked_first_and_serves_where_that_fails(world: World) -> None:
    source = world.source(kernel="ava")
    world.process(source)
    world.now += TOO_OLD * REFRESH + 1
    source.failure = LookupUnavailableError("it is down")
    process = world.process(source)
    assert (process.owner("kernel"), process.lookups.failures) == ("ava", {"file": "it is down"})
    source.failure = None
    source.maintainers = {"kernel": "mei"}
    assert world.process(source).owner("kernel") == "mei"


def test_a_changed_mark_is_asked_for_at_the_start(world: World) -> None:
    source = world.source(kernel="ava")
    source.marked = "1"
    world.process(source)
    source.maintainers, source.marked = {"kernel": "mei"}, "2"
    assert world.process(source).owner("kernel") == "mei"
    assert world.process(source).owner("kernel") == "mei"
    assert source.asked == [None, None]


def test_a_source_that_is_down_at_the_first_start_is_reported_and_disturbs_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source, other = world.source(kernel="ava"), world.source("other", bash="mei")
    source.failure = LookupUnavailableError("it is down")
    process = world.process(source, other)
    assert (process.owner("kernel"), process.owner("bash")) == ("", "mei")
    assert process.lookups.failures == {"file": "it is down"}
    assert caplog.messages == ["lookup source 'file' gives no answer, and there is no earlier one: it is down"]


# Refreshing.


def test_one_process_asks_and_all_get_the_answers(world: World) -> None:
    source = world.source(kernel="ava")
    processes = [world.process(source) for _ in range(3)]
    world.later(1, *processes)
    source.maintainers = {"kernel": "mei"}
    world.later(REFRESH, *processes)
    assert source.asked == [None, None]
    world.later(0, *processes)
    assert [process.owner("kernel") for process in processes] == ["mei"] * 3, "the announcement brings it at once"
    assert {process.lookups.ages()["file"] for process in processes} == {0.0}


def test_a_lost_announcement_heals_at_the_next_look(world: World) -> None:
    source = world.source(kernel="ava")
    holder, other = world.process(source), world.process(source)
    world.later(1, holder, other)
    source.maintainers = {"kernel": "mei"}
    world.later(REFRESH, holder)
    assert other.wire.heard(LOOKUPS) == [b""]
    world.later(LOOK, other)
    assert other.owner("kernel") == "mei"


def test_the_role_goes_to_another_when_its_holder_dies(world: World) -> None:
    source = world.source(kernel="ava")
    holder, other = world.process(source), world.process(source)
    world.later(1, holder, other)
    source.maintainers = {"kernel": "mei"}
    world.later(REFRESH, other)
    assert other.owner("kernel") == "ava", "only the holder asks"
    holder.wire.close()
    world.later(LOOK, other)
    assert other.owner("kernel") == "mei"


def test_answers_that_are_the_same_are_not_announced(world: World) -> None:
    source = world.source(kernel="ava")
    holder, other = world.process(source), world.process(source)
    world.later(REFRESH, holder)
    assert other.wire.heard(LOOKUPS) == []
    world.later(LOOK, other)
    assert other.lookups.ages() == {"file": LOOK}, "but known to be younger"


def test_a_file_that_changes_is_read_within_seconds(world: World) -> None:
    source = world.source(kernel="ava")
    source.marked = "1"
    holder = world.process(source)
    world.later(1, holder)
    source.maintainers, source.marked = {"kernel": "mei"}, "2"
    world.later(LOOK, holder)
    assert holder.owner("kernel") == "mei"


def test_a_file_that_goes_away_is_noticed_within_seconds_and_its_answers_serve(world: World) -> None:
    source = world.source(kernel="ava")
    source.marked = "1"
    holder = world.process(source)
    world.later(1, holder)
    source.mark = Path("gone").stat  # type: ignore[method-assign,assignment]  # raises
    source.failure = LookupUnavailableError("it is gone")
    world.later(LOOK, holder)
    assert (holder.owner("kernel"), holder.lookups.failures) == ("ava", {"file": "it is gone"})


def test_a_clock_that_was_set_back_does_not_stop_the_refresh(world: World) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source)
    holder.turn()
    source.maintainers = {"kernel": "mei"}
    world.now -= 86_400
    holder.turn()
    assert holder.owner("kernel") == "mei"
    assert holder.lookups.ages() == {"file": 0.0}


def test_a_process_that_knows_of_no_other_has_the_role(world: World) -> None:
    source = world.source(kernel="ava")
    process = world.process(source)
    source.maintainers = {"kernel": "mei"}
    world.now += REFRESH
    process.librarian.turn(Alone())
    assert process.owner("kernel") == "mei"


def test_answers_of_sources_that_are_no_longer_configured_are_left_alone(world: World) -> None:
    world.shelf().put("old", answers(LookupData({"kernel": {"ava": Role.OWNER}}), 1_700_000_000.0))
    process = world.process(world.source(bash="mei"))
    process.turn()
    assert (process.owner("kernel"), list(process.lookups.ages())) == ("", ["file"])


# Failing.

BUG = ZeroDivisionError("a bug of the plugin")


@pytest.mark.parametrize("failure", [LookupUnavailableError("it is gone"), BUG], ids=["expected", "bug"])
def test_quirk_8_a_failed_lookup_is_not_remembered_as_nobody(world: World, failure: Exception) -> None:
    source, other = world.source(kernel="ava"), world.source("other", bash="mei")
    holder, reader = world.process(source, other), world.process(source, other)
    source.failure, other.maintainers = failure, {"fish": "mei"}
    world.later(REFRESH, holder, reader)
    world.later(LOOK, holder, reader)
    for process in (holder, reader):
        assert (process.owner("kernel"), process.owner("fish")) == ("ava", "mei")
        (reason,) = process.lookups.failures.values()
        assert str(failure) in reason
        assert process.lookups.ages() == {"file": REFRESH + LOOK, "other": LOOK}
    source.failure, source.maintainers = None, {}
    world.later(2 * FIRST_PAUSE, holder)
    world.later(LOOK, reader)
    assert (holder.owner("kernel"), reader.owner("kernel"), reader.lookups.failures) == ("", "", {})


NONSENSE: list[Any] = [None, LookupData({"kernel": None}), LookupData(groups={"a": 3})]  # type: ignore[dict-item]  # a plugin may


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_a_failure(world: World, nonsense: Any) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source)
    source._answer = lambda *stale: nonsense  # type: ignore[method-assign]  # as a broken plugin
    world.later(REFRESH, holder)
    assert holder.owner("kernel") == "ava"
    assert holder.lookups.failures["file"].startswith("these are no lookups: ")


def test_what_a_source_doubts_itself_is_a_failure(world: World) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source)
    source.maintainers, source.doubts = {}, "names no package where it named one"
    world.later(REFRESH, holder)
    assert holder.owner("kernel") == "ava"
    assert holder.lookups.failures == {"file": "names no package where it named one"}


def test_a_source_that_stays_away_is_one_warning_until_the_reason_changes(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.source(kernel="ava")
    holder = world.process(source)
    world.now += REFRESH
    for reason, warnings in (("it is gone", 1), ("it is gone", 1), ("it is cut off", 2)):
        source.failure = LookupUnavailableError(reason)
        world.later(REFRESH, holder)
        assert len(caplog.records) == warnings
    assert caplog.messages[0] == "lookup source 'file' gives no answer, the last one serves: it is gone"
    source.failure = None
    for _ in range(2):
        world.later(REFRESH, holder)
        assert caplog.messages[2:] == ["lookup source 'file' answers again"]


def test_a_source_that_is_down_is_asked_ever_more_seldom(world: World) -> None:
    source = world.source(kernel="ava")
    source.failure = LookupUnavailableError("it is down")
    holder = world.process(source)
    for _ in range(400):
        world.later(LOOK, holder)
    assert 5 < len(source.asked) < 12


def test_an_onlooker_reads_what_others_put_there_and_asks_nobody(world: World) -> None:
    source = world.source(kernel="ava")
    worker, pages = world.process(source), world.process(source)
    pages.wire = Onlooker()
    source.maintainers = {"kernel": "mei"}
    world.now += REFRESH + 1
    pages.turn()
    assert (pages.owner("kernel"), source.asked) == ("ava", [None])
    worker.turn()
    world.now += LOOK
    pages.turn()
    assert (pages.owner("kernel"), source.asked) == ("mei", [None, None])
