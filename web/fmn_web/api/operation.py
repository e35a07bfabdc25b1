"""Operation: one thing that the API can do. Routes, policy, description and tests are all made from the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from fmn_core.store import Token
from fmn_web.parts import Parts

#: where all of it is
ROOT = "/api/v1"


@dataclass(frozen=True)
class Call:
    """What somebody asks for, read and checked.

    :param user: for whom the program comes
    :param path: what stands in the place of ``{NAME}`` in the path
    :param query: an instance of the operation's ``query``
    :param body: an instance of the operation's ``body``
    :param token: by which it came
    :param version: what the program says it has seen (``If-Match``); empty for nothing
    """

    parts: Parts
    user: str
    path: Mapping[str, str]
    query: Any
    body: Any
    token: Token
    version: str = ""


@dataclass(frozen=True)
class Answer:
    """What comes of it.

    :param content: a value of the operation's ``answer``
    """

    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """Something that can be asked for.

    :param name: unique; the name of the route and of the operation in the description
    :param path: below :data:`ROOT`, with ``{NAME}`` for what varies
    :param do: does it; what it raises becomes a problem, see :mod:`fmn_web.api.problems`
    :param answer: the type of what comes back; None for nothing
    :param body: what has to be sent along
    :param query: what can be said behind the path
    :param status: of success
    :param writes: whether a token must be allowed to change things
    :param versioned: whether the program has to say which version it has seen
    """

    name: str
    method: str
    path: str
    summary: str
    do: Callable[[Call], Answer]
    answer: Any = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    writes: bool = False
    versioned: bool = False

    @property
    def endpoint(self) -> str:
        """The name of the route in the application."""
        return f"api.{self.name}"
