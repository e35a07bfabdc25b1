"""The nouns of the whole system as frozen dataclasses, without behaviour of their own. Floor F0."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

#: words of a topic before the application: two of prefix, one of environment (``org.fedoraproject.prod``)
PREFIX_WORDS = 3


class Severity(enum.IntEnum):
    """How much a message matters, in the numbers of fedora-messaging."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Role(enum.StrEnum):
    """What a person or group is to a package."""

    OWNER = "owner"
    COMAINTAINER = "comaintainer"
    WATCHER = "watcher"


ALL_ROLES = frozenset(Role)
COMMIT_ROLES = frozenset({Role.OWNER, Role.COMAINTAINER})


@dataclass(frozen=True)
class Facts:
    """What is derived from a message, as plain values: the form in which it travels to a backend.

    :param title: the topic without prefix and environment
    :param summary: one line, never empty
    :param details: longer text, possibly empty
    :param url: where to read on, if there is such a place
    :param agent: the account that caused the message
    :param thread: stable key of the thing the message is about
    :param event: what happened, in a few words of which the last says how: ``build started``. Digests count by it
    """

    title: str
    summary: str
    details: str = ""
    url: str | None = None
    app: str = ""
    agent: str | None = None
    usernames: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    thread: str = ""
    event: str = ""


class FactsOf(Protocol):
    """Read access to facts, whether computed on demand or long since."""

    @property
    def title(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def details(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def app(self) -> str: ...
    @property
    def agent(self) -> str | None: ...
    @property
    def usernames(self) -> frozenset[str]: ...
    @property
    def packages(self) -> frozenset[str]: ...
    @property
    def thread(self) -> str: ...
    @property
    def event(self) -> str: ...


@lru_cache(maxsize=10_000)
def topic_words(topic: str) -> tuple[str, str]:
    """Split a topic into application and title.

    :returns: the fourth word (empty where there is none) and everything from it on (the topic itself where it is
        too short to have a prefix)
    """
    words = topic.split(".", PREFIX_WORDS)
    if len(words) <= PREFIX_WORDS:
        return "", topic
    title = words[PREFIX_WORDS]
    return title.partition(".")[0], title


@dataclass(frozen=True)
class Message:
    """One bus message in our normal form, whatever its age and envelope.

    :param id: a UUID, or ``<year>-<uuid>`` from the fedmsg time
    :param topic: dotted, ``<tld>.<org>.<env>.<app>.<event…>``
    :param body: the payload, a JSON object
    :param headers: the bus headers; ``username`` holds the publishing account of an old envelope
    :param sent_at: when it was published, in UTC; None where the message does not say
    :param facts: what a :class:`fmn_core.SummaryBook` derives; computed on demand once the message is described
    """

    id: str
    topic: str
    body: Mapping[str, Any]
    headers: Mapping[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None
    severity: int = Severity.INFO
    facts: FactsOf = field(default=Facts("", "not described yet"), compare=False, repr=False)

    @property
    def app(self) -> str:
        """The application that published it: the fourth word of the topic, or nothing."""
        return topic_words(self.topic)[0]


def of_topic(topic: str) -> Message:
    """Return a message of which nothing is known but the topic, for rules that it decides alone."""
    return Message("", topic, {}, facts=Facts(topic_words(topic)[1], "a message", app=topic_words(topic)[0]))


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule as a filter uses it: its identifier, the arguments as they were given, and whether it is negated."""

    rule: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A name and rules that must all hold. A filter without rules never matches.

    :param id: unique over all filters; empty before it is stored
    :param oneshot: becomes inactive after its first notification
    :param shot: id of the message that took the one shot; empty while nobody has
    """

    id: str
    name: str
    rules: tuple[RuleUse, ...] = ()
    active: bool = True
    oneshot: bool = False
    shot: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address of a user for a backend; it receives only once it is confirmed, and not while it is suspended.

    :param suspended: why nothing is sent there any more; empty while all is well
    """

    address: str
    confirmed: bool = False
    suspended: str = ""

    @property
    def receives(self) -> bool:
        """Whether notifications go there."""
        return self.confirmed and not self.suspended


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """When notifications are collected, and when what was collected is sent. By default nothing is collected.

    :param on: collect, and send when the first of the three that are set is due: ``every``, ``count``, ``at``
    :param every: seconds after the oldest one was collected
    :param count: as soon as there are so many
    :param at: hours of the day in the user's time zone, as ``08:00``
    :param zone: time zone, by its name in the IANA database
    :param quiet: when nothing is sent, as ``22:00-07:00``: it is collected and sent afterwards; empty for never
    :param per_hour: notifications an hour at most to one destination, what is over is collected; None for any number
    """

    on: bool = False
    every: float | None = None
    count: int | None = None
    at: tuple[str, ...] = ()
    zone: str = "UTC"
    quiet: str = ""
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """One user's settings for one backend.

    :param id: unique over all preferences; empty before it is stored
    :param filters: in the user's order; the first that matches wins
    :param presentation: switches that the backend reads, such as ``verbose``
    :param digest: what is collected and sent together
    :param revision: grows with each change of the store, so that the newer of two copies is known
    :param barred: why nothing at all is sent, while the account is disabled
    """

    id: str
    user: str
    backend: str
    enabled: bool = False
    destinations: tuple[Destination, ...] = ()
    filters: tuple[Filter, ...] = ()
    presentation: Mapping[str, Any] = field(default_factory=dict)
    digest: DigestPlan = DigestPlan()
    revision: int = 0
    barred: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """An account and all its preferences, one for each backend."""

    name: str
    preferences: tuple[Preference, ...] = ()


class Purpose(enum.StrEnum):
    """Why there is a notification: somebody wished it, or FMN itself has something to say."""

    WISH = "wish"
    NOTICE = "notice"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Links:
    """Pages about a notification or a digest, made by delivery; empty where there is no such page.

    :param filter: where the user changes the filter that asked for it
    :param unsubscribe: switches off what asked for it, by a POST without login (RFC 8058); a GET asks first
    """

    filter: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True)
class Notification:
    """One message for one user through one backend at one destination, complete: a backend needs nothing else.

    What FMN itself has to say comes in the same form, for the same method: no filter, the text in ``facts.details``.

    :param id: from :func:`notification_id`, so the same on every retry
    :param preference: id of the preference it came from, by which delivery learns that it was switched off
    :param filter_rules: the titles of the filter's rules, in words, made by delivery
    """

    id: str
    message_id: str
    topic: str
    sent_at: datetime | None
    facts: Facts
    user: str
    backend: str
    destination: str
    preference: str
    filter_id: str
    filter_name: str
    oneshot: bool = False
    severity: int = Severity.INFO
    presentation: Mapping[str, Any] = field(default_factory=dict)
    purpose: Purpose = Purpose.WISH
    links: Links = Links()
    filter_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Notifications of one user that go to one destination as one, oldest first.

    :param id: the same on every retry, as long as they are the same notifications
    :param reason: why they were collected, for people: "every hour"
    :param presentation: switches of the preference as they are now; ``verbose`` asks for details too
    :param links: ``unsubscribe`` switches off all filters that had a part in it
    """

    id: str
    user: str
    backend: str
    destination: str
    notifications: tuple[Notification, ...]
    reason: str = ""
    presentation: Mapping[str, Any] = field(default_factory=dict)
    links: Links = Links()


class Outcome(enum.StrEnum):
    """What became of a notification, in the words of the ledger."""

    QUEUED = "queued"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


def notification_id(message_id: str, user: str, backend: str, destination: str) -> str:
    """Derive the id of a notification: 32 hex digits that are the same whenever and wherever it is computed."""
    text = "\0".join((message_id, user, backend, destination))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
