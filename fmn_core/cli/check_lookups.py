"""What ``fmn check`` says of the lookups: how old the answers of each source are, and why it is down. Floor F4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from fmn_core.desk import is_outdated
from fmn_core.librarian import TOO_OLD
from fmn_core.lookups import Failure, Label, LookupSource
from fmn_core.shelf.base import Shelf, answers

#: unit -> seconds; an age is told in the largest of which there are two
_UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
_UNKEPT = "answers; none are kept yet"


class Verdict(NamedTuple):
    """What is to be said of one source."""

    source: str
    ok: bool
    detail: str


def verdicts(sources: Iterable[LookupSource], shelf: Shelf, refresh: float, now: float) -> Iterator[Verdict]:
    """Judge each source by what lies on the shelf. Where nothing lies there, or what is no longer true, it is asked.

    :raises ShelfError: the shelf cannot be reached
    """
    labels, failures = shelf.labels(), shelf.failures()
    for source in sources:
        label = labels.get(source.name)
        if label is None:
            reason = _asked_in_vain(source)
            yield Verdict(source.name, not reason, f"no answers at all: {reason}" if reason else _UNKEPT)
        else:
            young = now - label.fetched_at <= TOO_OLD * refresh
            yield Verdict(source.name, young, _kept(source, label, failures.get(source.name), now))


def _asked_in_vain(source: LookupSource) -> str:
    """Ask a source, keep nothing, and return why it gives no answer; nothing if it does."""
    try:
        answers(source.load(), 0.0)
    except Exception as error:  # a plugin's code
        return str(error) or type(error).__name__
    return ""


def _kept(source: LookupSource, label: Label, failure: Failure | None, now: float) -> str:
    kept = f"answers of {ago(now - label.fetched_at)} ago"
    if is_outdated(source, label):
        reason = _asked_in_vain(source)
        return f"{kept} serve: {reason}" if reason else f"{kept}; there are others by now"
    if failure is not None:
        since = datetime.fromtimestamp(failure.since, UTC)
        return f"{kept} serve; asked in vain at {since:%Y-%m-%d %H:%M:%S} UTC: {failure.reason}"
    return kept


def ago(seconds: float) -> str:
    """Return an age in words."""
    for unit, size in _UNITS.items():
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
