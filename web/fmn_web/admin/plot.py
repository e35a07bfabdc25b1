"""Plot: bars of numbers by day and outcome, as coordinates for a drawing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fmn_core.model import Outcome

#: size of the drawing, and what is left around the bars for what is written there
WIDTH, HEIGHT = 720, 240
LEFT, BOTTOM, TOP = 60, 24, 10
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
    :param days: place and name of days below
    """

    bars: list[Bar]
    lines: list[tuple[float, int]]
    days: list[tuple[float, str]]


def drawn(volume: Mapping[date, Mapping[Outcome, int]]) -> Plot:
    """Place the bars of some days, oldest first."""
    top = round_up(max((sum(counts.values()) for counts in volume.values()), default=0))
    room, step = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT) / max(1, len(volume))
    bars: list[Bar] = []
    for number, (day, counts) in enumerate(volume.items()):
        y = float(HEIGHT - BOTTOM)
        for outcome in STACK:
            if count := counts.get(outcome, 0):
                height = room * count / top
                y -= height
                bars.append(Bar(day, outcome, count, round(LEFT + number * step, 1), round(y, 1),
                                round(step * _FILLED, 1), round(height, 1)))  # fmt: skip
    lines = [(round(HEIGHT - BOTTOM - room * part / 2, 1), top * part // 2) for part in range(3 if top > 1 else 1)]
    days = [(round(LEFT + number * step, 1), f"{day:%d %b}") for number, day in enumerate(volume) if number % 7 == 0]
    return Plot(bars, lines, days)


def round_up(number: int) -> int:
    """Return the next number that is round: 1, 2 or 5 with zeros; 1 for nothing."""
    size = 1
    while True:
        for first in (1, 2, 5):
            if first * size >= number:
                return first * size
        size *= 10
