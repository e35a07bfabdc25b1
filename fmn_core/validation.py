"""Validation: whether a message keeps to the schema that its headers name, decided as fedora-messaging does. Floor F2.

The library checks the schema itself anew for each message, which takes milliseconds. Here a class is checked once, and
its validators are kept. Two engines: jsonschema-rs, and for what it does not take the one that the library uses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint
from typing import Any

from .model import Message
from .schemas import PLAIN_SCHEMA, SCHEMA_HEADER, SchemaClasses, installed_schemas

log = logging.getLogger(__name__)

#: characters of a value that a reason quotes, at its beginning and at its end
QUOTED = 90


#: returns the first violation and where it is, or None
_Engine = Callable[[Any], "tuple[str, Iterable[str | int]] | None"]


class Validator:
    """Holds messages against their schemas. One object may serve many threads.

    A schema that cannot be used is one warning, and its messages pass: better one odd message than none of its kind.

    :param schemas: returns the entry points of the schema classes
    """

    def __init__(self, schemas: Callable[[], Iterable[EntryPoint]] = installed_schemas) -> None:
        self._classes = SchemaClasses(schemas)
        self._checks: dict[str, tuple[_Check, ...]] = {}

    def reason(self, message: Message) -> str | None:
        """Return why a message is invalid, in one sentence; None if it is valid."""
        name = message.headers.get(SCHEMA_HEADER, PLAIN_SCHEMA)
        if not isinstance(name, str) or self._classes.named(name) is None:
            name = PLAIN_SCHEMA  # headers that are wrong are found by its schema of headers
        if name not in self._checks:
            self._checks[name] = self._build(name)
        for check in self._checks[name]:
            if (reason := check.reason(message)) is not None:
                return reason
        return None

    def _build(self, name: str) -> tuple[_Check, ...]:
        """Make the checks of a class and of the plain one, which every message has to pass."""
        classes = [one for one in (self._classes.named(PLAIN_SCHEMA), self._classes.named(name)) if one]
        checks = [
            _Check(part, getattr(one, f"{part}_schema", None), name) for part in ("headers", "body") for one in classes
        ]
        return tuple({repr(check.schema): check for check in checks}.values())


class _Check:
    """Holds one part of messages against one schema.

    :param part: ``headers`` or ``body``
    :param name: of the schema class, for the reason and the log
    """

    def __init__(self, part: str, schema: Any, name: str) -> None:
        self.schema = schema
        self._part, self._name = part, name
        self._warned = False
        self._engines: tuple[_Engine, ...] = ()
        try:
            self._engines = _engines(schema)
        except Exception as error:
            self._give_up(error)

    def reason(self, message: Message) -> str | None:
        value: Mapping[str, Any] = getattr(message, self._part)
        for engine in self._engines:
            try:
                found = engine(dict(value))
            except Exception as error:
                failure = error
            else:
                return self._said(*found) if found else None
        if self._engines:
            self._give_up(failure)
        return None

    def _said(self, problem: str, path: Iterable[str | int]) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path)
        return f"{self._part}{where} does not fit schema {self._name!r}: {_short(problem)}"

    def _give_up(self, error: Exception) -> None:
        if not self._warned:
            log.warning(
                "the schema of the %s of %r cannot be used, messages pass without it: %s",
                self._part, self._name, _short(str(error) or repr(error)),
            )  # fmt: skip
        self._warned = True


def _engines(schema: Any) -> tuple[_Engine, ...]:
    """Return what checks values, the quick one first, if it takes this schema.

    :raises Exception: if none does
    """
    slow = _slow(schema)
    try:
        return _quick(schema), slow
    except Exception as error:  # of a kind of its own for each way in which a schema is wrong to it
        log.debug("jsonschema-rs does not take a schema: %s", error)
        return (slow,)


def _quick(schema: Any) -> _Engine:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(schema, validate_formats=False, retriever=_no_retrieval)

    def check(value: Any) -> tuple[str, Iterable[str | int]] | None:
        if validator.is_valid(value):
            return None
        return _first(validator.iter_errors(value), "instance_path")

    return check


def _slow(schema: Any) -> _Engine:
    import referencing
    from jsonschema import Draft202012Validator, validators

    kind = validators.validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    # a registry of its own keeps it from asking the network for what the schema refers to
    validator = kind(schema, registry=referencing.Registry())
    return lambda value: _first(validator.iter_errors(value), "absolute_path")


def _no_retrieval(uri: str) -> Any:
    raise LookupError(f"{uri} is not part of the schema")


def _first(errors: Iterable[Any], path: str) -> tuple[str, Iterable[str | int]] | None:
    error = next(iter(errors), None)
    return None if error is None else (error.message, getattr(error, path))


def _short(text: str) -> str:
    """Cut the middle out of a text that is too long, and make it one line."""
    line = " ".join(text.split())
    return line if len(line) <= 2 * QUOTED + 1 else f"{line[:QUOTED]}…{line[-QUOTED:]}"
