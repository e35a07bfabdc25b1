"""Expressions that users write, on RE2: linear in time whatever the pattern is, and bounded in memory.

RE2 knows neither look-around nor back-references; a pattern that has them is refused when it is saved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import re2
from pydantic import AfterValidator, Field, StringConstraints

from fmn_core import Message

#: bytes that one compiled expression may take; what needs more is refused as too large
MAX_MEMORY = 1 << 20


class Expression:
    """A compiled expression that is searched for anywhere in a text, as UTF-8.

    :raises ValueError: if RE2 does not take the pattern, saying why
    """

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str, ignore_case: bool = False) -> None:
        options = re2.Options()
        options.max_mem = MAX_MEMORY
        options.never_capture = True
        options.log_errors = False
        try:
            self._compiled = re2.compile(with_flags(pattern, ignore_case), options)
        except re2.error as error:
            raise ValueError(f"not an expression that can be searched for: {_reason(error)}") from None

    def found_in(self, text: bytes) -> bool:
        """Tell whether the expression matches anywhere in the text."""
        return self._compiled.search(text) is not None


def with_flags(pattern: str, ignore_case: bool = False) -> str:
    """Write a pattern so that it says by itself how it is to be searched for."""
    return f"(?i){pattern}" if ignore_case else pattern


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _checked(pattern: str) -> str:
    Expression(pattern)
    return pattern


#: argument type: an expression; blanks at its ends are part of it
Pattern = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=1, max_length=256), AfterValidator(_checked)
]
IgnoreCase = Annotated[bool, Field(title="Ignore case", description="Take capital and small letters as the same.")]


def json_text(value: Any) -> bytes:
    """Write a part of a body as JSON with sorted keys, compact separators and real Unicode, as UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates, deep nesting
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")


class _LatestBody:
    """The body of a message as text, written once while filter after filter asks for the same message.

    One slot, swapped as a whole: threads that take turns write the text again, and never read another's.
    """

    def __init__(self) -> None:
        self._latest: tuple[Mapping[str, Any] | None, bytes] = (None, b"")

    def __call__(self, message: Message) -> bytes:
        body, text = self._latest
        if body is not message.body:
            text = json_text(message.body)
            self._latest = (message.body, text)
        return text


body_text = _LatestBody()
