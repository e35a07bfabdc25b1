"""Who takes part in the demo, and what falls away because a plugin is not installed. Floor F4."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from fmn_core.backends import Rehearsal
from fmn_core.defaults import default_filters
from fmn_core.errors import FmnError
from fmn_core.model import Destination, Filter, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry


@dataclass(frozen=True)
class Person:
    """Somebody with a wish, as ``people.toml`` has it.

    :param defaults: has the default filters instead of own ones
    """

    name: str
    wish: str
    backends: Sequence[str]
    filters: Sequence[Mapping[str, Any]] = ()
    defaults: bool = False


@dataclass
class Cast:
    """Those who take part.

    :param absences: a sentence for each wish, or part of one, that cannot be had
    """

    people: list[Person] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    absences: list[str] = field(default_factory=list)

    @property
    def preferences(self) -> list[Preference]:
        """The preferences of all."""
        return [preference for user in self.users for preference in user.preferences]


def read_people() -> list[Person]:
    """Read the people that ship with the demo."""
    return [
        Person(**row) for row in tomllib.loads(files(__package__).joinpath("people.toml").read_text("utf-8"))["people"]
    ]


def cast(registry: PluginRegistry, rehearsals: Mapping[str, Rehearsal]) -> Cast:
    """Give everybody what can be had with the plugins that are installed; a backend that nobody names, the first one.

    :param rehearsals: the far ends, by backend
    """
    chosen, people = Cast(), read_people()
    strangers = sorted(set(rehearsals).difference(*(person.backends for person in people)))
    people[0] = replace(people[0], backends=(*people[0].backends, *strangers))
    for person in people:
        filters = list(_filters(person, registry, chosen.absences))
        reachable = [name for name in person.backends if name in rehearsals]
        for name in sorted(set(person.backends).difference(reachable)):
            chosen.absences.append(f"{person.name} cannot be reached by {name}: no backend to rehearse is installed")
        if filters and reachable:
            preferences = [_preference(person.name, name, rehearsals[name], filters) for name in reachable]
            chosen.people.append(person)
            chosen.users.append(User(person.name, tuple(preferences)))
    return chosen


def _filters(person: Person, registry: PluginRegistry, absences: list[str]) -> Iterator[Filter]:
    if person.defaults:
        yield from default_filters(person.name, registry.defaults, registry.rules)
    for row in person.filters:
        made = Filter(id="", name=row["name"], rules=tuple(RuleUse(**use) for use in row["rules"]))
        try:
            for use in made.rules:
                registry.rules.get(use.rule).parse(use.arguments)
        except FmnError as error:
            absences.append(f"filter {made.name!r} of {person.name} falls away: {error}")
        else:
            yield made


def _preference(user: str, backend: str, rehearsal: Rehearsal, filters: Sequence[Filter]) -> Preference:
    destinations = tuple(Destination(address, confirmed=True) for address in rehearsal.addresses(user))
    return Preference("", user, backend, enabled=True, destinations=destinations, filters=tuple(filters))
