"""Who of the users of a queue file is alive: each holds a lock that the kernel takes away when it dies. Floor F2.

A slow owner is never taken for dead, and a dead one is known at once: no clock, no heartbeat, no process ids.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path
from urllib.parse import quote

from fmn_core.errors import TransportError

_MEMBER = "owner."
_HELD = "held."


class Owners:
    """A folder of lock files, one for each living owner, and one for each thing that only one may hold.

    :param folder: made if it does not exist
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise TransportError(f"folder {str(folder)!r} of lock files cannot be made: {error.strerror}") from error

    def join(self) -> Owner:
        """Become an owner, under a new name."""
        name = _MEMBER + uuid.uuid4().hex
        hidden = self._folder / f".{name}"
        descriptor = _locked(hidden, os.O_CREAT | os.O_EXCL)
        assert descriptor is not None, "a new name is nobody else's"  # noqa: S101 - an invariant, not a check of input
        # visible only once it is locked, so that nobody finds it open and takes its owner for dead
        hidden.rename(self._folder / name)
        return Owner(name, self._folder / name, descriptor)

    def names(self) -> set[str]:
        """Return everybody who has joined and was not buried."""
        return {path.name for path in self._folder.glob(f"{_MEMBER}*")}

    def dead(self, but: str) -> list[Owner]:
        """Return those who died, each locked by us until it is buried.

        :param but: our own name, which needs no test
        """
        return [owner for name in self.names() - {but} if (owner := self._corpse(name))]

    def _corpse(self, name: str) -> Owner | None:
        path = self._folder / name
        descriptor = _locked(path)
        return None if descriptor is None else Owner(name, path, descriptor)

    def hold(self, thing: str) -> int | None:
        """Hold something alone.

        :returns: a descriptor that holds it until it is closed; None while another holds it
        """
        return _locked(self._folder / f"{_HELD}{quote(thing, safe='')}", os.O_CREAT)


class Owner:
    """A lock file and the lock on it: our own, or one that a dead owner left behind."""

    def __init__(self, name: str, path: Path, descriptor: int) -> None:
        self.name, self._path, self._descriptor = name, path, descriptor

    def bury(self) -> None:
        """Remove the file, then let go: nothing is owned under this name any more."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def leave(self) -> None:
        """Let go and keep the file: somebody else shall try again."""
        os.close(self._descriptor)


def _locked(path: Path, flags: int = 0) -> int | None:
    """Open and lock a file; None if another has it or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TransportError(f"lock file {str(path)!r} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
