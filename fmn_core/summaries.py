"""Summary: what a plugin can say of messages; and the fallback that is never empty. Floor F1."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from .model import Facts, Message, topic_words

log = logging.getLogger(__name__)

#: topics whose summary is remembered; more than the bus has, so that odd ones cannot fill the memory
_TOPICS = 10_000


def dig(value: Any, *path: str) -> Any:
    """Follow keys into nested objects of a body, whatever is in there.

    :returns: what is found; None where a key is missing or something else than an object stands on the way
    """
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def as_text(value: Any) -> str:
    """Return text and whole numbers of a body as text, anything else as nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


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
        """Return the accounts the message is about; the agent is mostly one of them."""
        return ()

    def packages(self, message: Message) -> Iterable[str]:
        """Return the packages the message is about: plain names, or ``namespace/name`` outside ``rpms``."""
        return ()

    def thread(self, message: Message) -> str:
        """Return a stable key of the thing the message is about, such as ``koji/build/12``."""
        return f"message/{message.id}"

    def event(self, message: Message) -> str:
        """Return what happened in a few words, of which the last says how: ``build started``. Digests count by it."""
        return topic_words(message.topic)[1].partition(".")[2].replace(".", " ")


FALLBACK = Summary()


# What a plugin answers is held to the declared type, so that nobody behind it has to.


def _names(value: Any) -> frozenset[str]:
    return frozenset([v for v in value if v and isinstance(v, str)])


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text_only(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"it must be text, not {value!r:.50}")
    return value


def _some_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"it must be text, not {value!r:.50}")
    return value


def _line(value: Any) -> str:
    return " ".join(_some_text(value).split())


Value = TypeVar("Value")

_FACTS = tuple(field.name for field in dataclasses.fields(Facts))


class _Fact(Generic[Value]):
    """A fact that is computed when it is first asked for; from then on it is an ordinary attribute.

    :param checked: holds an answer to the declared type, or raises
    """

    def __init__(self, checked: Callable[[Any], Value]) -> None:
        self._checked = checked

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, facts: LiveFacts, owner: type) -> Value:
        name = self._name
        try:
            value = self._checked(getattr(facts._summary, name)(facts._message))
        except Exception as error:
            log.debug(
                "%s of message %s: %s raised %r; the fallback serves",
                name, facts._message.id, type(facts._summary).__name__, error,
            )  # fmt: skip
            value = self._checked(getattr(FALLBACK, name)(facts._message))
        facts.__dict__[name] = value
        return value


class LiveFacts:
    """Facts of one message, each computed when it is first asked for and kept."""

    summary = _Fact(_line)
    details = _Fact(_text)
    url = _Fact(_text_or_none)
    agent = _Fact(_text_or_none)
    usernames = _Fact(_names)
    packages = _Fact(_names)
    thread = _Fact(_some_text)
    event = _Fact(_text_only)

    def __init__(self, message: Message, summary: Summary) -> None:
        self._message = message
        self._summary = summary

    @property
    def app(self) -> str:
        """The fourth word of the topic."""
        return topic_words(self._message.topic)[0]

    @property
    def title(self) -> str:
        """The topic without prefix and environment."""
        return topic_words(self._message.topic)[1]

    def freeze(self) -> Facts:
        """Compute every fact and return them as plain values."""
        facts = object.__new__(Facts)  # a third of the time that the constructor takes
        facts.__dict__.update([(name, getattr(self, name)) for name in _FACTS])
        return facts


class SummaryBook:
    """All summaries by application. The last resort is the base class."""

    def __init__(self, summaries: Iterable[Summary] = (), otherwise: Summary = FALLBACK) -> None:
        self._by_app: dict[str, Summary] = {}
        self._by_topic: dict[str, Summary] = {}
        self._otherwise = otherwise
        for summary in summaries:
            self.add(summary)

    def add(self, summary: Summary) -> None:
        """Let a summary describe its applications; the first to claim one keeps it."""
        for app in summary.apps:
            self._by_app.setdefault(app, summary)
        self._by_topic.clear()

    def summary_for(self, topic: str) -> Summary:
        """Return the summary that describes messages of a topic."""
        known = self._by_topic.get(topic)
        if known is None:
            if len(self._by_topic) >= _TOPICS:
                self._by_topic.clear()
            known = self._by_topic[topic] = self._by_app.get(topic_words(topic)[0], self._otherwise)
        return known

    def describe(self, message: Message) -> Message:
        """Return the message with live facts, which read the one that was given."""
        described = object.__new__(Message)  # a third of the time that dataclasses.replace would take
        described.__dict__.update(message.__dict__, facts=LiveFacts(message, self.summary_for(message.topic)))
        return described


def freeze(facts: Any) -> Facts:
    """Return facts as plain values, whether they are live or plain already."""
    return facts if isinstance(facts, Facts) else facts.freeze()
