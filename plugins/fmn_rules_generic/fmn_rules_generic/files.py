"""Ownership and groups from a small TOML file of one's own."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from fmn_core import LookupData, LookupSource, LookupUnavailableError, Role, Section


class _Ownership(Section):
    maintainers: dict[str, dict[str, Role]] = Field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class OwnershipFile(LookupSource):
    """A TOML file with roles and groups, for small sites and for what other sources do not know.

    Packages have maintainers, accounts or ``@groups``, each with a role (``owner``, ``comaintainer``, ``watcher``)::

        [maintainers]
        kernel = { ava = "owner", "@kernel-sig" = "comaintainer", mei = "watcher" }

        [groups]
        kernel-sig = ["ava", "hugo"]
    """

    name = "ownership"

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> LookupData:
        """See :meth:`LookupSource.load`."""
        try:
            ownership = _Ownership.model_validate(tomllib.loads(_bytes(self.path).decode("utf-8")))
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise LookupUnavailableError(f"ownership file {str(self.path)!r} cannot be used: {problems}") from None
        except (ValueError, RecursionError) as error:
            raise LookupUnavailableError(f"ownership file {str(self.path)!r} is not TOML: {error}") from None
        return LookupData(ownership.maintainers, ownership.groups)

    def mark(self) -> str:
        """See :meth:`LookupSource.mark`."""
        state = self.path.stat()
        return f"{self.path} {state.st_mtime_ns} {state.st_size}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LookupUnavailableError(f"ownership file {str(path)!r} cannot be read: {error.strerror}") from None
