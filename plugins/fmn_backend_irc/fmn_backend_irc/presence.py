"""All that we are on a server: the connection that is kept, our nick, and our ears. Wires them together."""

from __future__ import annotations

from collections.abc import Callable

from fmn_core import DropDelivery, Reception, RetryDelivery

from .client import IrcClient
from .conversation import Conversation
from .identification import Identification
from .recovery import Recovery
from .settings import IrcSettings


class Presence:
    """Begins to connect once it is made.

    :param reception: answers people; None to hear nobody
    :param clock: seconds that only grow
    """

    def __init__(self, options: IrcSettings, reception: Reception | None, clock: Callable[[], float]) -> None:
        self._options = options
        self.client = IrcClient(options, clock)
        self._identification = Identification(options, self.client, clock)
        recovery = Recovery(options, self.client, clock)
        ears = [recovery.hear, self._identification.hear]
        self._conversation: Conversation | None = None
        if reception:
            self._conversation = Conversation(options, self.client, self._identification, reception, clock)
            self._conversation.start()
            ears.append(self._conversation.hear)
        self.client.start(*ears)

    def demand_login(self, nick: str) -> None:
        """Return if somebody has a nick and is logged in to its account.

        :raises DropDelivery: if not
        :raises RetryDelivery: if nobody tells
        """
        if self._options.identification == "none":
            return
        logged_in = self._identification.of_nick(nick)
        if logged_in is None:
            raise RetryDelivery(f"services of {self._options.server} do not say whether {nick!r} is logged in")
        if not logged_in:
            raise DropDelivery(f"nick {nick!r} is not logged in to services; identify and ask again")

    def close(self) -> None:
        """Leave."""
        self.client.close()
        if self._conversation:
            self._conversation.close()
