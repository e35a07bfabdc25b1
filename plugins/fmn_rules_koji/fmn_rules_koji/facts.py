"""What messages of Koji are about: persons, packages, pages and threads, by event. Wording is in ``sentences``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from fmn_core import Message, Summary, as_text, dig

from . import sentences
from .sentences import nvr

HOST = "koji.fedoraproject.org"
STAGING_HOST = "koji.stg.fedoraproject.org"


@dataclass(frozen=True, slots=True)
class Event:
    """Which fields of a body say what, for one kind of message.

    :param thing: what it is about, by the value of ``key``; messages of one thing share a thread
    :param key: field that tells one such thing from another
    :param persons: fields with accounts; the first is who did it
    :param package: field with the package
    :param page: page of Koji's web interface, with the name of its parameter
    :param page_id: field with the value of that parameter
    :param own_url: where a body of today names the page itself
    :param inside: objects of the body, of which the first that is there holds these fields; none for the body itself
    """

    thing: str = ""
    key: str = ""
    persons: tuple[str, ...] = ()
    package: str = ""
    page: str = ""
    page_id: str = ""
    own_url: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    def subject(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the object that holds the fields."""
        if not self.inside:
            return body
        return next((part for key in self.inside if isinstance(part := body.get(key), dict)), {})


_BUILD = Event("build", "build_id", ("owner",), "name", "buildinfo?buildID", "build_id", own_url=("url",))
# a scratch build belongs to no package: what is in it need not be what the package's owner built
_SCRATCH = Event("task", "id", ("owner",), "", "taskinfo?taskID", "id", own_url=("info", "url"))
_TAG = Event("build", "build_id", ("user", "owner"), "name", "taginfo?tagID", "tag_id")
_LIST = Event("package", "package", ("owner",), "package")
_REPO = Event("repo", "tag", (), "", "taginfo?tagID", "tag_id")
_SIGN = Event("build", "build_id", (), "name", "buildinfo?buildID", "build_id", inside=("rpm", "info"))
_OTHER = Event()

EVENTS = {
    "build.state.change": _BUILD,
    "task.state.change": _SCRATCH,
    "tag": _TAG,
    "untag": _TAG,
    "package.list.change": _LIST,
    "repo.init": _REPO,
    "repo.done": _REPO,
    "rpm.sign": _SIGN,
}


def event_name(message: Message) -> str:
    """Return the words of the topic behind the application: ``build.state.change``."""
    return _words(message.topic)


def _words(topic: str) -> str:
    return topic.partition(".buildsys.")[2]


@lru_cache(maxsize=1000)
def _event(topic: str) -> Event:
    return EVENTS.get(_words(topic), _OTHER)


def event_of(message: Message) -> Event:
    """Return what is known of messages of this kind."""
    return _event(message.topic)


class KojiSummary(Summary):
    """Describes messages of Koji, those of its secondary instances and of staging included."""

    apps = ("buildsys",)

    def summary(self, message: Message) -> str:
        """Say what happened to the build, and on which instance if it is not the primary one."""
        said = sentences.sentence(event_name(message), message.body)
        if not said:
            return super().summary(message)
        instance = _instance(message.body)
        return said if instance == "primary" else f"{said} ({instance})"

    def details(self, message: Message) -> str:
        """Tell what was asked for, and when it began and ended."""
        return sentences.details(message.body)

    def url(self, message: Message) -> str | None:
        """Return the page of the build, task or tag."""
        event, body = event_of(message), message.body
        own = dig(body, *event.own_url)
        if isinstance(own, str) and own.startswith(("https://", "http://")):
            return own
        page_id = as_text(event.subject(body).get(event.page_id))
        return f"{_base(message)}/koji/{event.page}={quote(page_id, safe='')}" if page_id else None

    def agent(self, message: Message) -> str | None:
        """Return who tagged it, else to whom the build belongs."""
        return next(iter(self.usernames(message)), None)

    def usernames(self, message: Message) -> list[Any]:
        """Return to whom the build belongs, and who tagged it."""
        body = message.body
        return [body.get(field) for field in event_of(message).persons]

    def packages(self, message: Message) -> tuple[Any, ...]:
        """Return the package; of a signature, the name of the RPM. Scratch builds have none."""
        event = event_of(message)
        return (event.subject(message.body).get(event.package),)

    def thread(self, message: Message) -> str:
        """Return the build or task, which its start and its end have in common; else the package or repository."""
        event = event_of(message)
        subject = event.subject(message.body)
        key = as_text(subject.get(event.key))
        if not key and event.thing == "build":
            key = nvr(subject)  # old messages of tags know the build by its name only
        return f"koji/{_instance(message.body)}/{event.thing}/{key}" if key else super().thread(message)

    def event(self, message: Message) -> str:
        """Return what happened to what: ``build started``."""
        return sentences.happened(event_name(message), message.body) or super().event(message)


def _instance(body: Mapping[str, Any]) -> str:
    return as_text(body.get("instance")) or "primary"


def _base(message: Message) -> str:
    """Return where Koji's web interface was: today's messages say so, older ones are of one of these hosts."""
    said = message.body.get("base_url")
    if isinstance(said, str) and said.startswith(("https://", "http://")):
        return said.rstrip("/")
    host = STAGING_HOST if ".stg." in message.topic else HOST
    instance = _instance(message.body)
    return f"http://{host}" if instance == "primary" else f"http://{quote(instance, safe='')}.{host}"
