"""Offers: one plugin is validated and asked by pluggy, and what it returns is held to its type. Floor F2."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import pluggy

from . import hookspecs
from .backends import Backend
from .config import Settings
from .defaults import DefaultFilter, Exclusion
from .errors import FmnError, PluginError, UnknownNameError
from .lookups import LookupSource
from .rules import Rule
from .summaries import Summary


@runtime_checkable
class _Command(Protocol):
    """What a click command looks like from below, where click is not imported."""

    name: str | None

    def main(self) -> Any: ...
    def get_short_help_str(self) -> str: ...


class Kind(NamedTuple):
    """What a hook returns: its type, what one of it is called, and the attribute whose value nobody else may have."""

    hook: str
    noun: str
    type: type | tuple[type, ...]
    key: str = ""


KINDS = (
    Kind("fmn_register_rules", "rule", Rule, "identifier"),
    Kind("fmn_register_summaries", "summary", Summary),
    Kind("fmn_register_lookups", "lookup source", LookupSource, "name"),
    Kind("fmn_register_backends", "backend", Backend, "name"),
    Kind("fmn_register_default_filters", "default", (DefaultFilter, Exclusion)),
    Kind("fmn_register_commands", "command", _Command, "name"),
)

#: one thing that a plugin offers, and what it is
Offer = tuple[Kind, Any]


def ask(plugin: Any, name: str, settings: Settings, trace: bool) -> Iterator[Offer]:
    """Validate one plugin and call its hooks.

    It gets a manager of its own, so that a plugin that is refused or raises leaves nothing behind for the others.

    :param plugin: the module, or whatever else the entry point names
    :param trace: make every call a line on stderr
    :raises PluginError: for whatever is wrong with it
    """
    manager = pluggy.PluginManager("fmn")
    manager.add_hookspecs(hookspecs)
    if trace:
        manager.add_hookcall_monitoring(*_tracers(name))
    _register(manager, plugin, name)
    for kind in KINDS:
        hook = getattr(manager.hook, kind.hook)
        if hook.get_hookimpls():
            arguments = {"settings": settings} if "settings" in hook.spec.argnames else {}
            yield from ((kind, thing) for thing in _call(hook, kind, arguments))


def _register(manager: pluggy.PluginManager, plugin: Any, name: str) -> None:
    try:
        manager.register(plugin, name)
    except Exception as error:
        raise PluginError(f"cannot be registered: {said(error)}") from error
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        raise PluginError("implements no hook: is @hookimpl missing?")
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = next(caller.name for caller in callers if not caller.has_spec())
        raise PluginError(str(UnknownNameError("hook", unknown, [kind.hook for kind in KINDS]))) from error


def _call(hook: pluggy.HookCaller, kind: Kind, arguments: dict[str, Any]) -> list[Any]:
    try:
        results = hook(**arguments)
        things = [thing for result in results for thing in result]
    except KeyboardInterrupt:
        raise
    except FmnError as error:
        raise PluginError(f"{kind.hook}: {error}") from error
    except BaseException as error:
        raise PluginError(f"{kind.hook} raised {said(error)}") from error
    if not results:  # pluggy leaves out None
        raise PluginError(f"{kind.hook} returned None, expected a list")
    for thing in things:
        _check(kind, thing)
    return things


def _check(kind: Kind, thing: Any) -> None:
    if not isinstance(thing, kind.type):
        raise PluginError(f"{kind.hook} returned {_a(thing)}, expected only {kind.noun} objects")
    name = getattr(thing, kind.key, None) if kind.key else "none needed"
    if not isinstance(name, str) or not name:
        raise PluginError(f"{kind.hook} returned a {kind.noun} without {kind.key}")


def _a(thing: Any) -> str:
    return "None" if thing is None else f"an object of type {type(thing).__name__!r}"


def said(error: BaseException) -> str:
    """Return what an exception of a plugin says, with its name."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _tracers(plugin: str) -> tuple[Any, Any]:
    def before(hook: str, implementations: Any, arguments: Mapping[str, Any]) -> None:
        sys.stderr.write(f"{plugin}: {hook}({', '.join(arguments)})\n")

    def after(outcome: pluggy.Result[Any], hook: str, implementations: Any, arguments: Mapping[str, Any]) -> None:
        answer = said(outcome.exception) if outcome.exception else repr(outcome.get_result())
        sys.stderr.write(f"{plugin}: {hook} -> {answer}\n")

    return before, after
