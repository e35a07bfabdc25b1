"""Exchange: a user's whole settings as one readable document, and back exactly the same. Floor F2."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from typing import Any, Literal

import tomli_w
from pydantic import ValidationError

from fmn_core import codec
from fmn_core.errors import ConfigError, DecodeError, UnknownNameError, UsageError
from fmn_core.mistakes import in_words
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse, User

from .documents import PARTS, DigestPart, FilterPart, Installed, PreferencePart, UserPart
from .rows import dump_plan

__all__ = [
    "Form", "Installed", "document", "dump_user", "filter_of", "load_user", "plan_of", "read_document", "user_of",
]  # fmt: skip

Form = Literal["toml", "json"]


def dump_user(user: User, form: Form = "toml") -> str:
    """Write a user's settings. Ids, revisions and shots stay behind: they mean something in one database only.

    :raises UsageError: if the form cannot hold a value: TOML knows no null
    """
    whole = document(user)
    if form == "json":
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    try:
        return tomli_w.dumps(whole)
    except TypeError:
        raise UsageError(
            f"settings of {user.name!r} hold a null, which TOML does not know; use --format json"
        ) from None


def document(user: User) -> dict[str, Any]:
    """Return a user's settings as plain values; what a rule has none of is left out."""
    return {"user": user.name, "preferences": [_preference_document(p) for p in user.preferences]}


def _preference_document(preference: Preference) -> dict[str, Any]:
    presentation = {"presentation": dict(preference.presentation)} if preference.presentation else {}
    digest = {"digest": plan} if (plan := dump_plan(preference.digest)) else {}
    return {
        "backend": preference.backend,
        "enabled": preference.enabled,
        **presentation,
        **digest,
        "destinations": [_destination_document(d) for d in preference.destinations],
        "filters": [
            {"name": f.name, "active": f.active, "oneshot": f.oneshot, "rules": [_rule_document(u) for u in f.rules]}
            for f in preference.filters
        ],
    }


def _destination_document(destination: Destination) -> dict[str, Any]:
    suspended = {"suspended": destination.suspended} if destination.suspended else {}
    return {"address": destination.address, "confirmed": destination.confirmed, **suspended}


def _rule_document(use: RuleUse) -> dict[str, Any]:
    arguments = {"arguments": dict(use.arguments)} if use.arguments else {}
    return {"rule": use.rule, **arguments, **({"negated": True} if use.negated else {})}


def load_user(text: str, installed: Installed, source: str) -> User:
    """Read what :func:`dump_user` wrote, or what somebody wrote by hand.

    :param text: TOML or JSON
    :param source: what to call the text in errors
    :raises ConfigError: listing every mistake, with what comes near where a name is unknown
    """
    return read_document(_parse(text, source), installed, source)


def read_document(raw: Any, installed: Installed, source: str) -> User:
    """Read a user's settings from plain values, as :func:`document` returns them.

    :raises ConfigError: as :func:`load_user`
    """
    try:
        return user_of(UserPart.model_validate(raw, context=installed))
    except ValidationError as error:
        raise ConfigError(source, [_problem(e) for e in error.errors()]) from None


def _parse(text: str, source: str) -> Any:
    try:
        return codec.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (DecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(source, [str(error)]) from None


def user_of(read: UserPart) -> User:
    """Return the user that a document describes."""
    return User(read.user, tuple(_preference(read.user, preference) for preference in read.preferences))


def _preference(user: str, read: PreferencePart) -> Preference:
    return Preference(
        id="",
        user=user,
        backend=read.backend,
        enabled=read.enabled,
        destinations=tuple(Destination(d.address, d.confirmed, d.suspended) for d in read.destinations),
        filters=tuple(filter_of(one) for one in read.filters),
        presentation=read.presentation,
        digest=plan_of(read.digest),
    )


def plan_of(read: DigestPart) -> DigestPlan:
    """Return the plan that a document describes."""
    return DigestPlan(**{**read.model_dump(), "at": tuple(read.at)})


def filter_of(read: FilterPart) -> Filter:
    """Return the filter that a document describes. It has no id."""
    rules = tuple(RuleUse(use.rule, use.arguments, use.negated) for use in read.rules)
    return Filter("", read.name, rules, read.active, read.oneshot)


def _problem(error: Any) -> str:
    *place, last = error["loc"] or ("",)
    if error["type"] == "extra_forbidden":
        part = next((name for name in reversed(place) if isinstance(name, str)), "")
        return _at(place) + str(UnknownNameError("setting", str(last), PARTS[part].model_fields))
    if error["type"] == "missing":
        return f"{_at(place)}{last!r} is required"
    return _at(error["loc"]) + in_words(error)


def _at(place: Iterable[int | str]) -> str:
    """Say where: ``('preferences', 0, 'filters', 1)`` is ``preferences 1, filters 2``."""
    words = ""
    for step in place:
        words += f" {step + 1}" if isinstance(step, int) else f"{', ' if words else ''}{step}"
    return f"{words}: " if words else ""
