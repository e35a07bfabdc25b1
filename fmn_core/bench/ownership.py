"""Ownership like Fedora's: many packages in few hands, four in ten of them in none. Floor F4.

The numbers are those of the published ``pagure_owner_alias.json`` of August 2026, namespace ``rpms``.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from fmn_core.errors import UsageError
from fmn_core.lookups import LookupData
from fmn_core.model import Role

PACKAGES = 42_000
MAINTAINED = 25_400
MAINTAINERS = 1_269
#: share of maintainers -> packages that each of them has at most; 0.975 and 0.997 are set so that the mean (30) and
#: the share of the top tenth (73 %) come out as published
QUANTILES = (
    (0, 1), (0.20, 1), (0.25, 2), (0.50, 6), (0.75, 18), (0.90, 53), (0.95, 140), (0.975, 220), (0.99, 428),
    (0.997, 800), (1, 2386),
)  # fmt: skip

_PREFIXES = ("python-", "rust-", "perl-", "golang-", "nodejs-", "ghc-", "R-", "lib", "php-", "texlive-", "", "", "")

#: package -> accounts
Owners = Mapping[str, Sequence[str]]


def made_up(rng: random.Random) -> dict[str, list[str]]:
    """Make up who maintains what; a package that nobody maintains has no accounts."""
    names = [f"{rng.choice(_PREFIXES)}package{number}" for number in range(PACKAGES)]
    hands = [f"maintainer{number}" for number in range(MAINTAINERS) for _ in range(_count(number))]
    rng.shuffle(hands)
    owners: dict[str, list[str]] = {name: [] for name in names}
    for turn, maintainer in enumerate(hands):
        # each maintained package once, then again as chance has it
        names_of = owners[names[turn if turn < MAINTAINED else rng.randrange(MAINTAINED)]]
        if maintainer not in names_of:
            names_of.append(maintainer)
    return owners


def _count(number: int) -> int:
    """Return how many packages a maintainer has, between the quantiles by a power law."""
    share = (number + 0.5) / MAINTAINERS
    for (low, few), (high, many) in itertools.pairwise(QUANTILES):
        if share <= high:
            part = (share - low) / (high - low)
            return round(math.exp((1 - part) * math.log(few) + part * math.log(many)))
    return QUANTILES[-1][1]


def read_alias(path: Path) -> dict[str, list[str]]:
    """Read who maintains what from a published alias file.

    :raises UsageError: if it is none
    """
    try:
        packages = json.loads(path.read_bytes())["rpms"]
        return {name: [one for one in owners if one != "orphan"] for name, owners in packages.items()}
    except OSError as error:
        raise UsageError(f"ownership file {str(path)!r} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"ownership file {str(path)!r} is no pagure_owner_alias.json: {error!r}") from None


def lookup_data(owners: Owners, groups: Mapping[str, Sequence[str]]) -> LookupData:
    """Return ownership as lookups hold it."""
    maintainers = {name: dict.fromkeys(accounts, Role.OWNER) for name, accounts in owners.items() if accounts}
    return LookupData(maintainers, groups)
