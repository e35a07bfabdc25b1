"""What messages of Anitya say. Any field may be missing or of another type: the sentence goes round it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fmn_core import as_text, dig

Body = Mapping[str, Any]

#: of a list of versions, so many are named in a sentence
MANY = 3

SENTENCES = {
    "distro.add": "{agent} added the distribution {distro}",
    "distro.edit": "{agent} renamed the distribution {old} to {new}",
    "distro.remove": "{agent} removed the distribution {distro}",
    "project.add": "{agent} added the project {project}",
    "project.add.tried": "{agent} tried to add the project {project}, which exists already",
    "project.edit": "{agent} changed {fields} of the project {project}",
    "project.flag": "{agent} flagged the project {project}",
    "project.flag.set": "{agent} set flag {flag} to {state}",
    "project.map.new": "{agent} mapped {project} to {new} in {distro}",
    "project.map.remove": "{agent} removed the mapping of {project} in {distro}",
    "project.map.update": "{agent} changed the mapping of {project} in {distro} from {prev} to {new}",
    "project.remove": "{agent} removed the project {project}",
    "project.update": "Metadata of the project {project} was refreshed",
    "project.version.remove": "{agent} removed version {removed} of {project}",
    "project.version.remove.v2": "{agent} removed version {removed} of {project}",
    "project.version.update": "{project} released {released}{before}",
    "project.version.update.v2": "{project} released {released}{before}",
}

#: what is counted in digests
EVENTS = {
    "distro.add": "distribution added",
    "distro.edit": "distribution renamed",
    "distro.remove": "distribution removed",
    "project.add": "project added",
    "project.add.tried": "project refused",
    "project.edit": "project changed",
    "project.flag": "project flagged",
    "project.flag.set": "flag changed",
    "project.map.new": "mapping added",
    "project.map.remove": "mapping removed",
    "project.map.update": "mapping changed",
    "project.remove": "project removed",
    "project.update": "project refreshed",
    "project.version.remove": "version removed",
    "project.version.remove.v2": "version removed",
    "project.version.update": "version released",
    "project.version.update.v2": "version released",
}


def said_in(body: Body) -> Body:
    """Return what a message says: its ``message``, or the body itself where it is flat or odd."""
    said = body.get("message")
    return said if isinstance(said, dict) else body


def packages(body: Body) -> list[Any]:
    """Return the packages that are mapped to the project; older flags hold them beside the message."""
    for listed in (said_in(body).get("packages"), body.get("packages")):
        if isinstance(listed, list):
            return listed
    return []


def sentence(event: str, body: Body, agent: str) -> str:
    """Return one line that says what happened, or nothing for an event that is not known here.

    :param event: the words of the topic behind the application
    """
    template = SENTENCES.get(event)
    return template.format_map(_Words(body, agent)) if template else ""


def details(body: Body) -> str:
    """Return homepage, packages, changes and reason, one a line, as far as the message says."""
    said = said_in(body)
    changes = said.get("changes")
    lines = [
        ("Homepage", as_text(dig(body, "project", "homepage"))),
        ("Packages", ", ".join(filter(None, map(_package, packages(body))))),
        ("Reason", as_text(said.get("reason"))),
        *((name, _change(change)) for name, change in (changes if isinstance(changes, dict) else {}).items()),
    ]
    return "\n".join(f"{label}: {value}" for label, value in lines if value)


def _package(package: Any) -> str:
    name, distro = as_text(dig(package, "package_name")), as_text(dig(package, "distro"))
    return f"{name} ({distro})" if name and distro else name


def _change(change: Any) -> str:
    old, new = (as_text(dig(change, side)) or "nothing" for side in ("old", "new"))
    return f"{old} → {new}"


class _Words(dict[str, str]):
    """The words of a sentence, each looked for when the sentence asks for it."""

    def __init__(self, body: Body, agent: str) -> None:
        super().__init__(agent=agent)
        self._body = body

    def __missing__(self, word: str) -> str:
        find = _WORDS.get(word)
        if find:
            return find(self._body)
        return as_text(said_in(self._body).get(word)) or "something"


def _project(body: Body) -> str:
    return as_text(dig(body, "project", "name")) or as_text(said_in(body).get("project")) or "a project"


def _distro(body: Body) -> str:
    return as_text(dig(body, "distro", "name")) or as_text(said_in(body).get("distro")) or "a distribution"


def _fields(body: Body) -> str:
    return _listed(said_in(body).get("fields")) or "details"


def _listed(values: Any) -> str:
    names = list(filter(None, map(as_text, values))) if isinstance(values, list) else []
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return ", ".join(names[:MANY]) + more


def _released(body: Body) -> str:
    said = said_in(body)
    return _listed(said.get("upstream_versions")) or as_text(said.get("upstream_version")) or "a new version"


def _before(body: Body) -> str:
    old = as_text(said_in(body).get("old_version"))
    return f" (before: {old})" if old else ""


def _removed(body: Body) -> str:
    said = said_in(body)
    return as_text(said.get("version")) or _listed(said.get("versions")) or "something"


_WORDS: dict[str, Callable[[Body], str]] = {
    "project": _project,
    "distro": _distro,
    "fields": _fields,
    "released": _released,
    "before": _before,
    "removed": _removed,
}
