"""Summary: what a plugin can say of messages; and the fallback that is never empty. Floor F1."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import Any

from .model import Facts, Message, topic_words

log = logging.getLogger(__name__)

_NAMES = frozenset({"usernames", "packages"})


def dig(value: Any, *path: str) -> Any:
    """Follow keys into nested objects of a body, whatever is in there.

    :returns: what is found; None where a key is missing or something else than an object stands on the way
    """
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


class Summary:
    """Derives facts from messages. Plugins subclass it and override what they know better.

    Every method may raise on an odd body: the fact then comes from this base class, the message is delivered all the
    same. Methods are pure functions of the message.
    """

    #: applications (fourth word of the topic) whose messages this summary describes
    apps: tuple[str, ...] = ()

    def summary(self, message: Message) -> str:
        """Return one line that says what happened to what."""
        return topic_words(message.topic)[1] or message.topic or "a message without topic"

    def details(self, message: Message) -> str:
        """Return longer text, or nothing."""
        return ""

    def url(self, message: Message) -> str | None:
        """Return where to read on."""
        return None

    def agent(self, message: Message) -> str | None:
        """Return the account that caused the message."""
        return None

    def usernames(self, message: Message) -> Iterable[str]:
        """Return the accounts the message is about, the agent included where RULES section 1.2 counts it."""
        return ()

    def packages(self, message: Message) -> Iterable[str]:
        """Return the packages the message is about: plain names, or ``namespace/name`` outside ``rpms``."""
        return ()

    def thread(self, message: Message) -> str:
        """Return a stable key of the thing the message is about, such as ``koji/build/12``."""
        return f"message/{message.id}"


FALLBACK = Summary()


class LiveFacts:
    """Facts of one message, each computed when it is first asked for and kept.

    An attribute that was not asked for yet is an empty slot, so Python calls ``__getattr__`` exactly once for each.
    """

    __slots__ = (
        "_message", "_summary",
        "agent", "app", "details", "packages", "summary", "thread", "title", "url", "usernames",
    )  # fmt: skip

    title: str
    summary: str
    details: str
    url: str | None
    app: str
    agent: str | None
    usernames: frozenset[str]
    packages: frozenset[str]
    thread: str

    def __init__(self, message: Message, summary: Summary) -> None:
        self._message = message
        self._summary = summary

    def __getattr__(self, name: str) -> Any:
        if name in ("app", "title"):
            self.app, self.title = topic_words(self._message.topic)
            return self.app if name == "app" else self.title
        if name not in self.__slots__ or name.startswith("_"):
            raise AttributeError(name)
        value = self._ask(name)
        setattr(self, name, value)
        return value

    def _ask(self, name: str) -> Any:
        try:
            return _checked(name, getattr(self._summary, name)(self._message))
        except Exception as error:
            log.debug(
                "%s of message %s: %s raised %r; the fallback serves",
                name, self._message.id, type(self._summary).__name__, error,
            )  # fmt: skip
            return _checked(name, getattr(FALLBACK, name)(self._message))

    def freeze(self) -> Facts:
        """Compute every fact and return them as plain values."""
        return Facts(**{f.name: getattr(self, f.name) for f in dataclasses.fields(Facts)})


def _checked(name: str, value: Any) -> Any:
    """Hold a plugin's answer to the declared type, so that nobody behind it has to."""
    if name in _NAMES:
        return frozenset([v for v in value if v and isinstance(v, str)])
    if name in ("url", "agent"):
        return value if isinstance(value, str) and value else None
    if name == "details":
        return value if isinstance(value, str) else ""
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{name} must be text, not {value!r:.50}")
    return " ".join(value.split()) if name == "summary" else value


class SummaryBook:
    """All summaries by application. The last resort is the base class."""

    def __init__(self, summaries: Iterable[Summary] = (), otherwise: Summary = FALLBACK) -> None:
        self._by_app: dict[str, Summary] = {}
        self._otherwise = otherwise
        for summary in summaries:
            self.add(summary)

    def add(self, summary: Summary) -> None:
        """Let a summary describe its applications; the first to claim one keeps it."""
        for app in summary.apps:
            self._by_app.setdefault(app, summary)

    def summary_for(self, topic: str) -> Summary:
        """Return the summary that describes messages of a topic."""
        return self._by_app.get(topic_words(topic)[0], self._otherwise)

    def describe(self, message: Message) -> Message:
        """Attach live facts to a message, in place, and return it.

        The message is frozen for everybody else; facts are the one thing that is known only now.
        """
        object.__setattr__(message, "facts", LiveFacts(message, self.summary_for(message.topic)))
        return message


def freeze(facts: Any) -> Facts:
    """Return facts as plain values, whether they are live or plain already."""
    return facts if isinstance(facts, Facts) else facts.freeze()
