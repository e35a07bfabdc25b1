"""Ownership and groups from files: what dist-git publishes, and a small TOML file of one's own."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from fmn_core import GROUP_MARK, LookupData, LookupSource, LookupUnavailableError, Role, Section

log = logging.getLogger(__name__)

#: stands among the accounts of a package that nobody maintains
ORPHAN = "orphan"
#: how names of groups end that the published file does not tell from accounts
GROUP_ENDING = "-sig"
#: names the published file uses where the rest of the world, and we, use another
NAMESPACES = {"container": "containers"}
PLAIN_NAMESPACE = "rpms"

Groups = Mapping[str, Collection[str]]


class AliasFile(LookupSource):
    """``pagure_owner_alias.json``, the whole distribution in one file: namespace -> package -> accounts.

    The file says who may commit, and no more: all it names are co-maintainers. It has no mark for groups: names that
    end in ``-sig`` or that ``groups`` knows are taken for groups.

    Source of the format: https://src.fedoraproject.org/extras/pagure_owner_alias.json

    :param groups: returns the groups that are known, by name
    """

    name = "owner-alias"

    def __init__(self, path: Path, groups: Callable[[], Groups] = dict) -> None:
        self.path, self._known_groups = path, groups

    def load(self) -> LookupData:
        """See :meth:`LookupSource.load`."""
        namespaces = self._read()
        groups = self._known_groups()
        shared: dict[tuple[str, ...], dict[str, Role]] = {}
        found: dict[str, Mapping[str, Role]] = {}
        for namespace, packages in namespaces.items():
            for package, names in _sound(packages, f"{namespace} of {self.path}"):
                owners = tuple(_owner(name, groups) for name in names if name != ORPHAN)
                if owners:  # thousands of packages have the same few owners: one mapping serves them all
                    roles = shared.setdefault(owners, dict.fromkeys(owners, Role.COMAINTAINER))
                    found[_package(namespace, package)] = roles
        if not found:
            raise LookupUnavailableError(f"ownership file {str(self.path)!r} names no maintained package")
        return LookupData(found)

    def _read(self) -> Mapping[str, Any]:
        try:
            data = json.loads(_bytes(self.path))
        except (ValueError, RecursionError) as error:
            raise LookupUnavailableError(f"ownership file {str(self.path)!r} is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise LookupUnavailableError(f"ownership file {str(self.path)!r} holds no object of namespaces")
        return data


def _sound(packages: Any, where: str) -> Iterable[tuple[str, list[str]]]:
    """Return the entries that are as they should be; the others are counted in the log."""
    rows = packages.items() if isinstance(packages, dict) else ()
    sound = [(p, names) for p, names in rows if isinstance(names, list) and all(isinstance(n, str) for n in names)]
    if len(sound) != len(rows) or not isinstance(packages, dict):
        log.warning("%s: %d entries are no lists of names and are left out", where, len(rows) - len(sound) or 1)
    return sound


def _package(namespace: str, name: str) -> str:
    return name if namespace == PLAIN_NAMESPACE else f"{NAMESPACES.get(namespace, namespace)}/{name}"


def _owner(name: str, groups: Groups) -> str:
    return GROUP_MARK + name if name in groups or name.endswith(GROUP_ENDING) else name


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

    def groups(self) -> Groups:
        """Return the groups, none where the file cannot be read: its own load says so."""
        try:
            return self.load().groups
        except LookupUnavailableError:
            return {}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LookupUnavailableError(f"ownership file {str(path)!r} cannot be read: {error.strerror}") from None
