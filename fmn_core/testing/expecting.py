"""What every check says if something is wrong. Floor F4."""

from __future__ import annotations


def expect(condition: bool, otherwise: str) -> None:
    """Go on if a condition holds.

    :param otherwise: what is wrong, with which rule, summary or backend
    :raises AssertionError: if it does not
    """
    if not condition:
        raise AssertionError(otherwise)
