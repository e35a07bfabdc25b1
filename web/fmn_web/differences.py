"""Differences: what somebody changed, in words. Plain text; templates escape it."""

from __future__ import annotations

from collections.abc import Iterator

from fmn_core.model import Destination, Filter, Preference
from fmn_core.planning import in_words as plan_in_words
from fmn_core.rules import RuleBook

from .wording import filter_in_words, rule_in_words


def differences(before: Preference, after: Preference | None, rules: RuleBook) -> list[str]:
    """Return what is different between two states of a preference, a sentence each.

    :param after: None if the preference is gone
    """
    if after is None:
        return ["removed all that was here"]
    return list(_differences(before, after, rules))


def _differences(before: Preference, after: Preference, rules: RuleBook) -> Iterator[str]:
    if before.enabled != after.enabled:
        yield "switched on" if after.enabled else "switched off"
    if before.digest != after.digest:
        yield f"when: {plan_in_words(after.digest)}"
    if dict(before.presentation) != dict(after.presentation):
        yield "changed how notifications look"
    yield from _of_destinations(before, after)
    yield from _of_filters(before, after, rules)


def _of_destinations(before: Preference, after: Preference) -> Iterator[str]:
    old = {one.address: one for one in before.destinations}
    new = {one.address: one for one in after.destinations}
    yield from (f"removed the address {address}" for address in old if address not in new)
    for address, one in new.items():
        if address not in old:
            yield f"added the address {address}{'' if one.confirmed else ', which is not confirmed'}"
        elif one != old[address]:
            yield f"the address {address}: {_state(old[address], one)}"


def _state(old: Destination, new: Destination) -> str:
    if new.suspended:
        return f"suspended: {new.suspended}"
    if new.confirmed:
        return "confirmed" if not old.confirmed else "suspended no more"
    return "confirmed no more"


def _of_filters(before: Preference, after: Preference, rules: RuleBook) -> Iterator[str]:
    old, new = {one.id: one for one in before.filters}, {one.id: one for one in after.filters}
    for one in before.filters:
        if one.id not in new:
            yield f"removed filter “{one.name}”: {filter_in_words(one, rules)}"
    for one in after.filters:
        if one.id not in old:
            yield f"added filter “{one.name}”: {filter_in_words(one, rules)}"
        elif one != old[one.id]:
            yield f"filter “{one.name}”: {', '.join(_of_filter(old[one.id], one, rules))}"
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield f"order of filters: {', '.join(f'“{one.name}”' for one in after.filters)}"


def _of_filter(old: Filter, new: Filter, rules: RuleBook) -> Iterator[str]:
    if old.name != new.name:
        yield f"named so, before that “{old.name}”"
    if old.active != new.active:
        yield "switched on" if new.active else "switched off"
    if old.oneshot != new.oneshot:
        yield "for one notification" if new.oneshot else "for more than one notification"
    yield from (f"without {rule_in_words(use, rules)}" for use in old.rules if use not in new.rules)
    yield from (f"with {rule_in_words(use, rules)}" for use in new.rules if use not in old.rules)
    if old.shot != new.shot and old.active == new.active:
        yield "ready for another notification"
