"""What messages of Anitya are about: agent, packages of Fedora, page and thread. Wording is in ``sentences``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmn_core import Message, Summary, as_text, dig

from . import sentences
from .rules import FEDORA
from .sentences import said_in

SITE = "https://release-monitoring.org/"
#: the account under which Anitya itself publishes
SERVICE = "anitya"
HOME_DOMAIN = "@fedoraproject.org"
#: events that list the packages of the project
_LISTING = frozenset({"project.version.update", "project.version.update.v2", "project.flag"})
_MAPPING = frozenset({"project.map.new", "project.map.update"})


def event_name(message: Message) -> str:
    """Return the words of the topic behind the application: ``project.map.new``."""
    return message.topic.partition(".anitya.")[2]


class AnityaSummary(Summary):
    """Describes messages of Anitya, those of 2014 and both of today's forms of a new release.

    :param accounts: mail address -> account
    """

    apps = ("anitya",)

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        self._accounts = accounts or {}

    def summary(self, message: Message) -> str:
        """Say which project has a new version, or who changed what in Anitya."""
        said = sentences.sentence(event_name(message), message.body, self.agent(message))
        return said or super().summary(message)

    def details(self, message: Message) -> str:
        """Return the homepage, who packages it, what was changed, and why."""
        return sentences.details(message.body)

    def url(self, message: Message) -> str | None:
        """Return the page of the project, else of the distributions, else of Anitya."""
        project = as_text(dig(message.body, "project", "id"))
        if project:
            return f"{SITE}project/{project}/"
        return f"{SITE}distros" if event_name(message).startswith("distro.") else SITE

    def agent(self, message: Message) -> str:
        """Return who did it, as an account where one is known; a mail address where none is."""
        agent = as_text(said_in(message.body).get("agent")) or as_text(message.headers.get("username")) or SERVICE
        return self._accounts.get(agent) or _account(agent)

    def usernames(self, message: Message) -> tuple[str, ...]:
        """Return the agent, unless only a mail address is known."""
        agent = self.agent(message)
        return () if "@" in agent else (agent,)

    def packages(self, message: Message) -> list[Any]:
        """Return the packages of Fedora: of a mapping those it names, of a release or flag those of the project."""
        event, body = event_name(message), message.body
        if event in _LISTING:
            return [dig(package, "package_name") for package in sentences.packages(body) if _of_fedora(package)]
        if event in _MAPPING and as_text(dig(body, "distro", "name")).lower() == FEDORA:
            said = said_in(body)
            return [said.get("new"), said.get("prev")]
        return []

    def thread(self, message: Message) -> str:
        """Return the upstream project, else the distribution or flag."""
        body = message.body
        said = said_in(body)
        for kind, key in (
            ("project", as_text(dig(body, "project", "id"))),
            ("distro", as_text(dig(body, "distro", "name"))),
            ("flag", as_text(said.get("flag"))),
        ):
            if key:
                return f"anitya/{kind}/{key}"
        return super().thread(message)

    def event(self, message: Message) -> str:
        """Return what happened to what: ``version released``."""
        return sentences.EVENTS.get(event_name(message)) or super().event(message)


def _of_fedora(package: Any) -> bool:
    return as_text(dig(package, "distro")).lower() == FEDORA


def _account(agent: str) -> str:
    """Return the account in an OpenID address or an address of the home domain; anything else as it is.

    Fedora's OpenID addresses are ``http://NAME.id.fedoraproject.org/``.
    """
    scheme, _, address = agent.partition("://")
    if scheme in ("http", "https"):
        name, _, domain = address.partition("/")[0].partition(".")
        return name if domain.startswith("id.") else agent
    return agent.removesuffix(HOME_DOMAIN)
