"""Deliveries: what a backend may raise on which notification, and what it may not. Floor F4."""

from __future__ import annotations

import math
from collections.abc import Callable

from fmn_core.backends import Backend
from fmn_core.errors import AddressRefused, BackendAway, DropDelivery, RetryDelivery
from fmn_core.model import Digest, Notification

from .expecting import expect
from .promptly import promptly

#: what says more than that this one notification is not sent
_HOLDS_UP_OTHERS = (BackendAway, AddressRefused)


class Deliveries:
    """Delivers, and judges what is raised. The first delivery, of a plain notification, tells how the far end is.

    :param plain: nothing is odd about it
    """

    def __init__(self, backend: Backend, plain: Notification) -> None:
        self._backend, self._plain = backend, plain
        self._what = f"backend {backend.name!r}"
        self._first: RetryDelivery | DropDelivery | None = None
        self._begun = False

    def deliver(self, one: Notification) -> None:
        """Deliver a notification, one like others or an odd one."""
        self._begin()
        self._judge(f"notification {one.message_id!r}", lambda: self._backend.deliver(one))

    def deliver_digest(self, digest: Digest) -> None:
        """Deliver a digest."""
        self._begin()
        what = f"digest of {len(digest.notifications)}, verbose {digest.presentation.get('verbose', False)}"
        self._judge(what, lambda: self._backend.deliver_digest(digest))

    def deliver_late(self) -> None:
        """Deliver to a backend that is closed already: it may work, or say that it waits."""
        what = f"{self._what}: deliver() after close()"
        try:
            promptly(what, lambda: self._backend.deliver(self._plain))
        except RetryDelivery:
            return
        except AssertionError:
            raise
        except Exception as error:
            same = type(error) is type(self._first)
            expect(same, f"{what} raised {error!r}, expected RetryDelivery: nothing may be lost then")

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._first = self._raised("a plain notification", lambda: self._backend.deliver(self._plain))

    def _judge(self, what: str, send: Callable[[], None]) -> None:
        error = self._raised(what, send)
        if isinstance(error, _HOLDS_UP_OTHERS):
            same = type(error) is type(self._first)
            expect(same, f"{self._what} raised {error!r} on {what}, where a plain one went well: it holds up others")

    def _raised(self, what: str, send: Callable[[], None]) -> RetryDelivery | DropDelivery | None:
        try:
            send()
        except (RetryDelivery, DropDelivery) as error:
            self._check_error(what, error)
            return error
        except Exception as error:
            text = f"{self._what} raised {error!r} on {what}, expected RetryDelivery or DropDelivery"
            raise AssertionError(text) from error
        return None

    def _check_error(self, what: str, error: RetryDelivery | DropDelivery) -> None:
        expect(bool(error.reason.strip()), f"{self._what} gives no reason, on {what}")
        if isinstance(error, RetryDelivery) and error.after is not None:
            sound = 0 <= error.after < math.inf
            expect(sound, f"{self._what} asks for {error.after} seconds, on {what}")
