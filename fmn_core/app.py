"""Assembly: the only place that chooses concrete classes. Floor F4.

Each part is made when it is first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from .bus import Bus
from .config import Settings
from .consumer import Consumer
from .delivery import Delivery
from .following import Follower
from .librarian import Alone, Librarian
from .live_lookups import LiveLookups
from .matching import IndexMatcher, LinearMatcher, Matcher
from .plugins import GROUPS, PluginRegistry, load_plugins
from .retry import RetrySchedule
from .runner import Chore, Runner, Source, Stage
from .shelf import open_shelf
from .shelf.base import Shelf
from .staleness import StaleBook
from .store import Store, open_store
from .transport import open_transport
from .transport.base import Transport
from .worker import Worker

ENGINES: dict[str, type[IndexMatcher] | type[LinearMatcher]] = {"index": IndexMatcher, "linear": LinearMatcher}


#: seconds between two turns of the librarian
LIBRARIAN_TURN = 0.3


class Application:
    """Everything one process needs, wired together.

    :param settings: the configuration
    :param groups: entry point groups whose plugins are loaded; a worker needs no backends
    :param registry: ready-made plugins, for tests
    :param store: a ready-made store, for tests
    """

    def __init__(
        self,
        settings: Settings,
        groups: Sequence[str] = GROUPS,
        *,
        registry: PluginRegistry | None = None,
        store: Store | None = None,
    ) -> None:
        self.settings = settings
        self._groups = tuple(groups)
        if registry is not None:
            self.registry = registry
        if store is not None:
            self.store = store

    @cached_property
    def registry(self) -> PluginRegistry:
        """The plugins."""
        return load_plugins(self.settings, self._groups)

    @cached_property
    def store(self) -> Store:
        """Users, preferences and the ledger; the database is of the current version."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        return open_store(self.settings.store_url)

    @cached_property
    def shelf(self) -> Shelf:
        """Where the last answers of all sources lie."""
        return open_shelf(self.settings)

    @cached_property
    def librarian(self) -> Librarian:
        """What keeps the lookups up to date, open."""
        librarian = Librarian(self.registry.lookup_sources, self.shelf, LiveLookups(), self.settings.lookups.refresh)
        librarian.open()
        return librarian

    @property
    def lookups(self) -> LiveLookups:
        """Who maintains what, loaded."""
        return self.librarian.lookups

    @cached_property
    def stale_book(self) -> StaleBook:
        """What tells which messages make lookups stale."""
        return StaleBook(self.registry.lookup_sources)

    def matcher(self, engine: str = "index") -> Matcher:
        """Make a matcher without preferences."""
        return ENGINES[engine](self.registry.rules, self.lookups)

    def transport(self) -> Transport:
        """Open the transport, for one thread."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        return open_transport(self.settings.transport_url)

    def consumer(self) -> Consumer:
        """Make the stage that takes messages in."""
        return Consumer(self.settings.consumer)

    def bus(self, configuration: Path | None = None) -> Bus:
        """Make the source that reads the bus.

        :param configuration: a file of fedora-messaging; None for the one that this library finds
        """
        return Bus(self.consumer(), self.transport, configuration)

    def worker(self) -> Worker:
        """Make the stage that matches, for one thread; it reads the preferences when it begins."""
        matcher = self.matcher()
        return Worker(self.registry.summaries, matcher, Follower(self.store.preferences, matcher))

    def deliveries(self, names: Sequence[str] = ()) -> list[Delivery]:
        """Make the stages that deliver, one for each backend.

        :param names: of backends; none for all that are installed
        :raises UnknownNameError: naming what comes near
        """
        backends = [self.registry.backend(name) for name in dict.fromkeys(names or sorted(self.registry.backends))]
        schedule = RetrySchedule.from_settings(self.settings.delivery)
        return [Delivery(backend, self.store, schedule) for backend in backends]

    def runner(self, stages: Sequence[Stage], sources: Sequence[Source] = ()) -> Runner:
        """Make what runs stages, in the direction of the flow, and keeps the lookups fresh if one of them asks any."""
        asked = "librarian" in self.__dict__
        chores = [Chore("lookups", LIBRARIAN_TURN, partial(self.librarian.turn, Alone()))] if asked else []
        return Runner(self.transport, stages, sources, chores)

    def close(self) -> None:
        """Let go of store and shelf, if they were opened."""
        if "shelf" in self.__dict__:
            self.shelf.close()
        if "store" in self.__dict__:
            self.store.close()
