"""The key that signs sessions: made once, kept in the data folder, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAME = "web-secret"


def load(folder: Path) -> str:
    """Return the key, after making it if it is not there yet.

    Safe when several processes start at once: all but one find the file made and read it.
    """
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{os.getpid()}")
    draft.write_text(secrets.token_hex(32))
    draft.chmod(0o600)
    try:
        os.link(draft, path)  # unlike a rename, this never replaces a key that is in use
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
