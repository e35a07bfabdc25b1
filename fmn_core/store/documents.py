"""Documents: the parts of a user's settings as they are written, each checked against what is installed. Floor F2."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from fmn_core.backends import Backend
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.rules import RuleBook

#: categories of characters that end a line, steer a terminal, or are no characters (which a database refuses)
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Installed:
    """What the plugins offer, against which a document is checked."""

    rules: RuleBook
    backends: Mapping[str, Backend]


def _installed(info: ValidationInfo) -> Installed:
    return cast(Installed, info.context)


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    odd = [character for character in text if unicodedata.category(character) in _NO_TEXT]
    if odd:
        raise ValueError(f"it holds {odd[0]!a}, which is no printable character")
    return text


def _finite(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    json.dumps(value, allow_nan=False)  # raises ValueError where a number is infinite or none
    return value


Line = Annotated[str, StringConstraints(max_length=320), AfterValidator(_one_line)]
FilterName = Annotated[str, StringConstraints(max_length=50), AfterValidator(_one_line)]
Json = Annotated[dict[str, JsonValue], AfterValidator(_finite)]


class Part(BaseModel):
    """Base of the parts: nothing is guessed, and an unknown name is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RulePart(Part):
    """A rule as a filter uses it."""

    rule: str
    arguments: Json = {}
    negated: bool = False

    @model_validator(mode="after")
    def _is_offered(self, info: ValidationInfo) -> RulePart:
        try:
            _installed(info).rules.get(self.rule).parse(self.arguments)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self


class FilterPart(Part):
    """A filter."""

    name: FilterName
    active: bool = True
    oneshot: bool = False
    rules: list[RulePart] = []


class DestinationPart(Part):
    """A destination."""

    address: Line
    confirmed: bool = False


class PreferencePart(Part):
    """The settings for one backend."""

    backend: str
    enabled: bool = False
    presentation: Json = {}
    destinations: list[DestinationPart] = []
    filters: list[FilterPart] = []

    @field_validator("backend")
    @classmethod
    def _is_installed(cls, name: str, info: ValidationInfo) -> str:
        if name not in _installed(info).backends:
            raise ValueError(str(UnknownNameError("backend", name, _installed(info).backends)))
        return name

    @field_validator("destinations")
    @classmethod
    def _are_addresses(cls, given: list[DestinationPart], info: ValidationInfo) -> list[DestinationPart]:
        """Bring addresses into their backend's form, once it is known to be a backend."""
        if "backend" not in info.data:
            return given
        backend, problems, seen = _installed(info).backends[info.data["backend"]], [], set[str]()
        for destination in given:
            try:
                destination.address = backend.check_address(destination.address)
            except UsageError as error:
                problems.append(str(error))
            if destination.address in seen:
                problems.append(f"{destination.address!r} is there twice")
            seen.add(destination.address)
        if problems:
            raise ValueError("; ".join(problems))
        return given


class UserPart(Part):
    """The whole document."""

    user: Line
    preferences: list[PreferencePart] = []

    @field_validator("preferences")
    @classmethod
    def _are_of_different_backends(cls, given: list[PreferencePart]) -> list[PreferencePart]:
        names = [preference.backend for preference in given]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"there are several for backend {' and '.join(map(repr, twice))}")
        return given


#: the key under which a part stands -> the part
PARTS: dict[str, type[Part]] = {
    "": UserPart, "preferences": PreferencePart, "destinations": DestinationPart, "filters": FilterPart,
    "rules": RulePart,
}  # fmt: skip
