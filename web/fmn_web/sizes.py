"""Sizes: no way leads to more than the pages would let somebody have. What is saved already may be more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fmn_core.model import Filter, Preference, User

from .draft import LONGEST_ARGUMENT, MOST_RULES
from .fields import shown

#: filters and addresses of a preference that a document can bring
MOST_FILTERS, MOST_ADDRESSES = 500, 100


def excess(one: Filter, saved: Sequence[Filter]) -> Iterator[str]:
    """Say what of a filter is too much.

    :param saved: filters in whose place it comes
    """
    most = max([MOST_RULES, *(len(each.rules) for each in saved)])
    if len(one.rules) > most:
        yield f"a filter has {most} rules at most, not {len(one.rules)}"
    known = [use for each in saved for use in each.rules]
    for use in one.rules:
        long = [name for name, value in use.arguments.items() if len(shown(value)) > LONGEST_ARGUMENT]
        if long and use not in known:
            yield f"{long[0]!r} has more than {LONGEST_ARGUMENT} characters"


def excess_of_document(mine: User, read: User) -> Iterator[str]:
    """Say what of a document is too much.

    :param mine: what somebody has already
    """
    before = {one.backend: one for one in mine.preferences}
    for one in read.preferences:
        had = before.get(one.backend) or Preference("", mine.name, one.backend)
        filters = max(MOST_FILTERS, len(had.filters)), len(one.filters), "filters"
        addresses = max(MOST_ADDRESSES, len(had.destinations)), len(one.destinations), "addresses"
        for most, many, what in (filters, addresses):
            if many > most:
                yield f"{one.backend!r} has {most} {what} at most, not {many}"
        for each in one.filters:
            yield from (f"{one.backend!r}, filter {each.name!r}: {problem}" for problem in excess(each, had.filters))
