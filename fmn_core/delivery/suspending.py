"""Suspending: nothing is sent to an address that refuses us any more, and its users are told elsewhere. Floor F3."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from fmn_core.model import Facts, Notification, Preference, Purpose, notification_id
from fmn_core.store import Store, Waiting, Why

log = logging.getLogger(__name__)

#: topic of what FMN itself has to say; it was never on the bus
TOPIC = "org.fedoraproject.prod.fmn.notice"


def suspend(store: Store, backend: str, address: str, reason: str, now: datetime) -> None:
    """Suspend an address for all who have it, and tell each of them by every other backend that reaches them.

    :raises StoreError: nothing is known to be done
    """
    users = store.switches.suspend(backend, address, reason)
    if users:
        log.warning("address %r of backend %r is suspended: %s", address, backend, reason)
    for user in users:
        store.waiting.put(list(_notices(store, user, backend, address, reason, now)))


def _notices(store: Store, user: str, backend: str, address: str, reason: str, now: datetime) -> Iterator[Waiting]:
    facts = Facts(
        title="fmn.notice",
        summary=f"Nothing is sent to {address} any more",
        details=(
            f"Nothing is sent to your address {address} ({backend}) any more, because it was refused:\n\n"
            f"    {reason}\n\n"
            "Your other addresses and your filters are as they were. When the address works again, have it confirmed "
            "once more and everything goes on."
        ),
        app="fmn",
    )
    message_id = f"suspended/{backend}/{address}/{now.isoformat()}"
    for preference in store.preferences.user(user).preferences:
        for place in _reachable(preference, address):
            yield Waiting(_notice(message_id, preference, place, facts, now), Why.NOTICE, now)


def _reachable(preference: Preference, suspended: str) -> list[str]:
    """Return the first address that takes notices, of a preference that is on."""
    places = [one.address for one in preference.destinations if one.receives and one.address != suspended]
    return places[:1] if preference.enabled else []


def _notice(message_id: str, preference: Preference, address: str, facts: Facts, now: datetime) -> Notification:
    return Notification(
        id=notification_id(message_id, preference.user, preference.backend, address),
        message_id=message_id,
        topic=TOPIC,
        sent_at=now,
        facts=facts,
        user=preference.user,
        backend=preference.backend,
        destination=address,
        preference=preference.id,
        filter_id="",
        filter_name="",
        presentation=preference.presentation,
        purpose=Purpose.NOTICE,
    )
