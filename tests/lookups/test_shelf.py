"""One contract for both shelves: what was put last is taken as a whole, and nobody waits."""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from fmn_core import LookupData, Role, Settings
from fmn_core.errors import DecodeError, ShelfError
from fmn_core.lookups import Answers, Failure, Label
from fmn_core.shelf import open_shelf
from fmn_core.shelf.base import Shelf, answers, pack, unpack
from fmn_core.shelf.in_files import FileShelf
from fmn_core.shelf.in_redis import RedisShelf

DATA = LookupData(
    {
        "kernel": {"ava": Role.OWNER, "@kernel-sig": Role.COMAINTAINER},
        "modules/php": {"mei": Role.WATCHER},
        "lonely": {},
    },
    {"kernel-sig": ("hugo", "mei"), "empty-sig": ()},
)
OTHER = LookupData({"bash": {"mei": Role.OWNER}})

Opener = Callable[[], Shelf]


@pytest.fixture(params=["files", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same shelf again and again, as many processes do."""
    with contextlib.ExitStack() as opened:

        def open_files() -> Shelf:
            return FileShelf(tmp_path / "lookups")

        def open_redis() -> Shelf:
            shelf = RedisShelf(request.getfixturevalue("redis_url"), request.getfixturevalue("redis_prefix"))
            opened.callback(shelf.close)
            return shelf

        yield {"files": open_files, "redis": open_redis}[request.param]


@pytest.fixture
def shelf(opener: Opener) -> Shelf:
    return opener()


def test_an_empty_shelf_has_nothing(shelf: Shelf) -> None:
    assert (shelf.labels(), shelf.failures(), shelf.take("alias")) == ({}, {}, None)


def test_what_one_process_puts_there_another_takes(shelf: Shelf, opener: Opener) -> None:
    put = answers(DATA, 1_700_000_000.25, "mark")
    shelf.put("alias", put)
    assert opener().take("alias") == put
    assert put.data == DATA
    assert opener().labels() == {"alias": Label(put.label.revision, 1_700_000_000.25, "mark")}


def test_the_last_answers_stand_in_the_place_of_those_before(shelf: Shelf) -> None:
    shelf.put("alias", answers(DATA, 1.0))
    shelf.put("alias", answers(OTHER, 2.0))
    taken = shelf.take("alias")
    assert taken is not None
    assert (taken.data, taken.label.fetched_at) == (OTHER, 2.0)
    assert list(shelf.labels()) == ["alias"]


def test_equal_answers_have_one_revision_in_whatever_order_they_come() -> None:
    turned = LookupData(
        dict(reversed(DATA.maintainers.items())), {"empty-sig": [], "kernel-sig": ["mei", "hugo", "mei"]}
    )
    assert answers(turned, 9.0).label.revision == answers(DATA, 1.0).label.revision
    assert answers(OTHER, 1.0).label.revision != answers(DATA, 1.0).label.revision


def test_a_failure_leaves_the_answers_and_goes_with_the_next_ones(shelf: Shelf) -> None:
    put = answers(DATA, 1.0)
    shelf.put("alias", put)
    shelf.note_failure("alias", Failure("it is gone", 5.0))
    shelf.note_failure("groups", Failure("so is this", 6.0))
    assert shelf.failures() == {"alias": Failure("it is gone", 5.0), "groups": Failure("so is this", 6.0)}
    assert shelf.take("alias") == put
    assert list(shelf.labels()) == ["alias"]
    shelf.put("alias", put)
    assert list(shelf.failures()) == ["groups"]


NAMES = ["a", "a.b", "a.*", "*", "../a", "Zürich 7", "name"]


def test_sources_do_not_disturb_each_other_whatever_they_are_called(shelf: Shelf) -> None:
    made = {name: answers(LookupData({name: {"ava": Role.OWNER}}), 1.0) for name in NAMES}
    for name in [*NAMES, *reversed(NAMES)]:
        shelf.put(name, made[name])
    assert shelf.role
    assert {name: shelf.take(name) for name in NAMES} == made
    assert shelf.labels() == {name: one.label for name, one in made.items()}


def test_half_of_a_pair_of_surrogates_is_a_name_like_any_other(shelf: Shelf) -> None:
    odd = answers(LookupData({"\ud83d": {"a\x00b": Role.OWNER}}), 1.0)
    shelf.put("alias", odd)
    assert shelf.take("alias") == odd


def test_a_reader_never_gets_one_revision_under_the_label_of_another(shelf: Shelf, opener: Opener) -> None:
    versions = [
        answers(LookupData({f"p{n}": {"ava": Role.OWNER} for n in range(size)}), float(size)) for size in (1, 50)
    ]
    shelf.put("alias", versions[0])
    done = threading.Event()

    def put() -> None:
        other = opener()
        for turn in range(200):
            other.put("alias", versions[turn % 2])
        done.set()

    thread = threading.Thread(target=put)
    thread.start()
    taken: list[Answers | None] = [shelf.take("alias")]
    while not done.is_set():
        taken.append(shelf.take("alias"))
    thread.join()
    assert all(one in versions for one in taken)


def test_each_shelf_has_a_role_of_its_own_and_keeps_it(shelf: Shelf, opener: Opener, tmp_path: Path) -> None:
    assert shelf.role == opener().role
    assert FileShelf(tmp_path / "one").role != FileShelf(tmp_path / "two").role
    assert FileShelf(tmp_path / "one").role != shelf.role


def garbled_file(folder: Path, ending: str, content: bytes) -> None:
    (path,) = folder.glob(f"*{ending}")
    path.write_bytes(content)


@pytest.mark.parametrize(
    "content", [b"", b"{}", pack(DATA)[:-9], zlib.compress(b"[]"), zlib.compress(b'{"version":0}')]
)
def test_answers_that_cannot_be_read_are_none(tmp_path: Path, content: bytes) -> None:
    shelf = FileShelf(tmp_path)
    shelf.put("alias", answers(DATA, 1.0))
    garbled_file(tmp_path, ".answers", content)
    assert shelf.take("alias") is None
    shelf.put("alias", answers(DATA, 2.0))
    assert shelf.take("alias") == answers(DATA, 2.0)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"revision": 3, "fetched_at": 1, "mark": ""}', b'{"fetched_at": 1}'])
def test_a_label_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    shelf = FileShelf(tmp_path)
    shelf.put("alias", answers(DATA, 1.0))
    garbled_file(tmp_path, ".label", content)
    assert (shelf.take("alias"), shelf.labels()) == (None, {})


def test_garbage_in_redis_is_none(redis_url: str, redis_prefix: str) -> None:
    with contextlib.closing(RedisShelf(redis_url, redis_prefix)) as shelf, redis.Redis.from_url(redis_url) as client:
        shelf.put("alias", answers(DATA, 1.0))
        client.set(f"{redis_prefix}:data:alias", b"\x00garbage")
        client.hset(f"{redis_prefix}:failures", "alias", b"nonsense")
        assert (shelf.take("alias"), shelf.failures()) == (None, {})


def test_a_file_shelf_leaves_nothing_of_older_answers_behind(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path)
    for number in range(3):
        shelf.put("alias", answers(LookupData({"kernel": {f"ava{number}": Role.OWNER}}), 1.0))
    assert len([path for path in tmp_path.iterdir() if "answers" in path.name]) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShelfError, match=r"^lookups cannot be kept in folder '.*file/lookups': .*Not a directory"):
        FileShelf(tmp_path / "file" / "lookups").put("alias", answers(DATA, 1.0))


def test_a_redis_that_is_not_there_is_said_without_the_password(free_port: int) -> None:
    shelf = RedisShelf(f"redis://fmn:secret@127.0.0.1:{free_port}/0")
    with pytest.raises(
        ShelfError, match=rf"^Redis at redis://fmn:\*\*\*@127\.0\.0\.1:{free_port}/0 cannot be used: "
    ) as raised:
        shelf.labels()
    assert "secret" not in str(raised.value)


def test_the_configuration_chooses_the_shelf(tmp_path: Path) -> None:
    assert isinstance(open_shelf(Settings(data_dir=tmp_path)), FileShelf)
    assert isinstance(open_shelf(Settings.model_validate({"redis": {"url": "redis://127.0.0.1/0"}})), RedisShelf)


NONSENSE: list[Any] = [
    None,
    LookupData({"kernel": None}),  # type: ignore[dict-item]  # what a plugin may return
    LookupData({"kernel": {"ava": "boss"}}),  # type: ignore[dict-item]  # as above
    LookupData({"kernel": {1: Role.OWNER}}),  # type: ignore[dict-item]  # as above
    LookupData({3: {}}),  # type: ignore[dict-item]  # as above
    LookupData(groups={"a-sig": 3}),  # type: ignore[dict-item]  # as above
    LookupData(groups={"a-sig": [3]}),  # type: ignore[list-item]  # as above
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_does_not_get_onto_a_shelf(nonsense: Any) -> None:
    with pytest.raises(DecodeError, match=r"^these are no (kept )?lookups: "):
        answers(nonsense, 1.0)


def test_packages_with_the_same_maintainers_share_them_once_unpacked() -> None:
    data = unpack(pack(LookupData({name: {"ava": Role.OWNER} for name in "pq"})))
    assert data.maintainers["p"] is data.maintainers["q"]
