"""People with filters: default ones for everybody, some changed, some added. Floor F4.

Filters that many messages match (bare topics, expressions, groups, exclusions alone) belong to the same few people
whatever the number of users, so that a message has the same number of recipients with 1,500 users and with 150,000.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fmn_core.codec import dumps
from fmn_core.defaults import Default, default_filters
from fmn_core.model import Destination, Filter, Preference, RuleUse
from fmn_core.rules import RuleBook

BACKEND = "email"
#: one in so many has left out one of the exclusions of the default filters
EDITED = 10
#: one in so many has excluded a package or a topic more
EXTENDED = 10
#: one in so many searches for an expression that is hers alone
SEARCHING = 100
#: argument in whose place everybody has an own name
NICK_ARGUMENT = "fasnick"
#: groups that filters ask for, each with so many maintainers
GROUPS, GROUP_SIZE = 20, 10

#: filters of the few, each added to one person's; ``!`` is negated
ADDED: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (("koji_build_failed", {}),),
    (("koji_tag", {}),),
    (("koji_rpm_sign", {}),),
    (("anitya_new_update", {}),),
    (("pkgdb_owner_update", {}),),
    (("topic_filter", {"topics": "bodhi.update.request.*"}),),
    (("topic_filter", {"topics": "compose.*.complete"}), ("!severity_filter", {"levels": "debug"})),
    (("app_filter", {"apps": "hotness, openqa"}),),
    (("regex_filter", {"pattern": "rawhide|branched"}), ("koji_build_completed", {})),
    (("regex_filter", {"pattern": "CVE-[0-9]{4}-[0-9]+"}),),
    (("regex_filter", {"pattern": '"version":"0\\.[0-9]+"'}),),
    (("regex_filter", {"pattern": "kernel|glibc", "ignore_case": True}), ("!koji_tag", {})),
    (("package_regex_filter", {"pattern": "^python-"}), ("koji_build_failed", {})),
    (("package_regex_filter", {"pattern": "package1[0-9]{3}$"}),),
    (("package_regex_filter", {"pattern": "-devel$"}),),
    (("!koji_catchall", {}), ("!topic_filter", {"topics": "copr.*, pagure.*, ci.*, openqa.*"})),
    (("!anitya_catchall", {}), ("!regex_filter", {"pattern": "."})),
)


class People:
    """Makes preferences.

    :param names: of everybody, maintainers first
    :param packages: that filters may name
    :param defaults: what the installed plugins contribute
    :param rules: what is installed; filters that name other rules are left out
    """

    def __init__(
        self, names: Sequence[str], packages: Sequence[str], defaults: Iterable[Default], rules: RuleBook
    ) -> None:
        self._names, self._packages, self._rules = names, packages, rules
        self._defaults = tuple(defaults)
        self._uses: dict[tuple[str, str, bool], RuleUse] = {}
        self._own: dict[str, Mapping[str, Any]] = {}

    def preferences(self, rng: random.Random) -> Iterator[Preference]:
        """Make one preference for each user."""
        for number, name in enumerate(self._names):
            filters = [self._changed(one, rng) for one in default_filters(name, self._defaults, self._rules)]
            filters += self._added(number, name)
            self._own.clear()
            numbered = tuple(
                Filter(f"{number}.{rank}", one.name, self._shared(one.rules)) for rank, one in enumerate(filters)
            )
            address = Destination(f"{name}@example.org", confirmed=True)
            yield Preference(str(number), name, BACKEND, True, (address,), numbered)

    def _changed(self, one: Filter, rng: random.Random) -> Filter:
        uses = list(one.rules)
        if rng.randrange(EDITED) == 0 and len(uses) > 2:
            del uses[rng.randrange(2, len(uses))]
        if rng.randrange(EXTENDED) == 0:
            exclusion = rng.choice(
                [
                    RuleUse("package_filter", {"package": rng.choice(self._packages)}, negated=True),
                    RuleUse("topic_filter", {"topics": "buildsys.repo.*"}, negated=True),
                ]
            )
            uses += [exclusion] * (exclusion.rule in self._rules)
        return replace(one, rules=tuple(uses))

    def _added(self, number: int, name: str) -> Iterator[Filter]:
        if number < len(ADDED):
            yield from self._filter("of the few", ADDED[number])
        elif number < len(ADDED) + GROUPS:
            group = f"group{number - len(ADDED)}"
            yield from self._filter("my group", (("fas_group_member_filter", {"group": group}),))
        if number % SEARCHING == 0:
            yield from self._filter("expression", (("regex_filter", {"pattern": f"looking for {name}$"}),))

    def _filter(self, title: str, uses: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Filter]:
        made = tuple(RuleUse(rule.removeprefix("!"), given, rule.startswith("!")) for rule, given in uses)
        if all(use.rule in self._rules for use in made):
            yield Filter("", title, made)

    def _shared(self, uses: Iterable[RuleUse]) -> tuple[RuleUse, ...]:
        """Let equal rules be one object, as those are that come from the store."""
        return tuple(self._as_stored(use) for use in uses)

    def _as_stored(self, use: RuleUse) -> RuleUse:
        text = dumps(use.arguments).decode()
        if NICK_ARGUMENT in use.arguments:
            return RuleUse(use.rule, self._own.setdefault(text, use.arguments), use.negated)
        return self._uses.setdefault((use.rule, text, use.negated), use)
