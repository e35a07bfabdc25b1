"""The API: what the pages do, for programs. JSON in and out, one table of operations, problems as RFC 9457 has them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, ValidationError

from fmn_core import codec
from fmn_core.errors import DecodeError, UsageError
from fmn_web.parts import Parts
from fmn_web.visitor import visitor

from .description import describe
from .filters import installed
from .operation import ROOT, Call, Operation
from .problems import ProblemError, from_core, mistakes_of
from .table import OPERATIONS

__all__ = ["OPERATIONS", "blueprint"]

#: parts of paths that are strangers' text
_WITH_SLASHES = ("address", "message")


def blueprint(parts: Parts) -> Blueprint:
    """Make the routes."""
    pages = Blueprint("api", __name__, url_prefix=ROOT)
    described = functools.cache(lambda: codec.dumps(describe(OPERATIONS, parts.settings.base_url)))

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return Response(described(), mimetype="application/json")

    for one in OPERATIONS:
        pages.add_url_rule(_route(one.path), one.name, _view(parts, one), methods=[one.method])
    return pages


def _route(path: str) -> str:
    for name in _WITH_SLASHES:
        path = path.replace(f"{{{name}}}", f"<path:{name}>")
    return path.replace("{", "<").replace("}", ">")


def _view(parts: Parts, one: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        return _serve(parts, one, path)

    view.__name__ = one.name  # by which limits tell them apart
    return view


def _serve(parts: Parts, one: Operation, path: Mapping[str, str]) -> Response:
    """Do what a request asks for."""
    try:
        answer = one.do(_call(parts, one, path))
    except ValidationError as error:
        raise ProblemError(422, "Something in it is wrong.", mistakes_of(error)) from None
    except UsageError as error:
        raise from_core(error) from None
    body = b"" if one.answer is None else codec.dumps(plain(answer.content))
    response = Response(body, one.status, mimetype="application/json")
    response.headers.extend(answer.headers)
    return response


def _call(parts: Parts, one: Operation, path: Mapping[str, str]) -> Call:
    query = one.query.model_validate(request.args.to_dict()) if one.query else None
    version = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if one.versioned and not version:
        raise ProblemError(428, "Say which version you have seen, as ETag told it: 'If-Match: \"…\"'.")
    body = _body(parts, one, path) if one.body else None
    return Call(parts, visitor(), path, query, body, g.token, version)


def _body(parts: Parts, one: Operation, path: Mapping[str, str]) -> BaseModel:
    if request.mimetype != "application/json":
        raise ProblemError(415, "Send JSON: 'Content-Type: application/json'.")
    try:
        raw = codec.loads(request.get_data())
    except DecodeError as error:
        raise ProblemError(400, f"What was sent is {error}.") from None
    assert one.body is not None  # noqa: S101 - it was asked before, tells mypy
    return one.body.model_validate(raw, context=installed(parts, path, visitor()))


def plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value), key=str)
    return value.isoformat() if isinstance(value, datetime) else value
