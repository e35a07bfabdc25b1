"""Problems: whatever goes wrong in the API, as RFC 9457 has it (application/problem+json)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from fmn_core import codec
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.mistakes import in_words
from fmn_core.store import ConflictError

from .operation import ROOT

TYPE = "application/problem+json"
#: mistakes that are told at most, and characters of each sentence: what was sent wrongly need not all come back
MOST_MISTAKES, LONGEST_SENTENCE = 100, 1000


class Mistake(BaseModel):
    """Something that is wrong in what was sent.

    :ivar place: where, as in ``rules.0.arguments``; empty for the whole
    """

    place: str
    problem: str


class Problem(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    mistakes: list[Mistake] = []


class ProblemError(Exception):
    """Ends a call.

    :param detail: one sentence
    """

    def __init__(
        self, status: int, detail: str, mistakes: Sequence[Mistake] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.detail, self.mistakes, self.headers = status, detail, list(mistakes), dict(headers or {})
        super().__init__(detail)


def is_wanted() -> bool:
    """Tell whether whoever asks is a program."""
    return f"{request.path}/".startswith(f"{ROOT}/")


def as_problem(
    status: int, detail: str = "", mistakes: Sequence[Mistake] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Make the answer."""
    problem = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=_cut(detail), mistakes=list(mistakes[:MOST_MISTAKES])
    )
    body: dict[str, Any] = problem.model_dump(exclude_defaults=True)
    response = Response(codec.dumps({"type": problem.type, **body}), status, mimetype=TYPE)
    response.headers.extend(headers or {})
    return response


def mistakes_of(error: ValidationError) -> list[Mistake]:
    """Return what pydantic found wrong, in words."""
    some = itertools.islice(error.errors(include_url=False), MOST_MISTAKES)
    return [Mistake(place=_cut(".".join(map(str, one["loc"]))), problem=_cut(in_words(one))) for one in some]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SENTENCE else f"{text[: LONGEST_SENTENCE - 1]}…"


def from_http(error: HTTPException) -> Response:
    """Say as a problem what ends a request before a call begins."""
    said = error.get_response().headers
    kept = {name: said[name] for name in ("Allow", "Retry-After") if name in said}
    return as_problem(error.code or 500, error.description or "", headers=kept)


def answered(app: Flask) -> None:
    """Let the application turn what calls raise into problems."""

    @app.errorhandler(ProblemError)
    def problem(error: ProblemError) -> Response:
        return as_problem(error.status, error.detail, error.mistakes, error.headers)


def from_core(error: UsageError) -> ProblemError:
    """Say what the core refuses in the words of HTTP."""
    if isinstance(error, ConflictError):
        return ProblemError(412, str(error))
    return ProblemError(404 if isinstance(error, UnknownNameError) else 422, str(error))
