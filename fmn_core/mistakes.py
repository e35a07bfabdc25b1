"""Mistakes: what pydantic finds wrong with a value, in words for people who never heard of it. Floor F0."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

#: how pydantic says it, and how we do
_WORDS = {
    "Input should be ": "must be ",
    "String should ": "must ",
    "a valid string": "text",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid list": "a list",
    "a valid tuple": "a list",
    "a valid dictionary": "a table of names and values",
}
#: where pydantic goes on about itself
_ASIDES = (", unable to ", " or instance of")


def in_words(error: Any) -> str:
    """Return what is wrong with a value, the value shown where that is not ours to say.

    :param error: one of ``ValidationError.errors()``
    """
    text: str = error["msg"]
    if error["type"] == "value_error":
        return text.removeprefix("Value error, ")
    if error["type"] == "missing":
        return "it is required"
    for aside in _ASIDES:
        text = text.partition(aside)[0]
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    return f"{text}, not {reprlib.repr(error['input'])}"


def first_causes(errors: Sequence[Any]) -> Iterable[Any]:
    """Leave out that a list is too short where that is so only because of what is wrong with its items."""
    inside = {error["loc"][:-1] for error in errors}
    return [error for error in errors if error["type"] != "too_short" or error["loc"] not in inside]
