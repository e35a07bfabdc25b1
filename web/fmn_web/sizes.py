"""Sizes: no way leads to more than the pages would let somebody have. What is saved already may be more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fmn_core import codec
from fmn_core.errors import UsageError
from fmn_core.model import Filter, Preference, User
from fmn_core.store.rows import dump_rules

from .draft import LONGEST_ARGUMENT, MOST_RULES
from .fields import shown
from .parts import Parts

#: filters of a preference, and addresses that a document can bring
MOST_FILTERS, MOST_ADDRESSES = 500, 100
#: characters of all filters of a preference together, as JSON: a document has to be able to hold them
MOST_TEXT = 128 * 1024


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


def make_room(parts: Parts, user: str, backend: str, wanted: Filter) -> None:
    """See whether there is room for a filter beside those that somebody has for a backend.

    :param wanted: with the id of the one in whose place it comes, if it does
    :raises UsageError: if there is none
    """
    mine = [one for each in parts.store.preferences.user(user).preferences if each.backend == backend
            for one in each.filters]  # fmt: skip
    before = [one for one in mine if one.id == wanted.id]
    if not before and len(mine) >= MOST_FILTERS:
        raise UsageError(f"there are {MOST_FILTERS} filters, which is all one can have here")
    growth = _length([wanted]) - _length(before)
    if growth > 0 and _length(mine) + growth > MOST_TEXT:
        raise UsageError(f"all filters together have {MOST_TEXT} characters at most")


def _length(filters: Sequence[Filter]) -> int:
    return sum(len(codec.dumps([one.name, dump_rules(one.rules)])) for one in filters)


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
