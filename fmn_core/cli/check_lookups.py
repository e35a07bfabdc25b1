"""What ``fmn check`` says of the lookups: how old the answers of each source are, and why it is down. Floor F4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from fmn_core.librarian import TOO_OLD
from fmn_core.lookups import Failure, Label, LookupSource
from fmn_core.shelf.base import Shelf, answers

#: unit -> seconds; an age is told in the largest of which there are two
_UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}


class Verdict(NamedTuple):
    """What is to be said of one source."""

    source: str
    ok: bool
    detail: str


def verdicts(sources: Iterable[LookupSource], shelf: Shelf, refresh: float, now: float) -> Iterator[Verdict]:
    """Judge each source by what lies on the shelf. Only where nothing lies there is it asked.

    :raises ShelfError: the shelf cannot be reached
    """
    labels, failures = shelf.labels(), shelf.failures()
    for source in sources:
        label, failure = labels.get(source.name), failures.get(source.name)
        if label is None:
            yield _asked(source)
        else:
            yield Verdict(source.name, now - label.fetched_at <= TOO_OLD * refresh, _kept(source, label, failure, now))


def _asked(source: LookupSource) -> Verdict:
    try:
        answers(source.load(), 0.0)
    except Exception as error:  # a plugin's code
        return Verdict(source.name, False, f"no answers at all: {error}")
    return Verdict(source.name, True, "answers; none are kept yet")


def _kept(source: LookupSource, label: Label, failure: Failure | None, now: float) -> str:
    kept = f"answers of {ago(now - label.fetched_at)} ago"
    if failure is not None:
        since = datetime.fromtimestamp(failure.since, UTC)
        return f"{kept} serve; asked in vain at {since:%Y-%m-%d %H:%M:%S} UTC: {failure.reason}"
    mark = source.mark()
    return f"{kept}; there are others by now" if mark and mark != label.mark else kept


def ago(seconds: float) -> str:
    """Return an age in words."""
    for unit, size in _UNITS.items():
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
