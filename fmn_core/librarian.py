"""Librarian: keeps the lookups of a process what the shelf says, and the shelf what the sources say. Floor F3.

All processes have one. The one that holds the role asks the sources; nobody waits for it, and when it dies another
takes over. A change is announced, and whoever misses that sees it at the next look at the labels.
"""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from .desk import Desk
from .errors import DecodeError, LookupUnavailableError, ShelfError
from .live_lookups import LiveLookups
from .lookups import Answers, Failure, Label, LookupSource, Stale
from .shelf.base import Shelf
from .staleness import STALE, decode_stale

log = logging.getLogger(__name__)

#: topic of the broadcast that says that the shelf has changed
LOOKUPS = "lookups"
#: seconds between two looks at the labels, or two tries to get the role
LOOK = 3.0
#: age, in refreshes, from which answers are too old to start with, and for ``fmn check`` to be content with
TOO_OLD = 10


class Wire(Protocol):
    """What the librarian needs of a transport."""

    def broadcast(self, topic: str, payload: bytes, /) -> None:
        """Tell everybody who listens."""

    def heard(self, topic: str, /) -> list[bytes]:
        """Return what was told since the last call; the first call begins to listen."""

    def hold(self, name: str, /) -> bool:
        """Become the only one that holds a role, or tell that one is."""


class Alone:
    """The wire of a process that knows of no other."""

    def broadcast(self, topic: str, payload: bytes, /) -> None:
        """Tell nobody."""

    def heard(self, topic: str, /) -> list[bytes]:
        """Hear nothing."""
        return []

    def hold(self, name: str, /) -> bool:
        """Have every role."""
        return True


class Onlooker(Alone):
    """The wire of a process that only reads what others put on the shelf: the web, which talks to no broker."""

    def hold(self, name: str, /) -> bool:
        """Have no role."""
        return False


class Librarian:
    """Serves the lookups of one process. :meth:`open` once, then :meth:`turn` a few times a second, in one thread.

    :param refresh: seconds between two times that each source is asked for everything
    :param clock: returns seconds since the epoch
    :ivar lookups: what this process reads
    """

    def __init__(
        self,
        sources: Iterable[LookupSource],
        shelf: Shelf,
        lookups: LiveLookups,
        refresh: float,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self.lookups = lookups
        self._shelf, self._refresh, self._clock = shelf, refresh, clock
        rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._desks = {source.name: Desk(source, refresh, rng) for source in sources}
        self._next_look = 0.0
        self._gone = self._holding = False

    def open(self) -> None:
        """Begin with what lies on the shelf. Where nothing does, or what is long since out of date, ask the source."""
        now = self._clock()
        found: dict[str, Answers] = {}
        failures: dict[str, str] = {}
        for name, desk in self._desks.items():
            kept = None
            with self._unless_gone():
                kept = None if self._gone else self._shelf.take(name)
            if kept is None or desk.outdated(kept.label) or now > kept.label.fetched_at + TOO_OLD * self._refresh:
                kept = self._first(desk, kept, now, failures)
            if kept is not None:
                found[name] = kept
        self.lookups.use(found)
        self._tell(failures)

    def _first(self, desk: Desk, kept: Answers | None, now: float, failures: dict[str, str]) -> Answers | None:
        """Ask a source before there is anybody who answers for it."""
        try:
            fresh = desk.load(kept, now)
        except LookupUnavailableError as error:
            failures[desk.name] = str(error)
            with self._unless_gone():
                self._shelf.note_failure(desk.name, Failure(str(error), now))
            return kept
        with self._unless_gone():
            self._shelf.put(desk.name, fresh)
        return fresh

    @contextlib.contextmanager
    def _unless_gone(self) -> Iterator[None]:
        """Go on without the shelf if it is not there."""
        try:
            yield
        except ShelfError as error:
            self._shelf_is_gone(error)

    def turn(self, wire: Wire) -> None:
        """Do what is due; without that, it costs next to nothing.

        :raises TransportError: the wire is broken; another one goes on where this one ended
        """
        now = self._clock()
        announced = bool(wire.heard(LOOKUPS))
        self._hear(wire.heard(STALE), now)
        if not self._may_look(announced, now):
            return
        self._next_look = now + LOOK
        try:
            labels = self._shelf.labels()
            self._read(labels)
            self._holding = bool(self._desks) and wire.hold(self._shelf.role)
            if self._holding:
                self._serve(wire, labels, now)
            else:
                self._leave(now)
            self._tell({name: one.reason for name, one in self._shelf.failures().items() if name in self._desks})
        except ShelfError as error:
            self._shelf_is_gone(error)
        else:
            self._shelf_is_there()

    def _hear(self, payloads: Iterable[bytes], now: float) -> None:
        stale = Stale()
        for payload in payloads:
            try:
                stale |= decode_stale(payload)
            except DecodeError as error:
                log.warning("a broadcast about stale lookups cannot be read: %s", error)
        for desk in self._desks.values():
            desk.gather(stale, now)

    def _may_look(self, announced: bool, now: float) -> bool:
        """Tell whether to look at the shelf now; one that is gone is tried at its time only."""
        if not self._next_look - LOOK <= now < self._next_look:  # the clock may have been set back
            return True
        return not self._gone and (announced or self._is_asked(now))

    def _is_asked(self, now: float) -> bool:
        """Tell whether something is due that cannot wait for the next look."""
        held = self.lookups.answers
        return self._holding and any(
            desk.is_due(held[name].label if name in held else None, now) for name, desk in self._desks.items()
        )

    def _read(self, labels: Mapping[str, Label]) -> None:
        """Take what differs from what is held. What is missing on the shelf, or older there, goes on to serve."""
        found: dict[str, Answers] = {}
        for name in self._desks:
            label, held = labels.get(name), self.lookups.answers.get(name)
            if label is not None and (held is None or label.fetched_at >= held.label.fetched_at):
                same = held is not None and held.label.revision == label.revision
                held = Answers(held.data, label) if held is not None and same else self._shelf.take(name) or held
            if held is not None:
                found[name] = held
        self._use(found)

    def _use(self, found: Mapping[str, Answers]) -> None:
        if found != self.lookups.answers:
            self.lookups.use(found)

    def _serve(self, wire: Wire, labels: Mapping[str, Label], now: float) -> None:
        """Ask the sources for what is due, and put it on the shelf."""
        for name, desk in self._desks.items():
            last, label = self.lookups.answers.get(name), labels.get(name)
            if last is not None and (label is None or label.fetched_at < last.label.fetched_at):
                self._shelf.put(name, last)  # the shelf was gone or has lost it, and the source may be down by now
            if desk.is_due(last.label if last else None, now) and self._ask(desk, last, now):
                wire.broadcast(LOOKUPS, b"")

    def _leave(self, now: float) -> None:
        for desk in self._desks.values():
            desk.leave_to_another(now)

    def _ask(self, desk: Desk, last: Answers | None, now: float) -> bool:
        """Ask a source, and tell whether it has said something new."""
        try:
            found = desk.ask(last, now)
        except LookupUnavailableError as error:
            self._shelf.note_failure(desk.name, Failure(str(error), now))
            return False
        if last is None or found.label != last.label or desk.name in self.lookups.failures:
            self._shelf.put(desk.name, found)
        desk.done()
        answers = {**self.lookups.answers, desk.name: found}
        self._use({name: answers[name] for name in self._desks if name in answers})
        return last is None or found.label.revision != last.label.revision

    def _tell(self, failures: Mapping[str, str]) -> None:
        """Note why sources give no answer; one warning until the reason is another."""
        before, self.lookups.failures = self.lookups.failures, dict(failures)
        for source, reason in failures.items():
            if before.get(source) != reason:
                held = "the last one serves" if source in self.lookups.answers else "and there is no earlier one"
                log.warning("lookup source %r gives no answer, %s: %s", source, held, reason)
        for source in before.keys() - failures.keys():
            log.warning("lookup source %r answers again", source)

    def _shelf_is_gone(self, error: ShelfError) -> None:
        if not self._gone:
            log.warning("lookups go on as they are until the shelf is back: %s", error)
        self._gone = True
        self._next_look = self._clock() + LOOK

    def _shelf_is_there(self) -> None:
        if self._gone:
            log.warning("the shelf of the lookups is back: %s", self._shelf.place)
        self._gone = False
