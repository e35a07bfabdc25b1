"""The contract of backends, from the words for people to what comes after the end. Floor F4."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from fmn_core.backends import Backend
from fmn_core.errors import UsageError
from fmn_core.model import Notification

from .arriving import Arriving
from .deliveries import Deliveries
from .expecting import expect
from .factories import notification
from .occasions import ACCEPT, ODD_TEXTS, REJECT, digests, notices, odd_notifications
from .promptly import promptly


class Listener:
    """A reception that says one thing to everybody."""

    def answer(self, address: str | None, text: str) -> list[str]:
        """See :meth:`fmn_core.Reception.answer`."""
        return ["hello"]


def check_backend(
    backend: Backend,
    address: str,
    notifications: Sequence[Notification] | None = None,
    *,
    others: Iterable[str] = (),
    arrived: Callable[[], Iterable[str]] | None = None,
) -> None:
    """Hold a backend to its contract, delivering to whatever the test has put at its far end.

    It is asked what it is, started, and given notifications, notices, a request for confirmation and digests; then the
    notifications once more, at several destinations at once. It is closed twice, given one more, and closed again.
    It may raise ``RetryDelivery`` and ``DropDelivery`` as it likes; only where the very first notification, a plain
    one, was refused in such a way may it say of odd ones that the far end is away, or the address no good.

    :param address: one that it takes
    :param notifications: what to deliver; None for :func:`odd_notifications`
    :param others: more addresses that it takes: as many as it delivers to at once, with the first one
    :param arrived: returns all texts that have arrived at the far end so far; with it, the links of a request for
        confirmation are looked for there, unbroken. It is asked again until they are there, for some seconds
    """
    _check_words(backend)
    canonical = _check_addresses(backend, address)
    places = list(dict.fromkeys([canonical, *(backend.check_address(other) for other in others)]))
    deliveries = Deliveries(backend, notification(backend=backend.name, destination=canonical))
    with ExitStack() as ending:
        ending.callback(_close, backend, "for the first time")
        _check_start(backend)
        _check_everything(deliveries, backend, canonical, notifications)
        if arrived is not None:
            Arriving(f"backend {backend.name!r}", arrived).expect_whole(ACCEPT, REJECT)
        _check_at_once(deliveries, backend, places, notifications)
    _close(backend, "for the second time")
    deliveries.deliver_late()
    _close(backend, "after a late delivery")


def _check_words(backend: Backend) -> None:
    what = f"backend {backend.name!r}"
    expect(backend.name.isidentifier() and backend.name == backend.name.lower(), f"{what}: the name is no plain word")
    expect(bool(backend.title and backend.address_label), f"{what} has no words for people")
    expect(backend.concurrency >= 1, f"{what} delivers never: concurrency is {backend.concurrency}")
    if pace := backend.pace:
        expect(0 < pace.rate < math.inf and pace.burst >= 1, f"{what} delivers never: pace is {pace}")
    if overflow := backend.overflow:
        expect(overflow.most >= 1 and overflow.within > 0, f"{what} collects everything: overflow is {overflow}")
    expect(isinstance(backend.confirms_itself, bool), f"{what}: confirms_itself is {backend.confirms_itself!r}")
    said = promptly(f"{what}: check()", backend.check)
    expect(len(said.splitlines()) == 1, f"{what}: check() says {said!r}, expected one line")
    url = backend.stream_url("marta")
    fine = url is None or url.startswith(("http://", "https://", "/"))
    expect(fine, f"{what}: stream_url() is {url!r}, expected None or where a page can read")


def _check_addresses(backend: Backend, address: str) -> str:
    what = f"backend {backend.name!r}"
    canonical = backend.check_address(address)
    expect(backend.check_address(canonical) == canonical, f"{what} changes the canonical address {canonical!r}")
    for number, text in enumerate(("", *ODD_TEXTS)):
        try:
            backend.check_address(text)
        except UsageError:
            continue
        except Exception as error:
            raise AssertionError(f"{what}: check_address() raised {error!r} on odd address {number}") from error
    return canonical


def _check_start(backend: Backend) -> None:
    reason = "a far end that is away is no reason to"
    _harmless(f"backend {backend.name!r}: start()", lambda: backend.start(Listener()), reason)


def _harmless(what: str, call: Callable[[], None], reason: str) -> None:
    try:
        promptly(what, call)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{what} raised {error!r}: {reason}") from error


def _check_everything(
    deliveries: Deliveries, backend: Backend, canonical: str, notifications: Sequence[Notification] | None
) -> None:
    for one in _notifications(backend, canonical, notifications):
        deliveries.deliver(one)
    for one in notices(backend.name, canonical):
        deliveries.deliver(one)
    for digest in digests(backend.name, canonical):
        deliveries.deliver_digest(digest)


def _check_at_once(
    deliveries: Deliveries, backend: Backend, places: Sequence[str], notifications: Sequence[Notification] | None
) -> None:
    """Deliver to several destinations at once, to each in order; the first one gets all for the second time."""

    def serve(place: str) -> None:
        for one in _notifications(backend, place, notifications if place == places[0] else None):
            deliveries.deliver(one)

    with ThreadPoolExecutor(backend.concurrency) as threads:
        list(threads.map(serve, places))


def _notifications(
    backend: Backend, place: str, notifications: Sequence[Notification] | None
) -> Sequence[Notification]:
    return odd_notifications(backend.name, place) if notifications is None else notifications


def _close(backend: Backend, nth: str) -> None:
    _harmless(f"backend {backend.name!r}: close() {nth}", backend.close, "nothing is left to do about it")
