"""The shelf in files of a folder, for the processes of one machine. Floor F2.

Each source has a file with its answers, named by their revision, and a label that says which file that is. Both come
into place by a rename, the label last, so that a label never names answers that are not there as a whole.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

from fmn_core.errors import DecodeError, ShelfError
from fmn_core.lookups import Answers, Failure, Label

from .base import Shelf, failure_row, label_row, pack, read_failure, read_label, unpack

_LABEL, _DATA, _FAILURE, _NAME = ".label", ".answers", ".failure", "name"
#: times that answers are looked for which another process replaces meanwhile
_TRIES = 5

Read = TypeVar("Read")


class FileShelf(Shelf):
    """A folder with the last answers.

    :param folder: made when something is put there
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""

    @property
    def role(self) -> str:
        """See :attr:`Shelf.role`. The folder has a name of its own, as machines have folders of the same path."""
        if not self._name:
            with _explained(self._folder):
                self._name = self._named()
        return f"lookups.{self._name}"

    def _named(self) -> str:
        """Return the name that is written in the folder, whoever wrote it."""
        path = self._folder / _NAME
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            mine = self._written(uuid.uuid4().hex.encode())
            with contextlib.suppress(FileExistsError):
                os.link(mine, path)  # unlike a rename, it fails if another was quicker
            mine.unlink()
        return path.read_text("ascii")

    @property
    def place(self) -> str:
        """See :attr:`Shelf.place`."""
        return str(self._folder)

    def labels(self) -> dict[str, Label]:
        """See :meth:`Shelf.labels`."""
        return self._all(_LABEL, read_label)

    def failures(self) -> dict[str, Failure]:
        """See :meth:`Shelf.failures`."""
        return self._all(_FAILURE, read_failure)

    def _all(self, ending: str, read: Callable[[bytes], Read | None]) -> dict[str, Read]:
        with _explained(self._folder):
            found = {}
            for path in sorted(self._folder.glob(f"*{ending}")):
                with contextlib.suppress(FileNotFoundError):  # it was just taken away
                    if (one := read(path.read_bytes())) is not None:
                        found[unquote(path.name.removesuffix(ending))] = one
            return found

    def take(self, source: str) -> Answers | None:
        """See :meth:`Shelf.take`."""
        with _explained(self._folder):
            for _ in range(_TRIES):
                try:
                    label = read_label(self._path(source, _LABEL).read_bytes())
                except FileNotFoundError:
                    return None
                if label is None:
                    return None
                with contextlib.suppress(FileNotFoundError):  # replaced since: the label is another now
                    packed = self._data(source, label.revision).read_bytes()
                    return _unpacked(packed, label)
        return None

    def put(self, source: str, answers: Answers) -> None:
        """See :meth:`Shelf.put`."""
        with _explained(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            data = self._data(source, answers.label.revision)
            self._written(pack(answers.data)).replace(data)  # the same again too: what is there may be damaged
            self._written(label_row(answers.label)).replace(self._path(source, _LABEL))
            self._path(source, _FAILURE).unlink(missing_ok=True)
            for older in self._folder.glob(f"{_quoted(source)}.*{_DATA}"):
                if older != data:
                    older.unlink(missing_ok=True)

    def note_failure(self, source: str, failure: Failure) -> None:
        """See :meth:`Shelf.note_failure`."""
        with _explained(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._written(failure_row(failure)).replace(self._path(source, _FAILURE))

    def close(self) -> None:
        """See :meth:`Shelf.close`. Nothing is kept open."""

    def _path(self, source: str, ending: str) -> Path:
        return self._folder / (_quoted(source) + ending)

    def _data(self, source: str, revision: str) -> Path:
        return self._path(source, f".{_quoted(revision)}{_DATA}")

    def _written(self, content: bytes) -> Path:
        """Write a file that is safe on the disk, under a name that nobody reads."""
        path = self._folder / f".{uuid.uuid4().hex}"
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path


def _quoted(name: str) -> str:
    """Return a name as it may stand before the first dot of a file's name."""
    return quote(name, safe="").replace(".", "%2E")


def _unpacked(packed: bytes, label: Label) -> Answers | None:
    try:
        return Answers(unpack(packed), label)
    except DecodeError:
        return None


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise ShelfError(f"lookups cannot be kept in folder {str(folder)!r}: {error}") from error
