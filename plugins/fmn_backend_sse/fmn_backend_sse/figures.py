"""What a server counts, and its text for Prometheus. Numbers only: no name of anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: name, kind, help and label of everything that is told
KNOWN = (
    ("clients", "gauge", "streams that are open", ""),
    ("users", "gauge", "users who have a stream open", ""),
    ("carrier_up", "gauge", "whether events can be read", ""),
    ("connects_total", "counter", "streams that were opened", ""),
    ("refused_total", "counter", "requests that got no stream", "reason"),
    ("ended_total", "counter", "streams that we ended", "reason"),
    ("events_sent_total", "counter", "events written, each time to one client", ""),
    ("gaps_total", "counter", "streams that began with a gap", ""),
    ("carrier_failures_total", "counter", "times that events could not be read", ""),
)


class Figures:
    """Counters of a server since it started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Count something.

        :param name: of a counter
        :param label: the value of its label, if it has one
        """
        self._counts[name, label] += by

    def text(self, gauges: Mapping[str, float]) -> str:
        """Write everything in the text format of Prometheus.

        :param gauges: name -> what it is now
        """
        return "".join(f"{line}\n" for line in self._lines(gauges))

    def _lines(self, gauges: Mapping[str, float]) -> Iterator[str]:
        for name, kind, meaning, label in KNOWN:
            yield f"# HELP fmn_sse_{name} {meaning}"
            yield f"# TYPE fmn_sse_{name} {kind}"
            if kind == "gauge":
                yield f"fmn_sse_{name} {gauges[name]:g}"
            elif label:
                for (counter, value), number in sorted(self._counts.items()):
                    if counter == name:
                        yield f'fmn_sse_{name}{{{label}="{value}"}} {number}'
            else:
                yield f"fmn_sse_{name} {self._counts[name, '']}"
