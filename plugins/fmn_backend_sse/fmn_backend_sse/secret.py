"""The secret that tokens are made with: configured, or made at first use and kept in a file."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from fmn_core import FmnError, Settings

from .settings import SseSettings

#: name of the file, in the data folder
SECRET_FILE = "sse.secret"  # noqa: S105 - the name of a file


def secret_of(settings: Settings) -> bytes:
    """Return the configured secret, or the one in the data folder.

    :raises FmnError: if that file can be neither read nor made
    """
    configured = settings.section("sse", SseSettings).secret.get_secret_value()
    return configured.encode() if configured else _kept(settings.data_dir / SECRET_FILE)


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
