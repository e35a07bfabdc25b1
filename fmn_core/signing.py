"""Signing: links that do something without a login, for whoever was sent them and nobody else. Floor F1.

They stand in mail that is kept for years, so they do not expire; what they can do, they can undo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from .errors import UsageError

#: under which name ``store.secrets`` has the secret that links are signed with
LINKS = "links"
#: characters of a token at most; one that switches off 500 filters has about 3,000
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Wish:
    """Which filters a link switches.

    :param preference: its id
    :param filters: their ids
    """

    user: str
    preference: str
    filters: tuple[str, ...]


class Signer:
    """Makes tokens and reads those that it made, or that another with the same secret did.

    :param secret: ``store.secrets.get(LINKS)``
    :param purpose: what tokens are for: those for something else are not taken
    """

    def __init__(self, secret: bytes, purpose: str = "unsubscribe") -> None:
        self._serializer = URLSafeSerializer(
            secret, salt=f"fmn.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def token(self, wish: Wish) -> str:
        """Return a wish as a token that can stand in a URL."""
        return str(self._serializer.dumps([wish.user, wish.preference, list(wish.filters)]))

    def read(self, token: str) -> Wish:
        """Return the wish of a token.

        :raises UsageError: if nobody with the secret made it
        """
        try:
            user, preference, filters = self._loaded(token)
            return Wish(user, preference, tuple(filters))
        except (BadData, ValueError, TypeError, RecursionError):
            raise UsageError("the link is not whole, or it is not from here; copy all of it") from None

    def _loaded(self, token: str) -> Any:
        if len(token) > _LONGEST or not token.isascii():
            raise ValueError(token)
        return self._serializer.loads(token)


def unsubscribe_url(base_url: str, signer: Signer, user: str, preference: str, filters: Sequence[str]) -> str:
    """Return the page that switches filters off; by a POST without login, as RFC 8058 has it.

    :param base_url: where people reach the web pages
    :param filters: ids of those that had a part in what was sent
    """
    return f"{base_url.rstrip('/')}/unsubscribe/{signer.token(Wish(user, preference, tuple(filters)))}"
