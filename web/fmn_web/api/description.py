"""Description: the API in the words of OpenAPI 3.1, made from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from .operation import ROOT, Operation
from .problems import TYPE, Problem

_REFERENCE = "#/components/schemas/{model}"
_JSON = "application/json"
#: what can go wrong with any call, and with some
_ALWAYS = (400, 401, 404, 405, 413, 429, 503)
_WORDS = {
    400: "It cannot be read", 401: "No token, or none that is known", 403: "The token may not change anything",
    404: "There is no such thing", 405: "That cannot be done here", 412: "It was changed meanwhile",
    413: "It is too long", 415: "It is no JSON", 422: "Something in it is wrong",
    428: "Say which version you have seen: If-Match", 429: "Too many calls", 503: "The database gives no answer",
}  # fmt: skip

Value = dict[str, Any]


def describe(operations: Iterable[Operation], place: str) -> Value:
    """Describe the API.

    :param place: the URL that the paths stand behind
    """
    table = list(operations)
    schemas, definitions = _schemas(table)
    paths: dict[str, Value] = {}
    for one in table:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "FMN", "version": "1", "description": "What you want to hear of, and what became of it."},
        "servers": [{"url": place.rstrip("/") + ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions,
        },
    }


def _schemas(table: list[Operation]) -> tuple[dict[tuple[str, str], Value], Value]:
    """Return the schema of what each operation takes and gives, and all that these refer to."""
    inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [("problem", "serialization", TypeAdapter(Problem))]
    for one in table:
        if one.answer is not None:
            inputs.append((f"{one.name} answer", "serialization", TypeAdapter(one.answer)))
        if one.body is not None:
            inputs.append((f"{one.name} body", "validation", TypeAdapter(one.body)))
        if one.query is not None:
            inputs.append((f"{one.name} query", "validation", TypeAdapter(one.query)))
    found, whole = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
    definitions: Value = whole.get("$defs", {})
    for one in definitions.values():
        if "description" in one:
            one["description"] = one["description"].partition("\n\n:")[0]  # what is for programmers of ours ends it
    return {(str(name), mode): schema for (name, mode), schema in found.items()}, definitions


def _operation(one: Operation, schemas: dict[tuple[str, str], Value]) -> Value:
    described: Value = {"operationId": one.name, "summary": one.summary, "parameters": list(_parameters(one))}
    if one.body is not None:
        content = {_JSON: {"schema": schemas[f"{one.name} body", "validation"]}}
        described["requestBody"] = {"required": True, "content": content}
    answer = schemas.get((f"{one.name} answer", "serialization"))
    success: Value = {"description": "Done", **({"content": {_JSON: {"schema": answer}}} if answer else {})}
    problem = {TYPE: {"schema": schemas["problem", "serialization"]}}
    failures = {str(status): {"description": _WORDS[status], "content": problem} for status in _failures(one)}
    return described | {"responses": {str(one.status): success, **failures}}


def _failures(one: Operation) -> list[int]:
    more = [
        *([403] if one.writes else []),
        *([412, 428] if one.versioned else []),
        *([415] if one.body else []),
        *([422] if one.body or one.query or one.writes else []),
    ]
    return sorted([*_ALWAYS, *more])


def _parameters(one: Operation) -> Iterable[Value]:
    for name in re.findall(r"{(\w+)}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    if one.versioned:
        text = "The version that you have seen: `ETag` of the answer that had it."
        yield {"name": "If-Match", "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
    if one.query is not None:
        schema = one.query.model_json_schema(ref_template=_REFERENCE)
        for name, field in schema["properties"].items():
            yield {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": field}
