"""Messages from a file, as commands take them: JSON lines, one JSON array, or one object. Floor F2.

A line that is no message is handed out as its error, beside its place, and the rest goes on.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from .codec import decode_message, dumps, loads
from .errors import DecodeError, UsageError
from .model import Message

#: stands for standard input
STDIN = "-"

#: where it stood (``line 3``, of an array ``element 3``; from 1), and what was there
Placed = tuple[str, Message | DecodeError]


def read_messages(path: Path | str) -> Iterator[Placed]:
    """Read messages one by one, in any of the forms that the codec knows.

    Lines end at the newline byte and nowhere else: other line separators may stand inside of a JSON text.

    :param path: a file, or ``-`` for standard input
    :raises UsageError: if there is nothing to read; as soon as the first message is asked for
    """
    with _opened(path) as file:
        lines = ((f"line {number}", line) for number, line in enumerate(file, 1) if line.strip())
        first = next(lines, None)
        if first is None:
            raise UsageError(f"{_named(path)} is empty, expected messages")
        if not _is_text(first[1]):
            raise UsageError(f"{_named(path)} is no UTF-8 text, expected JSON; if it is compressed, unpack it first")
        if _is_object(first[1]):
            yield from _decoded(itertools.chain([first], lines))
        else:
            yield from _whole([first, *lines])


@contextlib.contextmanager
def _opened(path: Path | str) -> Iterator[IO[bytes]]:
    if str(path) == STDIN:
        if sys.stdin is None:
            raise UsageError("standard input is closed, expected messages")
        yield sys.stdin.buffer
        return
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise UsageError(f"{_named(path)} cannot be read: {error.strerror}") from None


def _named(path: Path | str) -> str:
    return "standard input" if str(path) == STDIN else f"file {str(path)!r}"


def _is_text(line: bytes) -> bool:
    """Tell whether this may be the first line of JSON, if perhaps a broken one, and no image or archive."""
    if b"\0" in line:
        return False
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.lstrip().startswith((b"{", b"["))
    return True


def _is_object(line: bytes) -> bool:
    """Tell whether the line is complete, so that the file is one of JSON lines."""
    try:
        return isinstance(loads(line), dict)
    except DecodeError:
        return False


def _decoded(texts: Iterable[tuple[str, bytes]]) -> Iterator[Placed]:
    for place, text in texts:
        try:
            yield place, decode_message(text)
        except DecodeError as error:
            yield place, error


def _whole(lines: list[tuple[str, bytes]]) -> Iterator[Placed]:
    """Read a file that does not begin with a complete object: an array, one long object, or a broken first line."""
    text = b"".join(line for _, line in lines)
    try:
        value: Any = loads(text, limit=len(text))
    except DecodeError:
        return _decoded(lines)
    if isinstance(value, list):
        return _decoded((f"element {number}", dumps(element)) for number, element in enumerate(value, 1))
    return _decoded([(lines[0][0], text)])
