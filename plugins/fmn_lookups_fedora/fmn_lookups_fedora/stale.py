"""Which packages and groups a message makes stale. Bodies may be odd: what is no name is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fmn_core import Message, as_text, dig

from .names import DISTGIT_NAMESPACES, PKGDB_NAMESPACES, listed, package, package_of

#: dist-git's Pagure publishes under this; pagure.io, under another, knows no packages
DISTGIT_PREFIX = "org.fedoraproject."
#: events on projects that change nobody's access
HARMLESS_PROJECT_EVENTS = ("project.forked", "project.tag.")
#: words of events that change it wherever they stand: dist-git's own additions to Pagure have had several names
ORPHANING = frozenset({"orphan", "orphaned", "unorphan", "adopt", "adopted"})
#: pkgdb's areas in which access changes, and words of events there that change none
PKGDB_AREAS = ("acl", "owner", "package")
HARMLESS_PKGDB_WORDS = frozenset({"request", "critpath", "monitor", "koschei"})
#: where pkgdb's messages have packages
PKGDB_PLACES = (
    ("package",),
    ("package_listing", "package"),
    ("acl", "packagelist", "package"),
)
#: what the account system says of a group; a wish to become a member changes nothing
HARMLESS_GROUP_EVENTS = ("group.member.apply", "group.update")


def event(message: Message) -> str:
    """Return the topic behind prefix and application."""
    return message.topic.partition(f".{message.app}.")[2]


def pagure_packages(message: Message) -> frozenset[str]:
    """Return the packages whose access a message of dist-git's Pagure may have changed."""
    what = event(message)
    project = message.body.get("project")
    if not message.topic.startswith(DISTGIT_PREFIX):
        return frozenset()
    if not what.startswith("project.") and not ORPHANING.intersection(what.split(".")):
        return frozenset()
    if what.startswith(HARMLESS_PROJECT_EVENTS) or _is_fork(project) or not as_text(dig(project, "namespace")):
        return frozenset()
    return frozenset({package_of(project, DISTGIT_NAMESPACES)} - {""})


def _is_fork(project: Any) -> bool:
    return bool(dig(project, "parent")) or as_text(dig(project, "fullname")).startswith("forks/")


def pkgdb_packages(message: Message) -> frozenset[str]:
    """Return the packages whose access a message of pkgdb may have changed."""
    words = event(message).split(".")
    if words[0] not in PKGDB_AREAS or HARMLESS_PKGDB_WORDS.intersection(words):
        return frozenset()
    return frozenset(_pkgdb_packages(message.body)) - {""}


def _pkgdb_packages(body: Any) -> Iterator[str]:
    for place in PKGDB_PLACES:
        found = dig(body, *place)
        yield package("", found, PKGDB_NAMESPACES) if isinstance(found, str) else package_of(found, PKGDB_NAMESPACES)
    for listing in listed(body.get("package_listings")):
        yield package_of(dig(listing, "package"), PKGDB_NAMESPACES)


def fas_groups(message: Message) -> frozenset[str]:
    """Return the groups whose members a message of the account system, old or new, may have changed."""
    what = event(message)
    if not what.startswith("group.") or what.startswith(HARMLESS_GROUP_EVENTS):
        return frozenset()
    inner = message.body.get("msg")  # noggin wraps its bodies
    group = dig(inner if isinstance(inner, dict) else dict(message.body), "group")
    return frozenset({as_text(dig(group, "name") or group)} - {""})
