"""Draws how deep queues were over time, one panel for each row of a measurement, as SVG. Floor F4."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .flow import Depth

#: size of a panel and of what is around it, in pixels
WIDTH, HEIGHT, MARGIN = 300, 150, 46
COLUMNS = 3
COLOURS = {"bus": "#8a8a8a", "messages": "#3c6eb4", "deliveries": "#e59728"}
_STYLE = "text{font:11px sans-serif;fill:#333}.title{font-weight:bold}polyline{fill:none;stroke-width:1.5}"


def drawing(panels: Sequence[tuple[str, Sequence[Depth]]]) -> str:
    """Return an SVG document.

    :param panels: title and depths of each
    """
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // COLUMNS)
    width, height = columns * (WIDTH + 2 * MARGIN), rows * (HEIGHT + 2 * MARGIN) + MARGIN
    drawn = "".join(
        f'<g transform="translate({MARGIN + n % COLUMNS * (WIDTH + 2 * MARGIN)},'
        f'{MARGIN + n // COLUMNS * (HEIGHT + 2 * MARGIN)})">{_panel(title, depths)}</g>'
        for n, (title, depths) in enumerate(panels)
    )
    legend = "".join(
        f'<text x="{MARGIN + 180 * n}" y="{height - 14}" style="fill:{colour}">— {name}</text>'
        for n, (name, colour) in enumerate(COLOURS.items())
    )
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{drawn}{legend}</svg>\n'
    )


def _panel(title: str, depths: Sequence[Depth]) -> str:
    end = max((one.at for one in depths), default=0.0) or 1.0
    top = max((max(one.bus, one.messages, one.deliveries) for one in depths), default=0) or 1
    lines = "".join(
        f'<polyline stroke="{colour}" points="{_points(depths, name, end, top)}"/>' for name, colour in COLOURS.items()
    )
    return (
        f'<text class="title" y="-10">{escape(title)}</text>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/>{lines}'
        f'<text x="-6" y="8" text-anchor="end">{top:,}</text><text x="-6" y="{HEIGHT}" text-anchor="end">0</text>'
        f'<text y="{HEIGHT + 16}">0 s</text><text x="{WIDTH}" y="{HEIGHT + 16}" text-anchor="end">{end:,.1f} s</text>'
    )


def _points(depths: Sequence[Depth], name: str, end: float, top: int) -> str:
    return " ".join(f"{one.at / end * WIDTH:.1f},{HEIGHT - getattr(one, name) / top * HEIGHT:.1f}" for one in depths)
