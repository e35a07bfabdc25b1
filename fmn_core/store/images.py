"""Images: a preference as plain values, by which two states of it are told apart, kept and put back. Floor F2."""

from __future__ import annotations

from typing import Any

from fmn_core import codec
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse

from .rows import dump_plan, dump_rules

#: all that a preference is, as plain values; its owner, its backend and its ids are known from elsewhere
Image = dict[str, Any]


def image(one: Preference) -> Image:
    """Return the image of a preference."""
    return {
        "enabled": one.enabled,
        "destinations": [[place.address, place.confirmed, place.suspended] for place in one.destinations],
        "filters": [[f.id, f.name, f.active, f.oneshot, f.shot, dump_rules(f.rules)] for f in one.filters],
        "presentation": dict(one.presentation),
        "digest": dump_plan(one.digest),
    }


def same(one: Preference, other: Preference) -> bool:
    """Tell whether two states are one. Compared as JSON, because in Python ``1 == True``."""
    return codec.dumps(image(one)) == codec.dumps(image(other))


def restored(kept: Image, number: int, user: str, backend: str) -> Preference:
    """Return the preference that an image was made of.

    :param number: the key of the preference
    """
    plan = {**kept["digest"], "at": tuple(kept["digest"].get("at", ()))}
    return Preference(
        id=str(number),
        user=user,
        backend=backend,
        enabled=kept["enabled"],
        destinations=tuple(Destination(*place) for place in kept["destinations"]),
        filters=tuple(_filter(*one) for one in kept["filters"]),
        presentation=kept["presentation"],
        digest=DigestPlan(**plan),
    )


def _filter(number: str, name: str, active: bool, oneshot: bool, shot: str, rules: list[list[Any]]) -> Filter:
    uses = tuple(RuleUse(rule, arguments, negated) for rule, arguments, negated in rules)
    return Filter(number, name, uses, active, oneshot, shot)
