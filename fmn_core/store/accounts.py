"""Accounts: what a user who is new starts with. Floor F2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fmn_core.backends import Backend
from fmn_core.model import Destination, Filter, Preference, User


def new_user(
    name: str,
    backends: Mapping[str, Backend],
    filters: Sequence[Filter] = (),
    addresses: Mapping[str, Sequence[str]] | None = None,
) -> User:
    """Make a user with one preference for each backend, on where there is a confirmed address.

    :param filters: what each preference starts with, from :func:`fmn_core.defaults.default_filters`
    :param addresses: confirmed addresses by backend
    """
    known = addresses or {}
    return User(
        name,
        tuple(
            Preference(
                id="",
                user=name,
                backend=backend,
                enabled=bool(known.get(backend)),
                destinations=tuple(Destination(address, confirmed=True) for address in known.get(backend, ())),
                filters=tuple(filters),
            )
            for backend in sorted(backends)
        ),
    )
