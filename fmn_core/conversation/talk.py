"""The conversation itself: finds who writes and what for, and answers whatever happens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from fmn_core.acting import acting
from fmn_core.config import Settings
from fmn_core.errors import StoreError
from fmn_core.rules import RuleBook
from fmn_core.store import Store

from . import help_, listing, muting, switching, why
from .lines import as_words, limited, shown
from .request import Command, Request, Who

log = logging.getLogger(__name__)

#: what begins so comes from services and programs, which must not be answered: they might answer
_NOT_FOR_US = ("***", "\x01")
#: characters that are read of what somebody writes
_LONGEST = 4000

COMMANDS: Mapping[str, Command] = {
    "help": help_.HELP,
    "list": listing.LIST,
    "start": switching.START,
    "stop": switching.STOP,
    "digest": switching.DIGEST,
    "why": why.WHY,
    "mute": muting.MUTE,
    "unmute": muting.UNMUTE,
    "mutes": muting.MUTES,
}


class Conversation:
    """Answers people who write through one backend, see :class:`fmn_core.reception.Reception`. Safe for threads.

    :param backend: its name
    :param rules: loads the rules, which takes a while; called when something about rules is first asked for
    :param now: the time, in UTC
    """

    def __init__(
        self,
        backend: str,
        store: Store,
        rules: Callable[[], RuleBook],
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._backend, self._store, self._settings, self._now = backend, store, settings, now
        self._load, self._lock = rules, threading.Lock()
        self._loaded: RuleBook | None = None

    def answer(self, address: str | None, text: str) -> list[str]:
        """See :meth:`fmn_core.reception.Reception.answer`. It never raises."""
        if text.startswith(_NOT_FOR_US):
            return []
        try:
            return limited(self._answer(address, text), self._settings.base_url)
        except StoreError as error:
            log.warning("%s cannot be answered through %s: %s", shown(repr(address)), self._backend, error)
            return ["The database cannot be reached now, please try again."]
        except Exception:
            log.exception("a bug in answering %r through %s", text[:100], self._backend)
            return ["Something went wrong here. It is written down, and somebody will look at it."]

    def _answer(self, address: str | None, text: str) -> Iterable[str]:
        word, rest = as_words(text[:_LONGEST])
        command = COMMANDS.get(word, help_.UNKNOWN)
        audience = command.audience(rest)
        user = self._owner(address) if address and audience is Who.USER else None
        asked = Request(
            backend=self._backend,
            store=self._store,
            rules=self._rules,
            settings=self._settings,
            now=self._now(),
            user=user or "",
            address=address or "",
            rest=rest,
        )
        if not address and audience is not Who.ANYBODY:
            return help_.not_identified(asked)
        if user is None and audience is Who.USER:
            return help_.not_known(asked)
        with acting(asked.user, self._backend):
            return list(command.answer(asked))

    def _owner(self, address: str) -> str | None:
        """Return who has an address; on many networks, people write it in letters of either size."""
        owner = self._store.switches.owner
        return owner(self._backend, address) or owner(self._backend, address, alike=True)

    def _rules(self) -> RuleBook:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
