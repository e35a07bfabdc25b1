"""What messages of Koji say, as sentences. Any field may be missing or of another type: the sentence goes round it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fmn_core import as_text

Body = Mapping[str, Any]

BUILD_STATES = {0: "started", 1: "completed", 2: "was deleted", 3: "failed", 4: "was cancelled"}
TASK_STATES = {
    "FREE": "is waiting",
    "ASSIGNED": "is about to start",
    "OPEN": "started",
    "CLOSED": "completed",
    "FAILED": "failed",
    "CANCELED": "was cancelled",
}
#: what is counted in digests: thing and state, the same for every state that is not known
_BUILD_EVENTS = {state: f"build {said.rpartition(' ')[2]}" for state, said in BUILD_STATES.items()}
_SCRATCH_EVENTS = {state: f"scratch build {said.rpartition(' ')[2]}" for state, said in TASK_STATES.items()}
_STATE_CHANGES: dict[str, tuple[str, Mapping[Any, str]]] = {
    "build.state.change": ("build changed", _BUILD_EVENTS),
    "task.state.change": ("scratch build changed", _SCRATCH_EVENTS | {"ASSIGNED": "scratch build assigned"}),
}
_EVENTS = {
    "tag": "build tagged",
    "untag": "build untagged",
    "package.list.change": "package list changed",
    "repo.init": "regeneration begun",
    "repo.done": "regeneration ended",
    "rpm.sign": "RPM signed",
}


def nvr(body: Body) -> str:
    """Return name, version and release as Koji joins them, as far as they are known."""
    return "-".join(filter(None, (as_text(body.get(field)) for field in ("name", "version", "release"))))


def sentence(event: str, body: Body) -> str:
    """Return one line that says what happened, or nothing for an event that is not known here.

    :param event: the words of the topic behind the application
    """
    make = _SENTENCES.get(event)
    return make(body) if make else ""


def happened(event: str, body: Body) -> str:
    """Return what happened in a few words of which the last says how, or nothing for an event that is not known here.

    :param event: the words of the topic behind the application
    """
    change = _STATE_CHANGES.get(event)
    if not change:
        return _EVENTS.get(event, "")
    otherwise, states = change
    new = body.get("new")
    return states.get(new, otherwise) if as_text(new) else otherwise  # true is no state, though it equals 1


def details(body: Body) -> str:
    """Return request and times of a build, one a line, as far as the message says."""
    lines = {
        "Request": ", ".join(filter(None, map(as_text, _request(body)))),
        "Created": as_text(body.get("creation_time")),
        "Finished": as_text(body.get("completion_time")),
    }
    return "\n".join(f"{label}: {value}" for label, value in lines.items() if value)


def _request(body: Body) -> list[Any]:
    """Return what Koji was asked to do: first the source, then the target."""
    info = body.get("info")
    asked = info.get("request") if isinstance(info, dict) else body.get("request")
    return asked if isinstance(asked, list) else []


def _owned(body: Body, what: str) -> str:
    owner = as_text(body.get("owner"))
    return f"{owner}'s {what}" if owner else what.capitalize()


def _became(states: Mapping[Any, str], new: Any) -> str:
    said = as_text(new)
    if not said:
        return "changed state"
    return states.get(new) or f"is now in state {said}"


def _build(body: Body) -> str:
    return f"{_owned(body, 'build')} of {nvr(body) or 'something'} {_became(BUILD_STATES, body.get('new'))}"


def _scratch(body: Body) -> str:
    source = as_text(body.get("srpm")).rpartition("/")[2] or "something"
    target = "".join(map(as_text, _request(body)[1:2]))
    aim = f" for {target}" if target else ""
    return f"{_owned(body, 'scratch build')} of {source}{aim} {_became(TASK_STATES, body.get('new'))}"


def _tagged(verb: str, preposition: str) -> Callable[[Body], str]:
    def say(body: Body) -> str:
        build, tag = nvr(body) or "a build", as_text(body.get("tag")) or "a tag"
        user = as_text(body.get("user"))
        what = f"{user} {verb} {build}" if user else f"{build} was {verb}"
        return f"{what} {preposition} {tag}"

    return say


def _package_list(body: Body) -> str:
    package, tag = as_text(body.get("package")) or "A package", as_text(body.get("tag")) or "a tag"
    action = as_text(body.get("action"))
    return f"{package} changed in the package list of {tag}" + (f": {action}" if action else "")


def _repo(verb: str) -> Callable[[Body], str]:
    def say(body: Body) -> str:
        tag = as_text(body.get("tag"))
        return f"Regeneration of {f'repository {tag}' if tag else 'a repository'} {verb}"

    return say


def _signed(body: Body) -> str:
    rpm = next((part for key in ("rpm", "info") if isinstance(part := body.get(key), dict)), {})
    name = ".".join(filter(None, (nvr(rpm), as_text(rpm.get("arch"))))) or "An RPM"
    key = as_text(body.get("sigkey")) or as_text(rpm.get("sigkey"))
    return f"{name} was signed" + (f" with key {key}" if key else "")


_SENTENCES: dict[str, Callable[[Body], str]] = {
    "build.state.change": _build,
    "task.state.change": _scratch,
    "tag": _tagged("tagged", "into"),
    "untag": _tagged("untagged", "from"),
    "package.list.change": _package_list,
    "repo.init": _repo("began"),
    "repo.done": _repo("ended"),
    "rpm.sign": _signed,
}
