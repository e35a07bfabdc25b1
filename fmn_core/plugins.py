"""Plugins: stevedore imports them, pluggy validates and calls them, each for itself. Floor F2.

Whatever is wrong with one becomes the reason why it is broken: all that it offers is withdrawn, the others load.
"""

from __future__ import annotations

import enum
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy
from stevedore import ExtensionManager
from stevedore.extension import Extension

from . import hookspecs
from .backends import Backend
from .commands import COMMANDS
from .config import PluginsSettings, Settings
from .defaults import Default, DefaultFilter, Exclusion
from .errors import ConfigError, FmnError, PluginError, UnknownNameError
from .lookups import LookupSource
from .rules import Rule, RuleBook
from .summaries import Summary, SummaryBook

if TYPE_CHECKING:
    import click

log = logging.getLogger(__name__)

#: entry point groups
RULES, BACKENDS = "fmn.rules", "fmn.backends"
GROUPS = (RULES, BACKENDS)

#: set to anything, it makes every call of a hook a line on stderr
TRACE_VARIABLE = "FMN_TRACE_PLUGINS"

_LONGEST_REASON = 400


class Status(enum.StrEnum):
    """What became of a plugin."""

    SOUND = "sound"
    BROKEN = "broken"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One installed plugin.

    :param name: of its entry point: short, public, and what the configuration calls it
    :param reason: one sentence on why it is not in use; empty where it is
    """

    name: str
    group: str
    distribution: str
    version: str
    status: Status
    reason: str = ""


@dataclass
class PluginRegistry:
    """All that the sound plugins offer, and a word on every plugin."""

    plugins: tuple[PluginInfo, ...] = ()
    rules: RuleBook = field(default_factory=RuleBook)
    summaries: SummaryBook = field(default_factory=SummaryBook)
    lookup_sources: list[LookupSource] = field(default_factory=list)
    backends: dict[str, Backend] = field(default_factory=dict)
    defaults: list[Default] = field(default_factory=list)
    commands: list[click.Command] = field(default_factory=list)

    def backend(self, name: str) -> Backend:
        """Return a backend.

        :raises UnknownNameError: naming what comes near
        """
        try:
            return self.backends[name]
        except KeyError:
            raise UnknownNameError("backend", name, self.backends) from None


class _Kind(NamedTuple):
    """What a hook returns: its type, what one of it is called, and the attribute whose value nobody else may have."""

    hook: str
    noun: str
    type: type | tuple[type, ...]
    key: str = ""


_KINDS = (
    _Kind("fmn_register_rules", "rule", Rule, "identifier"),
    _Kind("fmn_register_summaries", "summary", Summary),
    _Kind("fmn_register_lookups", "lookup source", LookupSource, "name"),
    _Kind("fmn_register_backends", "backend", Backend, "name"),
    _Kind("fmn_register_default_filters", "default", (DefaultFilter, Exclusion)),
    _Kind("fmn_register_commands", "command", object, "name"),
)

_Offer = tuple[_Kind, Any]


def load_plugins(
    settings: Settings, groups: Sequence[str] = GROUPS, environment: Mapping[str, str] = os.environ
) -> PluginRegistry:
    """Find, import and ask every plugin that is installed and not disabled.

    :param groups: only plugins of these entry point groups are imported
    :raises ConfigError: if ``[plugins]`` names one that is not installed
    """
    installed = _installed()
    _check_names(settings.plugins, {entry.name for entry in installed})
    loader = _Loader(settings, trace=bool(environment.get(TRACE_VARIABLE)))
    for group in sorted(groups):
        loader.load(group, [entry for entry in installed if entry.group == group])
    return loader.registry


def _installed() -> list[EntryPoint]:
    """Return all entry points of ours, in the order in which the first to claim a name keeps it."""
    everything = entry_points()
    found = [entry for group in GROUPS for entry in everything.select(group=group)]
    return sorted(found, key=lambda entry: (entry.group, entry.name, *_distribution(entry)))


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    if entry.dist is None:
        return "", ""
    return entry.dist.name or "", entry.dist.version or ""


def _check_names(choice: PluginsSettings, installed: set[str]) -> None:
    problems = [
        f"plugins.{setting}: {UnknownNameError('plugin', name, installed)}"
        for setting in ("enabled", "disabled")
        for name in getattr(choice, setting)
        if name not in installed
    ]
    if problems:
        raise ConfigError("the configuration", problems)


class _Imports(ExtensionManager[Any]):
    """stevedore's manager over a given list of entry points, kept after import or with the reason of the failure.

    The list of its own comes from a cache in the user's folder, without distributions, and misses plugins that were
    installed a moment ago. Its import lets ``SystemExit`` and ``AssertionError`` end the process.
    """

    def __init__(self, group: str, entries: list[EntryPoint]) -> None:
        self._entries = entries
        self.failures: dict[EntryPoint, BaseException] = {}
        super().__init__(group, on_load_failure_callback=self._failed)

    def list_entry_points(self) -> list[EntryPoint]:
        return self._entries

    def _load_one_plugin(self, ep: EntryPoint, *rest: Any) -> Extension[Any] | None:
        try:
            return super()._load_one_plugin(ep, *rest)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"cannot be imported: {_said(error)}") from error

    def _failed(self, manager: ExtensionManager[Any], entry: EntryPoint, error: BaseException) -> None:
        self.failures[entry] = error


class _Loader:
    """Takes in one plugin after the other, each as a whole or not at all."""

    def __init__(self, settings: Settings, trace: bool) -> None:
        self.registry = PluginRegistry()
        self._settings = settings
        self._trace = trace
        self._names: dict[str, str] = {}
        self._taken = {("command", name): "fmn itself" for name in COMMANDS}

    def load(self, group: str, entries: list[EntryPoint]) -> None:
        """Take in the plugins of a group."""
        wanted = [entry for entry in entries if self._wanted(entry) and self._named(entry)]
        imports = _Imports(group, wanted)
        for entry, error in imports.failures.items():
            self._broken(entry, error)
        for extension in imports:
            self._take_in(extension.entry_point, extension.plugin)
        self.registry.plugins = tuple(sorted(self.registry.plugins, key=lambda p: (p.group, p.name, p.distribution)))

    def _wanted(self, entry: EntryPoint) -> bool:
        choice = self._settings.plugins
        if entry.name in choice.disabled:
            self._note(entry, Status.DISABLED, "named in plugins.disabled")
        elif choice.enabled and entry.name not in choice.enabled:
            self._note(entry, Status.DISABLED, "not named in plugins.enabled")
        else:
            return True
        return False

    def _named(self, entry: EntryPoint) -> bool:
        """Give the plugin its name, under which the configuration knows it, unless another has it."""
        distribution = _distribution(entry)[0]
        owner = self._names.setdefault(entry.name, f"{distribution} in {entry.group}")
        if owner == f"{distribution} in {entry.group}":
            return True
        self._broken(entry, PluginError(f"plugin {entry.name!r} is already offered by {owner}"))
        return False

    def _take_in(self, entry: EntryPoint, plugin: Any) -> None:
        try:
            offers = list(_ask(plugin, entry.name, self._settings, self._trace))
            self._claim(entry.name, offers)
        except PluginError as error:
            self._broken(entry, error)
        else:
            for kind, thing in offers:
                self._keep(kind, thing, entry.name)
            self._note(entry, Status.SOUND)

    def _claim(self, plugin: str, offers: Iterable[_Offer]) -> None:
        """Give the plugin the names of all that it offers, or none of them."""
        claimed: dict[tuple[str, str], str] = {}
        for kind, thing in offers:
            if not kind.key:
                continue
            name = (kind.noun, getattr(thing, kind.key))
            owner = self._taken.get(name) or claimed.get(name)
            if owner:
                raise PluginError(f"{kind.noun} {name[1]!r} is already offered by {owner}")
            claimed[name] = plugin
        self._taken |= claimed

    def _keep(self, kind: _Kind, thing: Any, plugin: str) -> None:
        registry = self.registry
        match kind.noun:
            case "rule":
                registry.rules.add(thing, plugin)
            case "summary":
                registry.summaries.add(thing)
            case "lookup source":
                registry.lookup_sources.append(thing)
            case "backend":
                registry.backends[thing.name] = thing
            case "default":
                registry.defaults.append(thing)
            case "command":
                registry.commands.append(thing)

    def _broken(self, entry: EntryPoint, error: BaseException) -> None:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        self._note(entry, Status.BROKEN, reason)
        log.warning("plugin %r of %s is broken: %s", entry.name, " ".join(_distribution(entry)), reason)
        log.debug("what broke plugin %r", entry.name, exc_info=error)

    def _note(self, entry: EntryPoint, status: Status, reason: str = "") -> None:
        info = PluginInfo(entry.name, entry.group, *_distribution(entry), status, reason)
        self.registry.plugins += (info,)


def _ask(plugin: Any, name: str, settings: Settings, trace: bool) -> Iterator[_Offer]:
    """Validate one plugin and call its hooks.

    It gets a manager of its own, so that a plugin that is refused or raises leaves nothing behind for the others.

    :raises PluginError: for whatever is wrong with it
    """
    manager = pluggy.PluginManager("fmn")
    manager.add_hookspecs(hookspecs)
    if trace:
        manager.add_hookcall_monitoring(*_tracers(name))
    _register(manager, plugin, name)
    for kind in _KINDS:
        hook = getattr(manager.hook, kind.hook)
        if hook.get_hookimpls():
            arguments = {"settings": settings} if "settings" in hook.spec.argnames else {}
            yield from ((kind, thing) for thing in _call(hook, kind, arguments))


def _register(manager: pluggy.PluginManager, plugin: Any, name: str) -> None:
    try:
        manager.register(plugin, name)
    except Exception as error:
        raise PluginError(f"cannot be registered: {_said(error)}") from error
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        raise PluginError("implements no hook: is @hookimpl missing?")
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = next(caller.name for caller in callers if not caller.has_spec())
        raise PluginError(str(UnknownNameError("hook", unknown, [kind.hook for kind in _KINDS]))) from error


def _call(hook: pluggy.HookCaller, kind: _Kind, arguments: dict[str, Any]) -> list[Any]:
    try:
        results = hook(**arguments)
        things = [thing for result in results for thing in result]
    except KeyboardInterrupt:
        raise
    except FmnError as error:
        raise PluginError(f"{kind.hook}: {error}") from error
    except BaseException as error:
        raise PluginError(f"{kind.hook} raised {_said(error)}") from error
    if not results:  # pluggy leaves out None
        raise PluginError(f"{kind.hook} returned None, expected a list")
    for thing in things:
        _check(kind, thing)
    return things


def _check(kind: _Kind, thing: Any) -> None:
    if not isinstance(thing, kind.type):
        raise PluginError(f"{kind.hook} returned {thing!r:.80}, which is no {kind.noun}")
    name = getattr(thing, kind.key, None) if kind.key else "none needed"
    if not isinstance(name, str) or not name:
        raise PluginError(f"{kind.hook} returned {thing!r:.80}, a {kind.noun} without {kind.key}")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _tracers(plugin: str) -> tuple[Any, Any]:
    def before(hook: str, implementations: Any, arguments: Mapping[str, Any]) -> None:
        sys.stderr.write(f"{plugin}: {hook}({', '.join(arguments)})\n")

    def after(outcome: pluggy.Result[Any], hook: str, implementations: Any, arguments: Mapping[str, Any]) -> None:
        said = _said(outcome.exception) if outcome.exception else repr(outcome.get_result())
        sys.stderr.write(f"{plugin}: {hook} -> {said}\n")

    return before, after
