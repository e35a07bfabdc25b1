"""Names of streams: a stream is named for its user."""

from __future__ import annotations

from fmn_core import UsageError, one_line

LONGEST = 100


def canonical(name: str) -> str:
    """Return the name of a user as a stream is named.

    :raises UsageError: if no user can have it
    """
    name = name.strip()
    if not name or len(name) > LONGEST or "/" in name or one_line(name) != name or " " in name:
        raise UsageError(f"{name!r} is no user name: expected one word without slashes")
    return name
