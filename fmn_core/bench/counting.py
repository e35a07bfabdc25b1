"""A callback for the stock consumer that does nothing but count, and says how long it took. Floor F4."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

#: names the file that the result is written to
RESULT_VARIABLE = "FMN_BENCH_RESULT"
#: topic of the message after the last one
END = "org.fedoraproject.prod.fmn.bench.end"


class Counting:
    """Counts messages until the end. The first one is left out, for which the library loads the schema packages."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._count = 0

    def __call__(self, message: Any) -> None:
        """Count a message.

        :raises HaltConsumer: after the last one
        """
        if self._began is None:
            self._began = time.perf_counter()
            return
        if message.topic != END:
            self._count += 1
            return
        self._report(time.perf_counter() - self._began)

    def _report(self, seconds: float) -> None:
        from fedora_messaging.exceptions import HaltConsumer

        Path(os.environ[RESULT_VARIABLE]).write_text(json.dumps({"count": self._count, "seconds": seconds}), "utf-8")
        raise HaltConsumer(0, "counted all")
