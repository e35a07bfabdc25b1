"""Installed schema packages of fedora-messaging: their classes, and facts for what no plugin describes. Floor F2.

The registry of fedora-messaging itself stops at the first schema package that fails to import. This one loads each
class by itself, and not before a message names it: importing fedora-messaging takes half a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from types import SimpleNamespace
from typing import Any

from .model import Message
from .summaries import Summary

log = logging.getLogger(__name__)

#: entry point group in which schema packages offer their classes
GROUP = "fedora.messages"
#: header that names the entry point of a message's class
SCHEMA_HEADER = "fedora_messaging_schema"
#: the class that knows nothing of its messages
PLAIN_SCHEMA = "base.message"
#: property of a schema class -> what stands before the names it gives
_PACKAGE_KINDS = {"packages": "", "containers": "containers/", "modules": "modules/", "flatpaks": "flatpaks/"}


def installed_schemas() -> Iterable[EntryPoint]:
    """Return the entry points of all installed schema classes."""
    return entry_points(group=GROUP)


class SchemaClasses:
    """The classes of installed schema packages, each loaded when it is first asked for and by itself.

    :param schemas: returns the entry points; called once, when the first class is asked for
    """

    def __init__(self, schemas: Callable[[], Iterable[EntryPoint]] = installed_schemas) -> None:
        self._schemas = schemas
        self._entries: dict[str, EntryPoint] | None = None
        self._classes: dict[str, type[Any] | None] = {}

    def named(self, name: object) -> type[Any] | None:
        """Return the class of a name; None if none is installed under it, or it cannot be imported."""
        if not isinstance(name, str):
            return None
        if self._entries is None:
            self._entries = {entry.name: entry for entry in self._schemas()}
        if name not in self._entries:
            return None
        if name not in self._classes:
            self._classes[name] = _load(self._entries[name])
        return self._classes[name]


class SchemaSummary(Summary):
    """Reads facts off a message's schema class, where its package is installed.

    Every property of such a class may raise on an odd body: the fact is then the fallback's, like any other fact of
    which a summary raises.

    :param schemas: returns the entry points; called once, when the first message names a schema
    """

    def __init__(self, schemas: Callable[[], Iterable[EntryPoint]] = installed_schemas) -> None:
        self._classes = SchemaClasses(schemas)

    def summary(self, message: Message) -> str:
        """See :meth:`Summary.summary`."""
        known = self._known(message)
        summary = known.summary if known else None
        if isinstance(summary, str) and summary.strip() and summary != message.topic:
            return summary
        return super().summary(message)

    def details(self, message: Message) -> str:
        """See :meth:`Summary.details`: the long form of the class, if it has one of its own."""
        known = self._known(message)
        if known is None or "__str__" not in _own_names(type(known)):
            return ""
        details = str(known)
        return "" if details == known.summary else details

    def url(self, message: Message) -> str | None:
        """See :meth:`Summary.url`."""
        known = self._known(message)
        return known.url if known else None

    def agent(self, message: Message) -> str | None:
        """See :meth:`Summary.agent`."""
        known = self._known(message)
        return known.agent_name if known else None

    def usernames(self, message: Message) -> Iterable[str]:
        """See :meth:`Summary.usernames`."""
        known = self._known(message)
        return known.usernames if known else ()

    def packages(self, message: Message) -> Iterable[str]:
        """See :meth:`Summary.packages`; what is no RPM package is named with its namespace."""
        known = self._known(message)
        if known is None:
            return ()
        return [f"{mark}{name}" for kind, mark in _PACKAGE_KINDS.items() for name in _names(known, kind)]

    def _known(self, message: Message) -> Any | None:
        """Return the message as an object of its schema class, if there is one."""
        name = message.headers.get(SCHEMA_HEADER)
        if not isinstance(name, str) or name == PLAIN_SCHEMA:
            return None
        schema = self._classes.named(name)
        if schema is None:
            return None
        # given properties keep the class from making its own, for which it would ask its registry and configuration
        properties = SimpleNamespace(headers=dict(message.headers), message_id=message.id, priority=None)
        return schema(body=message.body, topic=message.topic, properties=properties, severity=message.severity)


def _load(entry: EntryPoint) -> type[Any] | None:
    try:
        return entry.load()  # type: ignore[no-any-return]  # an entry point may be anything
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit at import among them
        package = entry.dist.name if entry.dist else entry.value
        log.warning("schema %r of %s cannot be imported, its messages are plain ones: %r", entry.name, package, error)
        return None


def _names(known: Any, kind: str) -> Iterable[str]:
    """Return the names of one kind of package; a kind that raises does not take the others along."""
    try:
        return list(getattr(known, kind, ()))
    except Exception as error:
        log.debug("%s of a message of %s: %r", kind, type(known).__name__, error)
        return ()


def _own_names(schema: type[Any]) -> set[str]:
    """Return what a class and its parents define, the base class of fedora-messaging left out."""
    parents = [parent for parent in schema.__mro__ if parent.__module__ != "fedora_messaging.message"]
    return {name for parent in parents if parent is not object for name in vars(parent)}
