"""Comparisons of a value out of a message with one that a user wrote."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Literal

from .expressions import Expression, json_text

Operator = Literal["is", "is not", "contains", "starts with", "matches", ">", "<", "exists"]
Number = int | float
Test = Callable[[Any], bool]

_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?P<fraction>(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?)")


def comparison(operation: Operator, value: str, ignore_case: bool = False) -> Test:
    """Return the function that tells whether a value found in a message compares so.

    A text is compared as it is, anything else in the words of JSON; numbers compare as numbers.

    :param value: what the user wrote
    :raises ValueError: if it must be an expression and is none
    """
    fold = str.casefold if ignore_case else str
    wanted = fold(value)
    match operation:
        case "is":
            return _equal(fold, value)
        case "is not":
            equal = _equal(fold, value)
            return lambda found: not equal(found)
        case "contains":
            return lambda found: wanted in fold(_words(found))
        case "starts with":
            return lambda found: fold(_words(found)).startswith(wanted)
        case "matches":
            expression = Expression(value, ignore_case)
            return lambda found: expression.found_in(_words(found).encode("utf-8", "replace"))
        case ">":
            return _ordered(operator.gt, fold, value)
        case "<":
            return _ordered(operator.lt, fold, value)
        case "exists":
            return lambda found: True


def _equal(fold: Callable[[str], str], value: str) -> Test:
    wanted, number = fold(value), _number(value)

    def test(found: Any) -> bool:
        if number is not None and isinstance(found, Number) and not isinstance(found, bool):
            return found == number
        return fold(_words(found)) == wanted

    return test


def _ordered(compare: Callable[[Any, Any], bool], fold: Callable[[str], str], value: str) -> Test:
    wanted, limit = fold(value), _number(value)

    def test(found: Any) -> bool:
        if limit is None:  # a date, for instance: texts by the alphabet
            return isinstance(found, str) and compare(fold(found), wanted)
        number = _number(found)
        return number is not None and compare(number, limit)

    return test


def _words(found: Any) -> str:
    """Return a text as it is, anything else as JSON writes it: ``null``, ``true``, ``12``."""
    return found if isinstance(found, str) else json_text(found).decode()


def _number(found: Any) -> Number | None:
    """Read a number, or a text that is one."""
    if isinstance(found, bool):
        return None
    if isinstance(found, Number):
        return found
    form = _NUMBER.fullmatch(found) if isinstance(found, str) else None
    if form is None:
        return None
    return float(found) if form["fraction"] else int(found)
