"""Body and Entry: what filters share, and what is left of each filter. Floor F3.

A filter is taken apart. Rules about names (packages, accounts, groups) differ from person to person: they stay with
its entry. All others are its body, and thousands of filters have the same one.
"""

from __future__ import annotations

from collections.abc import Iterable

from fmn_core.model import Preference

from .predicates import NAMED, Kind, Predicate, Predicates

#: rules that must hold, and rules that must not
Rules = tuple[tuple[Predicate, ...], tuple[Predicate, ...]]


class Body:
    """Rules that filters share: those that must hold and those that must not.

    :ivar key: the most selective rule by which filters without names are found, if any rule helps
    :ivar members: the entries that are found through the body, because nothing of their own helps
    :ivar uses: entries that have this body
    """

    __slots__ = ("holding", "key", "members", "never", "uses")

    def __init__(self, holding: tuple[Predicate, ...], never: tuple[Predicate, ...]) -> None:
        self.holding, self.never = holding, never
        self.key = min((p for p in holding if p.kind is not Kind.NONE), key=_selectivity, default=None)
        self.members: list[Entry] = []
        self.uses = 0


class Entry:
    """One filter in the index: rules of its own, and its body.

    There are hundreds of thousands of these, so everything that can be shared is.

    :ivar rank: its place among the filters of its preference
    :ivar key: the rule of its own by which it is found; None if it is found through its body
    :ivar holding: the other rules of its own that must hold
    :ivar never: the rules of its own that must not
    """

    __slots__ = ("body", "filter", "holding", "key", "never", "preference", "rank")

    def __init__(self, preference: Preference, rank: int, own: Rules, body: Body) -> None:
        self.preference, self.rank, self.body = preference, rank, body
        self.filter = preference.filters[rank]
        holding, self.never = own
        self.key = min(holding, key=_selectivity, default=None)
        self.holding = tuple(predicate for predicate in holding if predicate is not self.key)

    @property
    def own(self) -> Rules:
        """All rules of its own."""
        return self.holding if self.key is None else (self.key, *self.holding), self.never


def _selectivity(predicate: Predicate) -> Kind:
    return predicate.kind


def divide(predicates: Iterable[Predicate]) -> tuple[tuple[Predicate, ...], tuple[Predicate, ...]]:
    """Part rules about names, which are a filter's own, from those that filters share."""
    own: list[Predicate] = []
    shared: list[Predicate] = []
    for predicate in predicates:
        (own if predicate.kind in NAMED else shared).append(predicate)
    return tuple(own), tuple(shared)


class Bodies:
    """The table of bodies in use: equal ones are one.

    :param predicates: told of what bodies hold
    """

    def __init__(self, predicates: Predicates) -> None:
        self._predicates = predicates
        self._known: dict[Rules, Body] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, rules: Rules) -> Body:
        """Return the body of these rules, holding it once more."""
        body = self._known.get(rules)
        if body is None:
            body = self._known[rules] = Body(*rules)
            self._predicates.keep(rules)
        body.uses += 1
        return body

    def release(self, body: Body) -> None:
        """Hold the body once less, and forget one that nobody holds."""
        body.uses -= 1
        if body.uses == 0:
            del self._known[body.holding, body.never]
            self._predicates.release((body.holding, body.never))
