"""Newcomer: what somebody has who logs in for the first time, and whom we then ask at their own address."""

from __future__ import annotations

import logging

from fmn_core.defaults import default_filters
from fmn_core.errors import FmnError
from fmn_core.model import Destination, Filter, Preference

from .parts import Parts

log = logging.getLogger(__name__)


def filters(parts: Parts, name: str) -> list[Filter]:
    """Return the filters that an account starts with."""
    return default_filters(name, parts.registry.defaults, parts.registry.rules)


def preferences(parts: Parts, name: str) -> list[Preference]:
    """Return the first preferences of an account: off, with the default filters. What is theirs anyway is theirs."""
    first = tuple(filters(parts, name))
    return [
        Preference("", name, backend, destinations=_own(parts, backend, name), filters=first)
        for backend in sorted(parts.registry.backends)
    ]


def have(parts: Parts, name: str, backend: str) -> None:
    """Make a preference, if its backend was installed after the account was made."""
    known = {one.backend for one in parts.store.preferences.user(name).preferences}
    if backend not in known:
        parts.store.editing.begin(name, backend, filters(parts, name))


def _own(parts: Parts, backend: str, name: str) -> tuple[Destination, ...]:
    """Return the destination that nobody else can read, where a backend has such."""
    one = parts.registry.backends[backend]
    if not one.confirms_itself:
        return ()
    try:
        return (Destination(one.check_address(name), confirmed=True),)
    except FmnError as error:
        log.info("account %r has no destination of its own for %r: %s", name, backend, error)
        return ()


def ask_at(parts: Parts, name: str, mail: str) -> list[str]:
    """Have the account's own address confirmed, for every backend to which it is one.

    :returns: the titles of backends that ask there
    """
    asked = []
    for backend in parts.registry.backends.values():
        if backend.takes_mail_address and mail:
            try:
                parts.asking.ask(name, backend.name, mail)
            except FmnError as error:
                log.warning("the address of account %r is not asked: %s", name, error)
            else:
                asked.append(backend.title)
    return asked
