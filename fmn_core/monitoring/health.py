"""Health: whether the threads of a process turn, and whether it has all it needs. Floor F4.

Live means that each thread is heard of when it said it would be: within a minute while it looks for work or waits out
a failure, within a quarter of an hour while it works on what it took. Ready means that each has its transport and its
store and has gone round once: a worker has loaded the preferences by then. A delivery whose backend is away is ready,
for neither another start nor another process would help; that it is away is remarked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fmn_core.delivery import Delivery
from fmn_core.instruments import LOOKING, Pulse
from fmn_core.runner import Stage
from fmn_core.supervisor import Supervisor


class Part(NamedTuple):
    """How a part of a process is.

    :param state: in words
    :param remark: what is not well outside of the process; empty where nothing is
    """

    live: bool
    ready: bool
    state: str
    remark: str = ""


#: asks all parts how they are
Examine = Callable[[], dict[str, Part]]


def of_stages(pulses: Mapping[str, Pulse], stages: Sequence[Stage] = ()) -> dict[str, Part]:
    """Tell how the threads of stages are.

    :param stages: those that may have something to remark
    """
    away = {one.name: one.away for one in stages if isinstance(one, Delivery)}
    remarks = {name: f"the backend is away, and its queue waits: {reason}" for name, reason in away.items() if reason}
    return {name: Part(pulse.live, pulse.ready, pulse.state, remarks.get(name, "")) for name, pulse in pulses.items()}


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
    remarks = {name: part.remark for name, part in parts.items() if part.remark}
    words = {"missing": missing, "remarks": remarks}
    return not missing, {"ready": not missing, **{name: told for name, told in words.items() if told}}


def whole(parts: Mapping[str, Part]) -> tuple[bool, dict[str, Any]]:
    """Tell both, and how each part is."""
    lives, is_ready = live(parts)[0], ready(parts)[0]
    return lives and is_ready, {
        "live": lives,
        "ready": is_ready,
        "parts": {name: _told(part) for name, part in parts.items()},
    }


def _told(part: Part) -> dict[str, Any]:
    told = part._asdict()
    return told if part.remark else {name: told[name] for name in told if name != "remark"}
