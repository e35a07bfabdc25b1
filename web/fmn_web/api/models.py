"""Models: what the API takes and gives, beside what the store's documents and the core's own types say already."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from fmn_core.matching import Explanation
from fmn_core.store.documents import DigestPart, FilterPart, Line

Item = TypeVar("Item")
#: a place in a list, as the answer before gave it
Cursor = Annotated[str, Field(max_length=500, description="`next` of the answer before; empty for the first one.")]


class Sent(BaseModel):
    """Base of what is sent: nothing is guessed, and an unknown name is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Base of what is said behind the path, where all is text; an unknown name is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of a list.

    :ivar next: what to ask on with; empty at the end
    """

    items: list[Item]
    next: str = ""


class Me(BaseModel):
    """For whom the program comes."""

    user: str
    mail: str
    token: str
    may_change: bool


class Rule(BaseModel):
    """A rule as a filter uses it.

    :ivar installed: false if its plugin is gone; then the filter lets nothing through
    """

    rule: str
    arguments: dict[str, Any]
    negated: bool
    installed: bool


class Filter(BaseModel):
    """A filter.

    :ivar words: what it lets through, in one line
    :ivar version: by which two versions are told apart
    """

    id: str
    backend: str
    name: str
    active: bool
    oneshot: bool
    rules: list[Rule]
    words: str
    version: str


class Destination(BaseModel):
    """An address, and what is to be done about it.

    :ivar suspended: why nothing is sent there; empty while all is well
    """

    address: str
    confirmed: bool
    suspended: str
    state: str


class Preference(BaseModel):
    """What somebody has for one backend."""

    backend: str
    title: str
    enabled: bool
    digest: DigestPart
    destinations: list[Destination]
    filters: list[Filter]


class PreferenceChange(Sent):
    """What shall be different; what is not named stays as it is."""

    enabled: bool | None = None
    digest: DigestPart | None = None


class Address(Sent):
    """An address."""

    address: Line


class Asked(BaseModel):
    """What became of an address: a message is on its way there, or it is confirmed."""

    address: str
    state: str


class Switch(Sent):
    """On or off."""

    active: bool


class Order(Sent):
    """Ids of filters in their order; those that are not named stay behind."""

    filters: list[Annotated[str, Field(max_length=20)]] = Field(max_length=1000)


class Wish(Sent):
    """A filter to be tried.

    :ivar saved: id of the filter that it is held against
    """

    filter: FilterPart
    saved: Annotated[str, Field(max_length=20)] = ""


class Example(BaseModel):
    """A message."""

    id: str
    topic: str
    summary: str
    url: str
    at: datetime | None


class Forecast(BaseModel):
    """What a filter would have let through in the last days.

    :ivar of: recorded messages of that time
    :ivar exact: false if it is an estimate
    """

    per_day: float
    total: int
    of: int
    days: float
    exact: bool
    warnings: list[str]
    latest: list[Example]
    gained: list[Example]
    lost: list[Example]


class Notification(BaseModel):
    """What became of a notification."""

    id: str
    message: str
    backend: str
    destination: str
    filter: str
    filter_name: str
    summary: str
    thread: str
    outcome: str
    words: str
    attempts: int
    at: datetime
    until: datetime | None


class Why(BaseModel):
    """What became of a notification, and why; no explanation where the message is not recorded any more."""

    notification: Notification
    explanation: Explanation | None


class Mute(BaseModel):
    """A thread of which nothing is heard."""

    thread: str
    until: datetime


class MuteWish(Sent):
    """A thread to hear nothing of, for so many hours."""

    thread: Annotated[str, Field(min_length=1, max_length=1000)]
    hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24


class Change(BaseModel):
    """A change of preferences."""

    id: str
    at: datetime
    backend: str
    by: str
    words: list[str]


class OfferedRule(BaseModel):
    """A rule that can be used.

    :ivar description: Markdown
    :ivar arguments: JSON schema
    """

    rule: str
    plugin: str
    title: str
    description: str
    arguments: dict[str, Any]


class OfferedBackend(BaseModel):
    """A way of delivery."""

    backend: str
    title: str
    address: str
