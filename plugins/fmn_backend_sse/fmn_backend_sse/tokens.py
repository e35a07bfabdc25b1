"""Tokens: who holds a user's token may read the user's stream, and nobody else. A token cannot be guessed or forged."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from fmn_core import FmnError, Settings

from .settings import SseSettings

#: name of the file with the secret, in the data folder
SECRET_FILE = "sse.secret"  # noqa: S105 - the name of a file
#: makes a token of no use for anything else that may be signed with the same secret
PURPOSE = b"fmn sse stream of "


class Tokens:
    """Makes and checks tokens.

    :param secret: known to servers only
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, user: str) -> str:
        """Return the token of a user."""
        return hmac.new(self._secret, PURPOSE + user.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def is_of(self, user: str, token: str) -> bool:
        """Tell whether a token is a user's, in a time that says nothing of how near it came."""
        return hmac.compare_digest(self.of(user).encode(), token.encode("utf-8", "surrogatepass"))


def open_tokens(settings: Settings) -> Tokens:
    """Return tokens made with the configured secret, or with the one in the data folder.

    :raises FmnError: if that file can be neither read nor made
    """
    configured = settings.section("sse", SseSettings).secret.get_secret_value()
    return Tokens(configured.encode() if configured else _kept(settings.data_dir / SECRET_FILE))


def stream_url(base: str, user: str, token: str) -> str:
    """Return where a user's stream is, token included.

    :param base: of the server, without a slash at the end
    """
    return f"{base}/events/{quote(user, safe='', errors='replace')}?token={token}"


def _kept(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise FmnError(f"secret {str(path)!r} cannot be used: {error}") from error
    if not secret:
        raise FmnError(f"secret {str(path)!r} is empty: remove the file, and a new one is made")
    return secret


def _make(path: Path) -> None:
    """Make a file that appears as a whole: of several processes that start at once, one makes it and all read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
