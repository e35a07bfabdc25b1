"""What messages of pkgdb are about: persons, packages, page and thread. Wording is in ``sentences``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fmn_core import Message, Summary, dig

from . import sentences
from .sentences import text

Body = Mapping[str, Any]

PAGE = "https://admin.fedoraproject.org/pkgdb/package/{namespace}/{name}/"
#: owns what nobody owns; not an account
ORPHAN = "orphan"
#: of packages whose message is older than namespaces
NAMESPACE = "rpms"


class PkgdbSummary(Summary):
    """Describes messages of pkgdb, whichever of its years they are from."""

    apps = ("pkgdb",)

    def summary(self, message: Message) -> str:
        """Say who did what to which package, branch or collection."""
        body = message.body
        packages = [_shown(*package) for package in packages_of(body).items()]
        said = sentences.sentence(_event_name(message), body, agent_of(body), packages)
        return said or super().summary(message)

    def details(self, message: Message) -> str:
        """Return what an administrator wrote when deciding a request."""
        written = dig(message.body, "action", "message")
        return written if isinstance(written, str) else ""

    def url(self, message: Message) -> str | None:
        """Return the page of the package."""
        package = self._only_package(message)
        if not package:
            return None
        name, namespace = package
        return PAGE.format(namespace=quote(namespace, safe=""), name=quote(name, safe="+~"))

    def agent(self, message: Message) -> str | None:
        """Return who did it."""
        return agent_of(message.body)

    def usernames(self, message: Message) -> list[Any]:
        """Return who did it and whose permission it is. Neither a new owner nor the requester is counted."""
        body = message.body
        names = (agent_of(body), dig(body, "acl", "fas_name"), body.get("username"))
        return [name for name in names if name != ORPHAN]

    def packages(self, message: Message) -> list[str]:
        """Return the packages, wherever the body has them, without their namespace."""
        return list(packages_of(message.body))

    def thread(self, message: Message) -> str:
        """Return the package, else the collection that is branched or changed."""
        package = self._only_package(message)
        if package:
            name, namespace = package
            return f"pkgdb/package/{namespace}/{name}"
        branch = sentences.branch_of(message.body)
        return f"pkgdb/collection/{branch}" if branch else super().thread(message)

    def event(self, message: Message) -> str:
        """Return what happened to what: ``package orphaned``."""
        return sentences.happened(_event_name(message), message.body) or super().event(message)

    def _only_package(self, message: Message) -> tuple[str, str] | None:
        found = packages_of(message.body)
        return found.popitem() if len(found) == 1 else None


def _event_name(message: Message) -> str:
    """Return the words of the topic behind the application: ``package.new``."""
    return message.topic.partition(".pkgdb.")[2]


def agent_of(body: Body) -> str | None:
    """Return who did it; the oldest messages hold a list of one."""
    agent = body.get("agent")
    if isinstance(agent, list) and agent:
        agent = agent[0]
    return agent if isinstance(agent, str) else None


def packages_of(body: Body) -> dict[str, str]:
    """Return the packages in a body by name, with their namespace, wherever its year put them."""
    packages: dict[str, str] = {}
    listings = body.get("package_listings")
    for found in (
        dig(body, "package_listing", "package"),
        *(dig(listing, "package") for listing in (listings if isinstance(listings, list) else ())),
        body.get("package"),
        dig(body, "acl", "packagelist", "package"),
        dig(body, "info", "pkg_name"),
        dig(body, "action", "info", "pkg_name"),
        dig(body, "action", "package"),
    ):
        name = dig(found, "name") if isinstance(found, dict) else found
        if isinstance(name, str) and name:
            packages[name] = text(dig(found, "namespace")) or packages.get(name, NAMESPACE)
    return packages


def _shown(name: str, namespace: str) -> str:
    return name if namespace == NAMESPACE else f"{namespace}/{name}"
