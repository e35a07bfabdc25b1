"""Short links, from whatever page the operator names. A link that cannot be shortened stays as it is."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlencode

log = logging.getLogger(__name__)

#: seconds that one link may take
PATIENCE = 3.0
#: seconds that a shortener is left alone after a failure, so that not every line has to wait for it
PAUSE = 60.0
#: links that are remembered
MOST_KEPT = 1000
#: bytes of an answer; what is longer is no short link
_LONGEST = 300


class Shortener:
    """Asks the page, and remembers what it says. Safe for threads.

    :param page: its URL; empty for none
    :param clock: seconds that only grow
    """

    def __init__(self, page: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._page, self._clock = page, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._not_before = float("-inf")

    def __call__(self, url: str) -> str:
        """Return a short link to the same place, or the URL itself."""
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
                return self._kept[url]
            if not self._page or self._clock() < self._not_before:
                return url
        short = self._ask(url)
        with self._lock:
            if short is None:
                self._not_before = self._clock() + PAUSE
                return url
            self._kept[url] = short
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return short

    def _ask(self, url: str) -> str | None:
        """Return what the page says; the URL if that is no link, None if there is no answer."""
        from urllib.request import Request, urlopen  # takes a while, and most have no shortener

        mark = "&" if "?" in self._page else "?"
        request = Request(f"{self._page}{mark}{urlencode({'url': url})}")  # noqa: S310 - the settings want http
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
                short = answer.read1(_LONGEST).decode("ascii").strip()
        except (OSError, ValueError) as error:
            log.warning("links are not shortened for %.0f s: %s gives no answer: %s", PAUSE, self._page, error)
            return None
        is_link = short.startswith(("http://", "https://")) and not any(one.isspace() for one in short)
        return short if is_link and short.isprintable() and len(short) < len(url) else url
