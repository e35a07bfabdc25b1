"""Tokens: who holds a user's token may read the user's stream, and nobody else. A token cannot be guessed or forged.

``<generation>.<expires>.<signature>``: good as long as the generation is the user's, and until the second since the
epoch at which it expires; 0 for never.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

#: makes a signature of no use for anything else that may be signed with the same secret
PURPOSE = "fmn sse stream"
_FORM = re.compile(r"([0-9]{1,18})\.([0-9]{1,12})\.([0-9a-f]{64})")


class TokenRefused(Exception):  # noqa: N818 - named as AddressRefused is
    """A token does not open this stream.

    :ivar expired: it did once
    """

    def __init__(self, expired: bool = False) -> None:
        self.expired = expired


class Tokens:
    """Makes and checks tokens.

    :param secret: known to servers only
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, user: str, generation: int, expires: float = 0) -> str:
        """Return a token of a user.

        :param expires: seconds since the epoch; 0 for never
        """
        says = f"{generation}.{int(expires)}"
        return f"{says}.{self._signature(user, says)}"

    def generation(self, user: str, token: str, now: float) -> int:
        """Return the generation that a token of this user is of; whether it still is the user's has to be asked.

        It takes a time that says nothing of how near a wrong one came.

        :raises TokenRefused: if it is none of this user's, or has expired
        """
        found = _FORM.fullmatch(token)
        says, signature = (f"{found[1]}.{found[2]}", found[3]) if found else ("", "")
        if not hmac.compare_digest(self._signature(user, says), signature) or not found:
            raise TokenRefused
        if 0 < int(found[2]) <= now:
            raise TokenRefused(expired=True)
        return int(found[1])

    def _signature(self, user: str, says: str) -> str:
        text = "\0".join((PURPOSE, says, user)).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def stream_url(base: str, user: str, token: str) -> str:
    """Return where a user's stream is, token included.

    :param base: of the server, without a slash at the end
    """
    return f"{base}/events/{quote(user, safe='', errors='replace')}?token={token}"
