"""What somebody asks for, and what is needed to answer."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from fmn_core.config import Settings
from fmn_core.model import Outcome, Preference
from fmn_core.rules import RuleBook
from fmn_core.store import LedgerEntry, Store
from fmn_core.store.switching import folded

#: of somebody's notifications, as many of the latest are looked through
_LOOKED_THROUGH = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for.

    :param backend: name of the backend through which they do
    :param user: who it is; empty where that does not matter
    :param address: where they are reached; empty for somebody who may be anybody
    :param rest: what follows the command, as one line
    """

    backend: str
    store: Store
    rules: Callable[[], RuleBook]
    settings: Settings
    now: datetime
    user: str
    address: str
    rest: str

    def preference(self) -> Preference:
        """Read the user's settings for this backend."""
        user = self.store.preferences.user(self.user)
        return next((one for one in user.preferences if one.backend == self.backend), Preference("", "", ""))

    def is_at(self, address: str) -> bool:
        """Tell whether this is where they are reached, in small or large letters."""
        return bool(self.address) and folded(address) == folded(self.address)

    def history(self) -> list[LedgerEntry]:
        """Read what became of the user's notifications of late, through any backend, latest first."""
        return self.store.ledger.of_user(self.user, _LOOKED_THROUGH)


class Who(enum.Enum):
    """Who gets an answer to a command."""

    ANYBODY = "anybody"
    IDENTIFIED = "somebody who is who they say, known here or not"
    USER = "a user of ours"


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be asked for.

    :param answer: does it, and says what to answer
    :param audience: who may ask for it, with this after the command
    """

    answer: Callable[[Request], Iterable[str]]
    audience: Callable[[str], Who] = lambda rest: Who.USER


def latest(entries: Iterable[LedgerEntry], backend: str) -> LedgerEntry | None:
    """Return what the user saw last through a backend; if they saw nothing, the last that was for it at all."""
    here = [entry for entry in entries if entry.backend == backend]
    return next((entry for entry in here if entry.outcome is Outcome.SENT), here[0] if here else None)
