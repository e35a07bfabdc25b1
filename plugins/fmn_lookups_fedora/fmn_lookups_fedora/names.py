"""Names of packages and groups, as Fedora's services write them and as FMN does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from fmn_core import GROUP_MARK, LookupData, Role, as_text, dig

#: stands among the accounts of a package that nobody maintains
ORPHAN = "orphan"
#: packages of this namespace have plain names
PLAIN = "rpms"
#: of our names -> of the service
DISTGIT_NAMESPACES = {"containers": "container"}
PKGDB_NAMESPACES = {"containers": "docker"}

#: the stronger first
_STRENGTH = (Role.OWNER, Role.COMAINTAINER, Role.WATCHER)


def package(namespace: str, name: str, namespaces: Mapping[str, str]) -> str:
    """Return our name of a package: ``php``, ``modules/php``, ``containers/php``; nothing where there is no name.

    :param namespaces: ours -> the service's, where they differ
    """
    if not name or "/" in name + namespace:
        return ""
    if namespace in ("", PLAIN):
        return name
    ours = {theirs: one for one, theirs in namespaces.items()}.get(namespace, namespace)
    return f"{ours}/{name}"


def package_of(found: Any, namespaces: Mapping[str, str]) -> str:
    """Return our name of the package that an object with ``name`` and ``namespace`` is about."""
    return package(as_text(dig(found, "namespace")), as_text(dig(found, "name")), namespaces)


def package_path(ours: str, namespaces: Mapping[str, str]) -> str:
    """Return the path of a package below the URL of a service; nothing if it has none there."""
    namespace, mark, name = ours.rpartition("/")
    if not name or name in (".", "..") or "/" in namespace or (mark and not namespace):
        return ""
    namespace = namespaces.get(namespace, namespace) or PLAIN
    return f"{quote(namespace, safe='')}/{quote(name, safe='')}" if namespace not in (".", "..") else ""


def strongest(roles: dict[str, Role], names: Iterable[Any], role: Role) -> None:
    """Give everybody the role who has none that is stronger; orphans and what is no name are left out."""
    for name in names:
        if isinstance(name, str) and name not in ("", ORPHAN):
            before = roles.get(name, role)
            roles[name] = min(before, role, key=_STRENGTH.index)


def listed(value: Any) -> list[Any]:
    """Return a list of an answer, and nothing where there is something else."""
    return value if isinstance(value, list) else []


def as_group(name: str) -> str:
    """Return how a group is written among maintainers."""
    return GROUP_MARK + name


def shrunk(what: str, count: int, before: int, smallest_share: float) -> str:
    """Return why an answer that names so much less than the last one is not believed; nothing if it is."""
    if count >= before * smallest_share:
        return ""
    return f"only {count:,} {what} are named, of {before:,} before; smallest_share = 0 would believe that"


def packages_shrunk(data: LookupData, last: LookupData, smallest_share: float) -> str:
    """Return why an answer with so much fewer packages is not believed."""
    return shrunk("packages", len(data.maintainers), len(last.maintainers), smallest_share)
