"""The store: users with their preferences, and the ledger, in SQLite or PostgreSQL. Floor F2."""

from __future__ import annotations

from collections.abc import Sequence

from .accounts import Account, Accounts
from .archive import Archive, Archived
from .attempts import Confirmation, State
from .audit import Audit, Audited
from .confirmations import Answer, Confirmations
from .database import open_engine
from .destinations import Destinations
from .editing import ConflictError, Editing, version_of
from .ledger import Ledger, LedgerEntry
from .mutes import Mutes
from .orders import Order, Orders, What
from .preferences import Changes, PreferenceStore
from .pruning import Pruning
from .reports import Report, Reports
from .schema import check, upgrade, version
from .secrets import Secrets
from .settling import Note, settle
from .switching import Switches
from .tokens import Token, Tokens
from .waiting import Waiting, WaitingRoom, Why

__all__ = [
    "Account",
    "Accounts",
    "Answer",
    "Archive",
    "Archived",
    "Audit",
    "Audited",
    "Changes",
    "Confirmation",
    "Confirmations",
    "ConflictError",
    "Destinations",
    "Editing",
    "Ledger",
    "LedgerEntry",
    "Mutes",
    "Note",
    "Order",
    "Orders",
    "PreferenceStore",
    "Pruning",
    "Report",
    "Reports",
    "Secrets",
    "State",
    "Store",
    "Switches",
    "Token",
    "Tokens",
    "Waiting",
    "WaitingRoom",
    "What",
    "Why",
    "open_store",
    "version_of",
]


class Store:
    """One database, used by any number of threads and processes.

    :param url: an SQLAlchemy URL of SQLite or PostgreSQL
    :raises UsageError: if the URL names neither; nothing is connected yet
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self.preferences = PreferenceStore(self._engine)
        self.switches = Switches(self._engine)
        self.accounts = Accounts(self._engine)
        self.editing = Editing(self._engine)
        self.archive = Archive(self._engine)
        self.audit = Audit(self._engine)
        self.destinations = Destinations(self._engine)
        self.confirmations = Confirmations(self._engine)
        self.mutes = Mutes(self._engine)
        self.orders = Orders(self._engine)
        self.pruning = Pruning(self._engine)
        self.reports = Reports(self._engine)
        self.secrets = Secrets(self._engine)
        self.ledger = Ledger(self._engine)
        self.waiting = WaitingRoom(self._engine)
        self.tokens = Tokens(self._engine)

    @property
    def version(self) -> str | None:
        """The version that the database has; None for an empty one."""
        return version(self._engine)

    def upgrade(self) -> None:
        """Bring the database to the version that is needed; several processes may try at once.

        :raises StoreError: if the database is newer than this code, or cannot be reached
        """
        upgrade(self._engine)

    def check(self) -> None:
        """Make sure that the database has the version that is needed.

        :raises StoreError: saying what to do if it has not
        """
        check(self._engine)

    def settle(self, notes: Sequence[Note]) -> None:
        """Tell the ledger what became of notifications, and let them enter or leave the waiting room, all or nothing.

        :raises StoreError: nothing
        """
        settle(self._engine, notes)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def open_store(url: str, upgrade: bool = True) -> Store:
    """Open a store whose database has the version that is needed.

    :param upgrade: bring an empty or older database there; otherwise it is refused
    :raises StoreError: if the database is newer than this code, older and not to be upgraded, or cannot be reached
    """
    store = Store(url)
    try:
        if upgrade:
            store.upgrade()
        else:
            store.check()
    except BaseException:
        store.close()
        raise
    return store
