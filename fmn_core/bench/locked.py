"""Lookups as they were in 2016: every answer comes out of Redis, and one lock guards them all. Floor F4.

The rows of ``fmn bench pipeline`` that show why the second FMN did not scale; nothing else uses it.
"""

from __future__ import annotations

import json
from collections.abc import Collection

import redis

from fmn_core.lookups import NOBODY, LookupData
from fmn_core.model import ALL_ROLES, Role
from fmn_core.snapshot import Snapshot

#: seconds after which the lock of a process that died is free, and between two tries to get it
LOCK_LASTS, LOCK_POLL = 10.0, 0.001


class LockedLookups:
    """Asks Redis for packages, and memory for the rest, which the default filters do not ask for.

    :param prefix: of the keys
    """

    def __init__(self, url: str, prefix: str, data: LookupData) -> None:
        self._redis = redis.Redis.from_url(url)
        self._prefix = prefix
        self._lock = self._redis.lock(f"{prefix}:lock", timeout=LOCK_LASTS, sleep=LOCK_POLL)
        snapshot = Snapshot([data])
        self.owners, self.members, self.groups = snapshot.owners, snapshot.members, snapshot.groups

    def packages(self, user: str, roles: Collection[Role] = ALL_ROLES) -> frozenset[str]:
        """See :meth:`fmn_core.lookups.Lookups.packages`."""
        with self._lock:
            found = self._redis.get(_key(self._prefix, user))
        return frozenset(json.loads(found)) if isinstance(found, bytes) else NOBODY


def share(url: str, prefix: str, data: LookupData) -> None:
    """Put the packages of everybody into Redis.

    :raises redis.RedisError: if there is none
    """
    packages: dict[str, list[str]] = {}
    for package, maintainers in data.maintainers.items():
        for name in maintainers:
            packages.setdefault(name, []).append(package)
    client = redis.Redis.from_url(url)
    client.mset({_key(prefix, name): json.dumps(mine) for name, mine in packages.items()})
    client.close()


def forget(url: str, prefix: str) -> None:
    """Remove what :func:`share` has put there."""
    client = redis.Redis.from_url(url)
    for key in client.scan_iter(f"{prefix}:*", count=1000):
        client.delete(key)
    client.close()


def _key(prefix: str, user: str) -> str:
    return f"{prefix}:packages:{user}"
