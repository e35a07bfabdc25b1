"""Plugins: found, imported by stevedore, and taken in one by one. Floor F2.

Whatever is wrong with one becomes the reason why it is broken: all that it offers is withdrawn, the others load.
"""

from __future__ import annotations

import enum
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from stevedore import ExtensionManager
from stevedore.extension import Extension

from .backends import Backend
from .commands import COMMANDS
from .config import PluginsSettings, Settings
from .defaults import Default
from .errors import ConfigError, PluginError, UnknownNameError
from .lookups import LookupSource
from .offers import Kind, Offer, ask, said
from .rules import RuleBook
from .schemas import SchemaSummary
from .summaries import SummaryBook

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
    """All that the sound plugins offer, and a word on every plugin.

    :ivar mistakes: in their sections of the configuration, each of which made a plugin broken
    """

    plugins: tuple[PluginInfo, ...] = ()
    mistakes: list[str] = field(default_factory=list)
    rules: RuleBook = field(default_factory=RuleBook)
    summaries: SummaryBook = field(default_factory=lambda: SummaryBook(otherwise=SchemaSummary()))
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


def load_plugins(
    settings: Settings,
    groups: Sequence[str] = GROUPS,
    environment: Mapping[str, str] = os.environ,
    *,
    quiet: bool = False,
) -> PluginRegistry:
    """Find, import and ask every plugin that is installed and not disabled.

    :param groups: only plugins of these entry point groups are imported
    :param quiet: do not log which plugins are broken: the caller will tell
    :raises ConfigError: if ``[plugins]`` names one that is not installed
    """
    installed = _installed()
    _check_names(settings.plugins, {entry.name for entry in installed})
    loader = _Loader(settings, bool(environment.get(TRACE_VARIABLE)), logging.DEBUG if quiet else logging.WARNING)
    for group in sorted(groups):
        loader.load(group, [entry for entry in installed if entry.group == group])
    return loader.registry


def _installed() -> list[EntryPoint]:
    """Return all entry points of ours, in the order in which the first to claim a name keeps it."""
    everything = entry_points()
    found = [entry for group in GROUPS for entry in everything.select(group=group)]
    return sorted(found, key=lambda entry: (entry.group, entry.name, *_distribution(entry)))


def unknown_sections(settings: Settings) -> dict[str, str]:
    """Return the names of the sections of plugins that are not installed, each with what comes near."""
    known = {entry.name for entry in _installed()}
    return {name: str(UnknownNameError("plugin", name, known)) for name in settings.plugin if name not in known}


def mistakes_about_plugins(settings: Settings) -> list[str]:
    """Return what is wrong in the parts of the configuration that only plugins can judge."""
    try:
        found = load_plugins(settings, quiet=True).mistakes
    except ConfigError as error:
        found = list(error.problems)
    return [*found, *unknown_sections(settings).values()]


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
            raise PluginError(f"cannot be imported: {said(error)}") from error

    def _failed(self, manager: ExtensionManager[Any], entry: EntryPoint, error: BaseException) -> None:
        self.failures[entry] = error


class _Loader:
    """Takes in one plugin after the other, each as a whole or not at all.

    :param level: of the log, at which it says which plugins are broken
    """

    def __init__(self, settings: Settings, trace: bool, level: int) -> None:
        self.registry = PluginRegistry()
        self._settings = settings
        self._trace = trace
        self._level = level
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
            offers = list(ask(plugin, entry.name, self._settings, self._trace))
            self._claim(entry.name, offers)
        except PluginError as error:
            self._broken(entry, error)
        else:
            for kind, thing in offers:
                self._keep(kind, thing, entry.name)
            self._note(entry, Status.SOUND)

    def _claim(self, plugin: str, offers: Iterable[Offer]) -> None:
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

    def _keep(self, kind: Kind, thing: Any, plugin: str) -> None:
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
        if isinstance(error.__cause__, ConfigError):
            self.registry.mistakes += error.__cause__.problems
        log.log(self._level, "plugin %r of %s is broken: %s", entry.name, " ".join(_distribution(entry)), reason)
        log.debug("what broke plugin %r", entry.name, exc_info=error)

    def _note(self, entry: EntryPoint, status: Status, reason: str = "") -> None:
        info = PluginInfo(entry.name, entry.group, *_distribution(entry), status, reason)
        self.registry.plugins += (info,)
