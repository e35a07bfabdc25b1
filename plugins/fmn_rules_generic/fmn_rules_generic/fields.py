"""The rule that compares one field of a message's body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from fmn_core import Arguments, FmnError, Message, rule

from .comparisons import Operator, Test, comparison
from .expressions import IgnoreCase, json_text


class MissingFieldError(FmnError):
    """The message has no such field: the filter does not match, whether the rule is negated or not."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the message has no field {path!r}")


def _worded(value: Any) -> Any:
    """Take numbers and booleans of a JSON or TOML file for their words."""
    return json_text(value).decode() if isinstance(value, bool | int | float) else value


class FieldTest(Arguments):
    """A place in the body and what must be true of what is there."""

    path: str = Field(
        title="Field",
        description="Names of fields, joined by dots: `update.status`. A list on the way stands for each of its items.",
        pattern=r"^[^.]+(\.[^.]+)*$",
        max_length=256,
    )
    operator: Operator = Field(title="Comparison", description="How the field is compared with the value.")
    value: Annotated[str, BeforeValidator(_worded)] = Field(
        default="", title="Value", description="Not needed for `exists`.", max_length=256, validate_default=True
    )
    ignore_case: IgnoreCase = False

    @field_validator("value")
    @classmethod
    def _fits_operator(cls, value: str, info: ValidationInfo) -> str:
        operation: Operator = info.data.get("operator", "exists")
        if not value and operation != "exists":
            raise ValueError(f"{operation!r} needs a value to compare with")
        comparison(operation, value)
        return value

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The path, split."""
        return tuple(self.path.split("."))

    @cached_property
    def test(self) -> Test:
        """The comparison, made once."""
        return comparison(self.operator, self.value, self.ignore_case)


def places(value: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    """Yield what stands at a path, once for each way through the lists that lie on it."""
    if not keys:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from places(item, keys)
    elif isinstance(value, Mapping) and keys[0] in value:
        yield from places(value[keys[0]], keys[1:])


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _items(item)
    else:
        yield value


@rule("field_filter")
def field(message: Message, arguments: FieldTest) -> bool:
    """A field of the message

    Compares a field of the body with a value. Where the path leads to or through a list, it is enough that one of the
    items compares as asked. A text is compared as it is, anything else as JSON writes it (`true`, `null`, `12`).
    `>` and `<` compare numbers, and texts by the alphabet where the value is not a number, such as a date.

    A message without the field never matches, not even with the rule negated, except that `exists` tells just that.
    """
    found = list(places(message.body, arguments.keys))
    if arguments.operator == "exists":
        return bool(found)
    if not found:
        raise MissingFieldError(arguments.path)
    return any(arguments.test(item) for value in found for item in _items(value))


RULES = (field,)
