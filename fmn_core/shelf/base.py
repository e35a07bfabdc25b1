"""Shelf: the contract of what keeps the last answers of each source, and the form in which they lie there. Floor F2.

Nobody waits for anybody: whoever takes answers gets those that were put last, and their label with them.
"""

from __future__ import annotations

import abc
import hashlib
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from fmn_core.codec import dumps, loads
from fmn_core.errors import DecodeError
from fmn_core.lookups import Answers, Failure, Label, LookupData
from fmn_core.model import Role

#: of the form in which answers are kept; of another version they count as none
VERSION = 1
#: bytes that kept answers may unpack to
MOST_BYTES = 256 * 1024 * 1024
#: quick, and a quarter of the size
_LEVEL = 1


class Shelf(abc.ABC):
    """Keeps the last answers of each source. Used by one thread at a time.

    Every method but :meth:`close` raises :class:`ShelfError` if the shelf cannot be reached.
    """

    @property
    @abc.abstractmethod
    def role(self) -> str:
        """What the one process holds that fills this shelf: another name for each shelf."""

    @property
    @abc.abstractmethod
    def place(self) -> str:
        """Where it is, for people, without a password."""

    @abc.abstractmethod
    def labels(self) -> dict[str, Label]:
        """Return the labels of all that lies here, by source; cheap enough to look every few seconds."""

    @abc.abstractmethod
    def failures(self) -> dict[str, Failure]:
        """Return why sources give no answer now, by source."""

    @abc.abstractmethod
    def take(self, source: str) -> Answers | None:
        """Return the answers of a source; None if there are none, or none that can be read."""

    @abc.abstractmethod
    def put(self, source: str, answers: Answers) -> None:
        """Put answers in the place of the last ones, at once; the source is well again."""

    @abc.abstractmethod
    def note_failure(self, source: str, failure: Failure) -> None:
        """Note that a source gives no answer; its last ones stay."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of it."""


def answers(data: LookupData, fetched_at: float, mark: str = "") -> Answers:
    """Return what a source said as everybody will read it, labelled. The same answers get the same revision.

    :raises DecodeError: if it is of another form than lookups are
    """
    packed = pack(data)
    revision = hashlib.blake2b(packed, digest_size=16).hexdigest()
    return Answers(unpack(packed), Label(revision, fetched_at, mark))


def pack(data: LookupData) -> bytes:
    """Return answers as bytes, the same for the same answers. Packages with the same maintainers share them.

    :raises DecodeError: if it is of another form than lookups are
    """
    try:
        return zlib.compress(dumps(_plain(data)), _LEVEL)
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise DecodeError(f"these are no lookups: {error!r}") from None


def _plain(data: LookupData) -> dict[str, Any]:
    places: dict[tuple[tuple[str, str], ...], int] = {}
    known: dict[int, int] = {}
    packages: dict[str, int] = {}
    for package in sorted(data.maintainers):
        maintainers = data.maintainers[package]
        place = known.get(id(maintainers))
        if place is None:
            roles = tuple(sorted((_text(name), Role(role).value) for name, role in maintainers.items()))
            place = known[id(maintainers)] = places.setdefault(roles, len(places))
        packages[_text(package)] = place
    groups = {_text(group): sorted(set(map(_text, data.groups[group]))) for group in sorted(data.groups)}
    return {
        "version": VERSION,
        "maintainers": [dict(roles) for roles in places],
        "packages": packages,
        "groups": groups,
    }


def unpack(packed: bytes) -> LookupData:
    """Read what :func:`pack` returned.

    :raises DecodeError: if it is something else, or of another version
    """
    try:
        inflating = zlib.decompressobj()
        raw = loads(inflating.decompress(packed, MOST_BYTES), MOST_BYTES)
        if not inflating.eof or raw["version"] != VERSION:
            raise ValueError("cut off, too large, or of another version")
        maintainers = [{name: Role(role) for name, role in one.items()} for one in raw["maintainers"]]
        return LookupData(
            {_text(package): maintainers[place] for package, place in raw["packages"].items()},
            {_text(group): tuple(map(_text, accounts)) for group, accounts in raw["groups"].items()},
        )
    except (zlib.error, AttributeError, TypeError, ValueError, LookupError) as error:
        raise DecodeError(f"these are no kept lookups: {error!r}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no name")
    return value


def label_row(label: Label) -> bytes:
    """Return a label as bytes."""
    return dumps({"revision": label.revision, "fetched_at": label.fetched_at, "mark": label.mark})


def read_label(row: bytes) -> Label | None:
    """Read a label; None where it is none."""
    raw = _object(row, ("revision", "mark"), "fetched_at")
    return raw and Label(raw["revision"], float(raw["fetched_at"]), raw["mark"])


def failure_row(failure: Failure) -> bytes:
    """Return a failure as bytes."""
    return dumps({"reason": failure.reason, "since": failure.since})


def read_failure(row: bytes) -> Failure | None:
    """Read a failure; None where it is none."""
    raw = _object(row, ("reason",), "since")
    return raw and Failure(raw["reason"], float(raw["since"]))


def _object(row: bytes, texts: Collection[str], number: str) -> Any:
    try:
        raw = loads(row)
    except DecodeError:
        return None
    sound = isinstance(raw, Mapping) and all(isinstance(raw.get(name), str) for name in texts)
    return raw if sound and isinstance(raw.get(number), int | float) else None
