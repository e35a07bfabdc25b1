"""Giving out tokens and taking them back: signatures together with the generation that the carrier keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from fmn_core import Settings

from .carrier import EventCarrier
from .names import canonical
from .opening import open_carrier
from .secret import secret_of
from .tokens import Tokens, stream_url


class Keys:
    """The tokens of all users.

    Methods raise :class:`fmn_core.UsageError` for what is no user name, and :class:`CarrierAway`.

    :param clock: seconds since the epoch
    """

    def __init__(self, carrier: EventCarrier, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._carrier, self._tokens, self._clock = carrier, tokens, clock

    def url(self, base: str, user: str, seconds: float = 0) -> str:
        """Return where a user's stream is, with a token.

        :param base: of the server, without a slash at the end
        :param seconds: how long the token is good; 0 for as long as it is not revoked
        """
        user = canonical(user)
        expires = self._clock() + seconds if seconds else 0
        return stream_url(base, user, self._tokens.make(user, self._carrier.generation(user), expires))

    def revoke(self, user: str) -> None:
        """Make all tokens of a user void. Streams that they opened end."""
        self._carrier.revoke(canonical(user))


@contextmanager
def opened_keys(settings: Settings) -> Iterator[Keys]:
    """Return the tokens of a configuration, for as long as the context lasts.

    :raises fmn_core.FmnError: if there is no secret
    """
    with closing(open_carrier(settings)) as carrier:
        yield Keys(carrier, Tokens(secret_of(settings)))
