"""Asking: whoever reads at an address is asked whether an account may send there. Floor F3."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from .backends import Backend, one_line
from .config import ConfirmationSettings
from .errors import UnknownNameError, UsageError
from .model import Facts, Notification, Purpose, notification_id
from .store import Store
from .store.attempts import Confirmation, State, fingerprint
from .store.confirmations import Limits

#: of the requests, as if they were messages of the bus
TOPIC = "fmn.confirmation"

#: characters of an address
_LONGEST = 320

_TEXT = """\
Somebody who is logged in as {user!r} at {place} wants to get notifications here: {address}

If that is you, accept on this page:
{accept}

If you do not want that, reject it there, and this account cannot ask for this address again:
{reject}

You can also ignore this: nothing will be sent here, and the pages take an answer for {hours} hours only.
If somebody keeps asking, tell those who run this service: {abuse}
"""


class Asking:
    """Has addresses confirmed.

    :param backends: by name
    :param base_url: where people reach the web pages
    :param now: the time
    """

    def __init__(
        self,
        store: Store,
        backends: Mapping[str, Backend],
        base_url: str,
        settings: ConfirmationSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._backends, self._settings, self._now = store, backends, settings, now
        self._base_url = base_url.rstrip("/")

    def ask(self, user: str, backend: str, address: str) -> State:
        """Add an address to a user's if it is new, and ask there whether that is right.

        :param address: as the user wrote it
        :returns: pending where a request is on its way, accepted where none is needed
        :raises UsageError: if the address is none, or may not be asked, saying why
        """
        address, now = self._checked(backend, address), self._now()
        if self._backends[backend].confirms_itself:
            self._store.destinations.confirm(user, backend, address, now)
            return State.ACCEPTED
        secret = secrets.token_urlsafe()
        asked = Confirmation(user, backend, address, State.PENDING, "", now, None, None)
        limits = Limits(self._settings.per_account, self._settings.per_address)
        begun = self._store.confirmations.begin(
            asked, secret, limits, lambda preference: self._request(asked, secret, preference)
        )
        return State.PENDING if begun else State.ACCEPTED

    def _checked(self, backend: str, address: str) -> str:
        if backend not in self._backends:
            raise UnknownNameError("backend", backend, self._backends)
        checked = self._backends[backend].check_address(address)
        if not checked or len(checked) > _LONGEST or one_line(checked) != checked:
            raise UsageError(f"{address[:_LONGEST]!r} is no address: it must be one short line of text")
        return checked

    def _request(self, asked: Confirmation, secret: str, preference: str) -> Notification:
        message_id = f"confirmation-{fingerprint(secret)}"
        return Notification(
            id=notification_id(message_id, asked.user, asked.backend, asked.address),
            message_id=message_id,
            topic=TOPIC,
            sent_at=asked.made_at,
            facts=self._facts(asked, secret),
            user=asked.user,
            backend=asked.backend,
            destination=asked.address,
            preference=preference,
            filter_id="",
            filter_name="",
            purpose=Purpose.CONFIRMATION,
        )

    def _facts(self, asked: Confirmation, secret: str) -> Facts:
        text = _TEXT.format(
            user=asked.user,
            address=asked.address,
            place=f"{self._base_url}/",
            accept=f"{self._base_url}/confirm/accept/{secret}",
            reject=f"{self._base_url}/confirm/reject/{secret}",
            hours=self._settings.expire_hours,
            abuse=self._settings.abuse or f"{self._base_url}/",
        )
        summary = f"Confirm that notifications for {asked.user} may be sent to {asked.address}"
        page = f"{self._base_url}/confirm/{secret}"
        return Facts("confirmation", summary, text, page, app="fmn", event="confirmation asked")
