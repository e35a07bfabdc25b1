"""What a change of ownership costs beside the matching: ``lookups.py [--alias FILE]``.

A second thread reads lookups all the time, as a worker does; its longest pause is what a message may wait.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fmn_core.bench import ownership
from fmn_core.lookups import LookupData, Stale, reloaded
from fmn_core.model import Role
from fmn_core.shelf.base import pack, unpack
from fmn_core.snapshot import Snapshot

TIMES = 10


class Reader(threading.Thread):
    """Reads without end, and notes how long it was kept from it."""

    def __init__(self, snapshot: Snapshot, packages: list[str]) -> None:
        super().__init__(daemon=True)
        self.snapshot, self._packages, self.longest, self.reads = snapshot, packages, 0.0, 0

    def run(self) -> None:
        last = time.perf_counter()
        while True:
            for package in self._packages:
                self.snapshot.owners(package)
                now = time.perf_counter()
                self.longest, last = max(self.longest, now - last), now
                self.reads += 1


def measured(what: str, reader: Reader, do: Callable[[], Any]) -> dict[str, Any]:
    """Do something some times, beside the reader."""
    reader.longest, seconds = 0.0, []
    for _ in range(TIMES):
        began = time.thread_time()
        do()
        seconds.append(time.thread_time() - began)
    middle = sorted(seconds)[TIMES // 2]
    return {"what": what, "cpu_ms": round(middle * 1e3, 1), "longest_pause_ms": round(reader.longest * 1e3, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alias", type=Path, help="a published alias file to take ownership from")
    alias = parser.parse_args().alias
    owners = ownership.read_alias(alias) if alias else ownership.made_up(random.Random(1))
    data = unpack(pack(ownership.lookup_data(owners, {})))
    package = next(iter(data.maintainers))
    changed = reloaded(data, Stale(frozenset({package})), LookupData({package: {"nobody-yet": Role.OWNER}}))
    packed, snapshot = pack(changed), Snapshot([data])
    reader = Reader(snapshot, list(data.maintainers))
    reader.start()
    print(json.dumps({"packages": len(owners), "maintained": len(data.maintainers), "packed_bytes": len(packed)}))
    for what, do in (
        ("nothing", lambda: time.sleep(0.05)),
        ("build from scratch", lambda: Snapshot([data])),
        ("read from the shelf and patch", lambda: snapshot.patched([unpack(packed)])),
        ("pack for the shelf", lambda: pack(changed)),
    ):
        print(json.dumps(measured(what, reader, do)))


if __name__ == "__main__":
    main()
