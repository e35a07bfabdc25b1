"""Messages from a file, as commands take them: JSON lines, one JSON array, or one object. Floor F2.

A line that is no message is handed out as its error, beside its number, and the rest goes on.
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

#: number of the line (in an array: of the element), from 1, and what was there
Numbered = tuple[int, Message | DecodeError]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_messages(path: Path | str) -> Iterator[Numbered]:
    """Read messages one by one, in any of the forms that the codec knows.

    Lines end at the newline byte and nowhere else: other line separators may stand inside of a JSON text.

    :param path: a file, or ``-`` for standard input
    :raises UsageError: if there is nothing to read; as soon as the first message is asked for
    """
    with _opened(path) as file:
        lines = ((number, line) for number, line in enumerate(_without_mark(file), 1) if line.strip())
        first = next(lines, None)
        if first is None:
            raise UsageError(f"{_named(path)} is empty, expected messages")
        if _is_object(first[1]):
            yield from _decoded(itertools.chain([first], lines))
        else:
            yield from _whole([first, *lines])


@contextlib.contextmanager
def _opened(path: Path | str) -> Iterator[IO[bytes]]:
    if str(path) == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise UsageError(f"{_named(path)} cannot be read: {error.strerror}") from None


def _named(path: Path | str) -> str:
    return "standard input" if str(path) == STDIN else f"file {str(path)!r}"


def _without_mark(file: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(file):
        yield line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line


def _is_object(line: bytes) -> bool:
    """Tell whether the line is complete, so that the file is one of JSON lines."""
    try:
        return isinstance(loads(line), dict)
    except DecodeError:
        return False


def _decoded(lines: Iterable[tuple[int, bytes]]) -> Iterator[Numbered]:
    for number, line in lines:
        try:
            yield number, decode_message(line)
        except DecodeError as error:
            yield number, error


def _whole(lines: list[tuple[int, bytes]]) -> Iterator[Numbered]:
    """Read a file that does not begin with a complete object: an array, one long object, or a broken first line."""
    text = b"".join(line for _, line in lines)
    try:
        value: Any = loads(text, limit=len(text))
    except DecodeError:
        return _decoded(lines)
    elements = value if isinstance(value, list) else [value]
    return _decoded((number, dumps(element)) for number, element in enumerate(elements, 1))
