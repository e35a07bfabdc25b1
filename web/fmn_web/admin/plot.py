"""Plot: bars of numbers by day and outcome, as coordinates for a drawing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from fmn_core.model import Outcome

#: size of the drawing, and what is left around the bars for what is written there
WIDTH, HEIGHT = 480, 220
LEFT, BOTTOM, TOP = 60, 24, 10
#: where bars stand, and how high they may be
_FLOOR = HEIGHT - BOTTOM
_ROOM = _FLOOR - TOP
#: share of a day that its bar takes
_FILLED = 0.8

#: from below to above; what went wrong is on top, where it is seen
STACK = (Outcome.SENT, Outcome.SUPPRESSED, Outcome.QUEUED, Outcome.DEFERRED, Outcome.FAILED)


@dataclass(frozen=True)
class Bar:
    """A piece of a bar."""

    day: date
    outcome: Outcome
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Plot:
    """A drawing.

    :param lines: height and number of the lines across
    :param days: name of a day for each week, and the place where its bar ends
    """

    bars: list[Bar]
    lines: list[tuple[float, int]]
    days: list[tuple[float, str]]


def drawn(volume: Mapping[date, Mapping[Outcome, int]]) -> Plot:
    """Place the bars of some days, oldest first."""
    top = round_up(max((sum(counts.values()) for counts in volume.values()), default=0))
    step = (WIDTH - LEFT) / max(1, len(volume))
    bars: list[Bar] = []
    ends: list[tuple[float, str]] = []
    for number, (day, counts) in enumerate(volume.items()):
        x, width = round(LEFT + number * step, 1), round(step * _FILLED, 1)
        bars += _stacked(day, counts, x, width, _ROOM / top)
        ends.append((x + width, f"{day:%d %b}"))
    parts = 1 if top % 2 else 2
    lines = [(round(_FLOOR - _ROOM * part / parts, 1), top * part // parts) for part in range(parts + 1)]
    return Plot(bars, lines, ends[::-7])


def _stacked(day: date, counts: Mapping[Outcome, int], x: float, width: float, scale: float) -> Iterator[Bar]:
    """Put the pieces of a bar upon each other."""
    below = 0
    for outcome in STACK:
        if count := counts.get(outcome, 0):
            below += count
            yield Bar(day, outcome, count, x, round(_FLOOR - below * scale, 1), width, round(count * scale, 1))


def round_up(number: int) -> int:
    """Return the next number that is round: 1, 2 or 5 with zeros; 1 for nothing."""
    size = 1
    while True:
        for first in (1, 2, 5):
            if first * size >= number:
                return first * size
        size *= 10
