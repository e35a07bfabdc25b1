"""Documents: the parts of a user's settings as they are written, each checked against what is installed. Floor F2."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from fmn_core.backends import Backend
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.rules import Rule, RuleBook

#: seconds between two digests
SHORTEST, LONGEST = 20, 31 * 86_400
#: unknown rules of one document for which it is looked what comes near
_MISSES = 20
#: times of a day at which a digest is sent
_TIMES = 1440

#: categories of characters that end a line, steer a terminal, or are no characters (which a database refuses)
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Installed:
    """What the plugins offer, against which a document is checked.

    :ivar misses: rules that were named and are not there, of this document
    """

    rules: RuleBook
    backends: Mapping[str, Backend]
    misses: list[str] = field(default_factory=list, compare=False)

    def rule(self, identifier: str) -> Rule:
        """Return a rule.

        :raises UsageError: naming what comes near, for the first few; it takes milliseconds to find
        """
        if identifier not in self.rules:
            self.misses.append(identifier)
            if len(self.misses) > _MISSES:
                raise UsageError(f"no rule is named {identifier!r}")
        return self.rules.get(identifier)


def _installed(info: ValidationInfo) -> Installed:
    return cast(Installed, info.context)


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return _printable(text)


def _printable(text: str) -> str:
    odd = [character for character in text if unicodedata.category(character) in _NO_TEXT]
    if odd:
        raise ValueError(f"it holds {odd[0]!a}, which is no printable character")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone is named {name[:60]!r}; write one such as 'Europe/Prague' or 'UTC'") from None
    return name


def _finite(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    json.dumps(value, allow_nan=False)  # raises ValueError where a number is infinite or none
    return value


Line = Annotated[str, StringConstraints(max_length=320), AfterValidator(_one_line)]
FilterName = Annotated[str, StringConstraints(max_length=50), AfterValidator(_one_line)]
Remark = Annotated[str, StringConstraints(max_length=320), AfterValidator(_printable)]
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
Clock = Annotated[str, StringConstraints(pattern=f"^{_CLOCK}$")]
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
            _installed(info).rule(self.rule).parse(self.arguments)
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
    suspended: Remark = ""


class DigestPart(Part):
    """When notifications are collected and sent; without one nothing is collected."""

    on: bool = False
    every: Annotated[float, Field(ge=SHORTEST, le=LONGEST)] | None = None
    count: Annotated[int, Field(ge=2)] | None = None
    at: Annotated[list[Clock], Field(max_length=_TIMES)] = []
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    quiet: Annotated[str, StringConstraints(pattern=f"^({_CLOCK}-{_CLOCK})?$")] = ""
    per_hour: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _says_when(self) -> DigestPart:
        if self.on and not (self.every or self.count or self.at):
            raise ValueError("it is on and says nowhere when it is sent: give 'every', 'count' or 'at'")
        start, _, end = self.quiet.partition("-")
        if self.quiet and start == end:
            raise ValueError(f"quiet {self.quiet!r} has no end: nothing would ever be sent")
        return self


class PreferencePart(Part):
    """The settings for one backend."""

    backend: str
    enabled: bool = False
    presentation: Json = {}
    digest: DigestPart = DigestPart()
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
    "rules": RulePart, "digest": DigestPart,
}  # fmt: skip
