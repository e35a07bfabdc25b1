"""Assembly: the only place that chooses concrete classes. Floor F4.

Each part is made when it is first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path

from .archivist import Archivist
from .asking import Asking
from .bookkeeper import Bookkeeper
from .bus import Bus
from .clerk import Clerk
from .config import Settings
from .consumer import Consumer
from .conversation import Conversation
from .delivery import Addressing, Delivery
from .following import Follower
from .herald import Herald
from .housekeeping import Housekeeper
from .librarian import Librarian, Onlooker
from .live_lookups import LiveLookups
from .matching import IndexMatcher, LinearMatcher, Matcher
from .plugins import GROUPS, PluginRegistry, load_plugins
from .retry import RetrySchedule
from .runner import Chore, Runner, Source, Stage
from .shelf import open_shelf
from .shelf.base import Shelf
from .signing import LINKS, Signer, unsubscribe_url
from .staleness import StaleBook
from .store import Store, open_store
from .transport import open_transport
from .transport.base import ARCHIVE, MESSAGES, Transport, deliveries
from .validation import Validator
from .worker import Worker

ENGINES: dict[str, type[IndexMatcher] | type[LinearMatcher]] = {"index": IndexMatcher, "linear": LinearMatcher}


#: seconds between two turns of what follows lookups and store beside the stages
LIBRARIAN_TURN, FOLLOWING_TURN = 0.3, 0.1
#: seconds between two times that old entries of the ledger and the like are forgotten
HOUSEKEEPING_TURN = 1800.0
#: seconds between two looks for orders, and between two reports of what rules cost
CLERK_TURN, BOOKKEEPING_TURN = 1.0, 10.0


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
        self._followers: list[Follower] = []
        self._workers: list[Worker] = []
        self._delivers = False
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
    def asking(self) -> Asking:
        """What has addresses confirmed."""
        return Asking(self.store, self.registry.backends, self.settings.base_url, self.settings.confirmation)

    @cached_property
    def _herald(self) -> Herald:
        return Herald(self.store.preferences)

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

    def follow_lookups(self, stop: threading.Event) -> None:
        """Keep the lookups what others find out, until told to stop. For a process without stages."""
        wire = Onlooker()
        while not stop.wait(LIBRARIAN_TURN):
            self.librarian.turn(wire)

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
        return open_transport(self.settings.transport_url, self.settings.transport)

    @property
    def archives(self) -> bool:
        """Whether messages are kept in the archive."""
        return self.settings.archive.keep_days > 0

    def archivists(self) -> list[Archivist]:
        """Make the stage that keeps messages, for one thread; none where there is no archive."""
        return [Archivist(self.registry.summaries, lambda: self.store.archive)] if self.archives else []

    def consumer(self, archive: bool = True) -> Consumer:
        """Make the stage that takes messages in as they are: who replays some means these.

        :param archive: let the archive have them, where there is one
        """
        return Consumer(self.settings.consumer, archive=archive and self.archives)

    def consumer_of_bus(self, validation: bool, archive: bool = True) -> Consumer:
        """Make the stage that takes messages in as they happen, and tells which lookups they make stale.

        :param validation: check each against its schema
        :param archive: let the archive have them, where there is one; only with an archivist beside it
        """
        check = Validator().reason if validation else None
        return Consumer(self.settings.consumer, check, self.stale_book.stale, archive and self.archives)

    def bus(self, configuration: Path | None = None) -> Bus:
        """Make the source that reads the bus.

        :param configuration: a file of fedora-messaging; None for the one that this library finds
        """
        consumer = self.consumer_of_bus(self.settings.consumer.validation)
        return Bus(consumer, self.transport, configuration)

    def worker(self) -> Worker:
        """Make the stage that matches, for one thread; it reads the preferences when it begins."""
        matcher = self.matcher()
        follower = Follower(self.store.preferences, matcher)
        self._followers.append(follower)
        self._workers.append(Worker(self.registry.summaries, matcher, follower))
        return self._workers[-1]

    def deliveries(self, names: Sequence[str] = ()) -> list[Delivery]:
        """Make the stages that deliver, one for each backend.

        :param names: of backends; none for all that are installed
        :raises UnknownNameError: naming what comes near
        """
        backends = [self.registry.backend(name) for name in dict.fromkeys(names or sorted(self.registry.backends))]
        schedule = RetrySchedule.from_settings(self.settings.delivery)
        addressing = Addressing(self.settings.base_url, self._unsubscribe_url, self._title_of)
        self._delivers = True
        return [
            Delivery(backend, self.store, schedule, addressing=addressing, reception=self._reception(backend.name))
            for backend in backends
        ]

    def _reception(self, backend: str) -> Conversation:
        return Conversation(backend, self.store, lambda: self.registry.rules, self.settings)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.store.secrets.get(LINKS))

    def _unsubscribe_url(self, user: str, preference: str, filters: Sequence[str]) -> str:
        return self._signed(user, preference, tuple(filters))

    @cached_property
    def _signed(self) -> Callable[[str, str, tuple[str, ...]], str]:
        """What makes links that switch off; to sign one takes as long as to write half the mail around it."""
        return lru_cache(10_000)(partial(unsubscribe_url, self.settings.base_url, self._signer))

    def _title_of(self, rule: str) -> str:
        """Return the title of a rule, or what is known of one whose plugin is gone."""
        return self.registry.rules.get(rule).title if rule in self.registry.rules else rule

    def runner(
        self, stages: Sequence[Stage], sources: Sequence[Source] = (), reload: Callable[[], bool] | None = None
    ) -> Runner:
        """Make what runs stages, in the direction of the flow, and what keeps fresh beside them what they hold.

        :param reload: tells at SIGHUP whether to end and begin anew
        """
        chores = []
        if "librarian" in self.__dict__:
            chores.append(Chore("lookups", LIBRARIAN_TURN, self.librarian.turn, wired=True))
        if self._followers:
            chores.append(Chore("changes of preferences", FOLLOWING_TURN, self._follow, wired=True))
        if self._workers:
            keeper = Bookkeeper(self.store, self._workers, self.registry.plugins)
            chores.append(Chore("what rules cost", BOOKKEEPING_TURN, keeper.turn))
        if self._delivers:
            chores.append(Chore("housekeeping", HOUSEKEEPING_TURN, Housekeeper(self.store, self.settings).turn))
            chores.append(Chore("orders and reports", CLERK_TURN, self._clerk().turn, wired=True))
        return Runner(self.transport, stages, sources, chores, reload=reload)

    def _clerk(self) -> Clerk:
        queues = [MESSAGES, *([ARCHIVE] if self.archives else []), *map(deliveries, sorted(self.registry.backends))]
        return Clerk(self.store, queues)

    def _follow(self, transport: Transport) -> None:
        self._herald.turn(transport)
        for follower in self._followers:
            follower.turn(transport)

    def close(self) -> None:
        """Let go of store and shelf, if they were opened."""
        if "shelf" in self.__dict__:
            self.shelf.close()
        if "store" in self.__dict__:
            self.store.close()
