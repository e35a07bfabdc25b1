"""Acting: who does what is done now, and which way, for whoever writes that down. Floor F1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something.

    :param name: of an account; empty where nobody is known
    :param way: how: ``web``, ``api``, ``link``, ``command`` or the name of a backend; empty for FMN by itself
    """

    name: str = ""
    way: str = ""


_acting: ContextVar[Actor] = ContextVar("acting", default=Actor())  # noqa: B039 - it is frozen


def actor() -> Actor:
    """Return who acts now, in this thread."""
    return _acting.get()


@contextmanager
def acting(name: str, way: str) -> Iterator[None]:
    """Let what is changed meanwhile, in this thread, be somebody's doing."""
    before = _acting.set(Actor(name, way))
    try:
        yield
    finally:
        _acting.reset(before)
