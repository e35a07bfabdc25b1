"""Health: whether the threads of a process turn, and whether it has all it needs. Floor F4.

Live means that each thread is heard of when it said it would be: within a minute while it looks for work or waits out
a failure, within a quarter of an hour while it works on what it took. Ready means that each has its transport and its
store and has gone round once: a worker has loaded the preferences by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fmn_core.instruments import LOOKING, Pulse
from fmn_core.supervisor import Supervisor


class Part(NamedTuple):
    """How a part of a process is.

    :param state: in words
    """

    live: bool
    ready: bool
    state: str


#: asks all parts how they are
Examine = Callable[[], dict[str, Part]]


def of_stages(pulses: Mapping[str, Pulse]) -> dict[str, Part]:
    """Tell how the threads of stages are."""
    return {name: Part(pulse.live, pulse.ready, pulse.state) for name, pulse in pulses.items()}


def of_supervisor(supervisor: Supervisor, clock: Callable[[], float] = time.monotonic) -> dict[str, Part]:
    """Tell how a supervisor is, and which of its processes live: that one does not is no reason to end them all."""
    turns = clock() - supervisor.looked_at < LOOKING
    found = {"supervisor": Part(turns, True, "well" if turns else "stuck")}
    for child in supervisor.children:
        state = f"process {child.pid}" if child.alive else "not running"
        found[child.name] = Part(True, child.ready, state if child.ready else f"{state}, not ready")
    return found


def live(parts: Mapping[str, Part]) -> tuple[bool, dict[str, Any]]:
    """Tell whether all parts live, and which do not."""
    overdue = {name: part.state for name, part in parts.items() if not part.live}
    return not overdue, {"live": not overdue, **({"overdue": overdue} if overdue else {})}


def ready(parts: Mapping[str, Part]) -> tuple[bool, dict[str, Any]]:
    """Tell whether all parts are ready, and what is missing."""
    missing = {name: part.state for name, part in parts.items() if not part.ready}
    return not missing, {"ready": not missing, **({"missing": missing} if missing else {})}


def whole(parts: Mapping[str, Part]) -> tuple[bool, dict[str, Any]]:
    """Tell both, and how each part is."""
    lives, is_ready = live(parts)[0], ready(parts)[0]
    return lives and is_ready, {
        "live": lives,
        "ready": is_ready,
        "parts": {name: part._asdict() for name, part in parts.items()},
    }
