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
    """

    id: str
    name: str
    rules: tuple[RuleUse, ...] = ()
    active: bool = True
    oneshot: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """An address of a user for a backend; it receives only once it is confirmed."""

    address: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Preference:
    """One user's settings for one backend.

    :param id: unique over all preferences; empty before it is stored
    :param filters: in the user's order; the first that matches wins
    :param presentation: switches that the backend reads, such as ``verbose``; and later those of digests
    :param revision: grows with each change of the store, so that the newer of two copies is known
    """

    id: str
    user: str
    backend: str
    enabled: bool = False
    destinations: tuple[Destination, ...] = ()
    filters: tuple[Filter, ...] = ()
    presentation: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """An account and all its preferences, one for each backend."""

    name: str
    preferences: tuple[Preference, ...] = ()


@dataclass(frozen=True)
class Notification:
    """One message for one user through one backend at one destination, complete: a backend needs nothing else.

    :param id: from :func:`notification_id`, so the same on every retry
    :param preference: id of the preference it came from, by which delivery learns that it was switched off
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


@dataclass(frozen=True, slots=True)
class Digest:
    """Notifications of one user that go to one destination as one."""

    user: str
    backend: str
    destination: str
    notifications: tuple[Notification, ...]


class Outcome(enum.StrEnum):
    """What became of a notification, in the words of the ledger."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


def notification_id(message_id: str, user: str, backend: str, destination: str) -> str:
    """Derive the id of a notification: 32 hex digits that are the same whenever and wherever it is computed."""
    text = "\0".join((message_id, user, backend, destination))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
