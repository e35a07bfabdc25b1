"""What ``fmn check`` says of lookups: how old answers are, and why a source is down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from fmn_core import LookupData, LookupUnavailableError, Role
from fmn_core.cli import group
from fmn_core.cli.check_lookups import Verdict, ago, verdicts
from fmn_core.lookups import Failure
from fmn_core.shelf.base import answers
from fmn_core.shelf.in_files import FileShelf

if TYPE_CHECKING:
    from conftest import Source, World

NOW = 1_700_000_000.0
REFRESH = 600.0
DATA = LookupData({"kernel": {"ava": Role.OWNER}})


@pytest.fixture
def shelf(tmp_path: Path) -> FileShelf:
    return FileShelf(tmp_path)


@pytest.fixture
def source(world: World) -> Source:
    return world.source(kernel="ava")


def look(source: Source, shelf: FileShelf) -> Verdict:
    (verdict,) = verdicts([source], shelf, REFRESH, NOW)
    return verdict


def test_a_source_that_was_asked_lately_is_well_and_is_not_asked_again(source: Source, shelf: FileShelf) -> None:
    shelf.put("file", answers(DATA, NOW - 180))
    assert look(source, shelf) == ("file", True, "answers of 3 min ago")
    assert source.asked == []


def test_a_source_that_is_down_is_well_while_its_answers_are_not_too_old(source: Source, shelf: FileShelf) -> None:
    shelf.put("file", answers(DATA, NOW - 10 * REFRESH))
    shelf.note_failure("file", Failure("it is cut off", NOW - 60))
    told = "answers of 100 min ago serve; asked in vain at 2023-11-14 22:12:20 UTC: it is cut off"
    assert look(source, shelf) == ("file", True, told)
    shelf.put("file", answers(DATA, NOW - 10 * REFRESH - 1))
    assert look(source, shelf) == ("file", False, "answers of 100 min ago")


def test_a_source_without_answers_is_asked_and_nothing_is_kept(source: Source, shelf: FileShelf) -> None:
    assert look(source, shelf) == ("file", True, "answers; none are kept yet")
    source.failure = LookupUnavailableError("it is down")
    assert look(source, shelf) == ("file", False, "no answers at all: it is down")
    assert shelf.labels() == {}
    assert shelf.failures() == {}


def test_answers_that_the_source_no_longer_gives_are_told(source: Source, shelf: FileShelf) -> None:
    shelf.put("file", answers(DATA, NOW - 5, "1"))
    source.marked = "2"
    assert look(source, shelf) == ("file", True, "answers of 5 s ago; there are others by now")
    source.failure = LookupUnavailableError("it is cut off")
    assert look(source, shelf) == ("file", True, "answers of 5 s ago serve: it is cut off")


def test_a_source_whose_file_is_gone_is_asked_too(source: Source, shelf: FileShelf) -> None:
    shelf.put("file", answers(DATA, NOW - 5, "1"))
    source.mark = Path("gone").stat  # type: ignore[method-assign,assignment]  # raises
    source.failure = LookupUnavailableError("it is gone")
    assert look(source, shelf) == ("file", True, "answers of 5 s ago serve: it is gone")


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (0.4, "0 s"), (119, "119 s"), (7199, "120 min"), (7200, "2 h"), (1e6, "12 d")]
)
def test_an_age_is_told_in_the_largest_unit_of_which_there_are_two(seconds: float, words: str) -> None:
    assert ago(seconds) == words


def checked(data_dir: Path, url: str) -> dict[str, tuple[bool, str]]:
    result = CliRunner().invoke(
        group, ["check", "--json"], env={"FMN__DATA_DIR": str(data_dir), "FMN__REDIS__URL": url}
    )
    found = map(json.loads, result.stdout.splitlines())
    return {row["check"]: (row["ok"], row["detail"]) for row in found}


def test_redis_has_a_line_if_it_is_configured(tmp_path: Path, redis_url: str) -> None:
    ok, detail = checked(tmp_path, redis_url)["redis"]
    assert ok
    assert detail.endswith(" lookup sources")
    assert "redis" not in checked(tmp_path, "")


def test_a_redis_that_is_gone_is_a_finding(tmp_path: Path, free_port: int) -> None:
    found = checked(tmp_path, f"redis://:secret@127.0.0.1:{free_port}/0")
    ok, detail = found["redis"]
    assert not ok
    assert detail.startswith(f"Redis at redis://:***@127.0.0.1:{free_port}/0 cannot be used: ")
