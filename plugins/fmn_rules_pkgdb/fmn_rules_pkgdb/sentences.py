"""What messages of pkgdb say: a sentence for each event, and where its words are in a body of any year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fmn_core import dig

Body = Mapping[str, Any]

SENTENCES = {
    "acl.request.toggle": "{agent} {toggled} {acl} permission on {place}",
    "acl.update": "{agent} set {person}'s {acl} permission on {place} to {status}",
    "acl.delete": "{agent} deleted {person}'s {acl} permission on {place}",
    "acl.user.remove": "{agent} removed {person} from {place}",
    "admin.action.status.update": "{agent} changed {requester}'s {request} for {place} from {old} to {new}",
    "branch.start": "{agent} started to branch {branch} from {parent}",
    "branch.complete": "{agent} finished branching {branch} from {parent}",
    "branch.clone": "{agent} cloned a branch of {package}",
    "collection.new": "{agent} created the collection {collection}",
    "collection.update": "{agent} changed {fields} of the collection {collection}",
    "critpath.update": "{agent} marked {place} as {critical}",
    "owner.update": "{agent} made {owner} the owner of {place}",
    "package.new": "{agent} created the package {place}, owned by {owner}",
    "package.new.request": "{agent} requested the new package {place}",
    "package.update": "{agent} changed {fields} of {package}",
    "package.update.status": "{agent} changed {place} from {previous} to {status}",
    "package.delete": "{agent} deleted the package {package}",
    "package.retire": "{agent} {retired} {place}",
    "package.unretire.request": "{agent} requested to unretire {place}",
    "package.branch.new": "{agent} created the branch {branch} of {package}",
    "package.branch.request": "{agent} requested the branch {branch} of {package}",
    "package.branch.delete": "{agent} deleted the branch {branch} of {package}",
    "package.critpath.update": "{agent} marked {place} as {critical}",
    "package.monitor.update": "{agent} switched release monitoring of {package} {switch}",
    "package.koschei.update": "{agent} switched Koschei's monitoring of {package} {switch}",
}

#: what is counted in digests. A word in braces comes from the body, if it is one that pkgdb is known to say
EVENTS = {
    "acl.request.toggle": "access {toggled}",
    "acl.update": "access {status}",
    "acl.delete": "access deleted",
    "acl.user.remove": "person removed",
    "admin.action.status.update": "request {new}",
    "branch.start": "mass branching started",
    "branch.complete": "mass branching completed",
    "branch.clone": "branch cloned",
    "collection.new": "collection created",
    "collection.update": "collection changed",
    "critpath.update": "critical path changed",
    "owner.update": "owner changed",
    "package.new": "package created",
    "package.new.request": "package requested",
    "package.update": "package changed",
    "package.update.status": "package {status}",
    "package.delete": "package deleted",
    "package.retire": "package {retired}",
    "package.unretire.request": "unretirement requested",
    "package.branch.new": "branch created",
    "package.branch.request": "branch requested",
    "package.branch.delete": "branch deleted",
    "package.critpath.update": "critical path changed",
    "package.monitor.update": "monitoring changed",
    "package.koschei.update": "monitoring changed",
}
#: what pkgdb says -> the word for it; anything else is a change
_HOW = {
    "requested": "requested",
    "rescinded": "withdrawn",
    "Approved": "approved",
    "Awaiting Review": "requested",
    "Denied": "denied",
    "Obsolete": "withdrawn",
    "Blocked": "blocked",
    "Orphaned": "orphaned",
    "Retired": "retired",
    "Removed": "removed",
    "retired": "retired",
    "unretired": "unretired",
}
_PERMITTED = {"Approved": "granted"}


def sentence(event: str, body: Body, agent: str | None, packages: Sequence[str]) -> str:
    """Return one line that says what happened, or nothing for an event that is not known here.

    :param event: the words of the topic behind the application
    :param agent: who did it, if known
    :param packages: the packages, each with its namespace if that needs saying; of several, the first is named
    """
    template = SENTENCES.get(event)
    return template.format_map(_Words(body, agent, _named(packages))) if template else ""


def happened(event: str, body: Body) -> str:
    """Return what happened in a few words of which the last says how, or nothing for an event that is not known here.

    :param event: the words of the topic behind the application
    """
    noun, _, word = EVENTS.get(event, "").partition(" {")
    if not word:
        return noun
    find, otherwise = _WORDS[word.removesuffix("}")]
    said = find(body) or otherwise
    how = _PERMITTED.get(said) if event.startswith("acl.") else None
    return f"{noun} {how or _HOW.get(said, 'changed')}"


def _named(packages: Sequence[str]) -> str:
    more = f" and {len(packages) - 1} more" if len(packages) > 1 else ""
    return "".join(packages[:1]) + more


def branch_of(body: Body) -> str:
    """Return the branch or branches that a message is about, if any."""
    branches = body.get("branches")
    listed = ", ".join(filter(None, map(text, branches))) if isinstance(branches, list) else ""
    return listed or first(
        body,
        ("package_listing", "collection", "branchname"),
        ("acl", "packagelist", "collection", "branchname"),
        ("action", "collection", "branchname"),
        ("collection_to", "branchname"),
        ("collection", "branchname"),
    )


def text(value: Any) -> str:
    """Return text as it is and anything else as nothing."""
    return value if isinstance(value, str) else ""


def first(body: Body, *paths: tuple[str, ...]) -> str:
    """Return the first text that stands at one of the paths, or nothing."""
    return next(filter(None, (text(dig(body, *path)) for path in paths)), "")


class _Words(dict[str, str]):
    """The words of a sentence, each looked for when the sentence asks for it."""

    def __init__(self, body: Body, agent: str | None, package: str) -> None:
        super().__init__(agent=agent or "Somebody", package=package or "a package")
        self._body = body

    def __missing__(self, word: str) -> str:
        if word == "place":
            branch = branch_of(self._body)
            return f"{self['package']} ({branch})" if branch else self["package"]
        find, otherwise = _WORDS[word]
        return find(self._body) or otherwise


def _at(*paths: tuple[str, ...]) -> Callable[[Body], str]:
    return lambda body: first(body, *paths)


def _collection(body: Body) -> str:
    name, version = (text(dig(body, "collection", field)) for field in ("name", "version"))
    return f"{name} {version}".strip()


def _fields(body: Body) -> str:
    fields = body.get("fields")
    return ", ".join(filter(None, map(text, fields))) if isinstance(fields, list) else ""


def _owner(body: Body) -> str:
    owner = first(body, ("package_listing", "point_of_contact"), ("package_listing", "owner"))
    return "nobody" if owner == "orphan" else owner


def _request(body: Body) -> str:
    kind = first(body, ("action", "action")).removeprefix("request.")
    return f"{kind} request" if kind else ""


def _switch(body: Body) -> str:
    status = body.get("status")
    return ("on" if status else "off") if isinstance(status, bool) else f"to {text(status) or 'another state'}"


#: word of a sentence -> where it is found, and what stands for it where the body lacks it
_WORDS: dict[str, tuple[Callable[[Body], str], str]] = {
    "acl": (_at(("acl",), ("acl", "acl")), ""),
    "branch": (branch_of, "a branch"),
    "collection": (_collection, "without name"),
    "critical": (lambda body: "not critical" if body.get("critpath") is False else "critical", ""),
    "fields": (_fields, "details"),
    "new": (_at(("new_status",)), "another status"),
    "old": (_at(("old_status",)), "its status"),
    "owner": (_owner, "somebody"),
    "parent": (_at(("collection_from", "branchname")), "another branch"),
    "person": (_at(("username",), ("acl", "fas_name")), "somebody"),
    "previous": (_at(("prev_status",)), "its status"),
    "request": (_request, "request"),
    "requester": (_at(("action", "user")), "somebody"),
    "retired": (_at(("retirement",)), "retired"),
    "status": (_at(("status",)), "another status"),
    "switch": (_switch, "on"),
    "toggled": (_at(("acl_action",)), "requested"),
}
