"""The two markers and every hook, nothing else. Floor F1.

Hooks assemble: each is called once while a process starts. The objects they return carry the traffic. An
implementation may take fewer arguments than its hook.
"""

# a hook is declared by its signature and docstring alone:
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from .backends import Backend
    from .config import Settings
    from .defaults import Default
    from .lookups import LookupSource
    from .rules import Rule
    from .summaries import Summary

hookspec = pluggy.HookspecMarker("fmn")
hookimpl = pluggy.HookimplMarker("fmn")


@hookspec
def fmn_register_rules(settings: Settings) -> Iterable[Rule]:
    """Return the rules this plugin offers to users.

    Called once, while the application is assembled and before any message is read.

    :param settings: the configuration; ``settings.section(name, Model)`` is the plugin's own part
    :returns: rules, or an empty list. Identifiers such as ``koji_build_failed`` are unique over all plugins

    If it raises, or an identifier is taken, the plugin is listed as broken and all others still load.
    Example: ``plugins/fmn_rules_koji``.

    .. versionadded:: 0.1
    """


@hookspec
def fmn_register_summaries(settings: Settings) -> Iterable[Summary]:
    """Return what this plugin can say of messages: summary, url, usernames, packages and the rest of the facts.

    Called once, while the application is assembled.

    :param settings: the configuration
    :returns: summaries, each naming the applications it describes; the first plugin by name keeps an application

    If it raises, the plugin is listed as broken; its messages are described by the fallback.
    Example: ``plugins/fmn_rules_pkgdb``.

    .. versionadded:: 0.1
    """


@hookspec
def fmn_register_lookups(settings: Settings) -> Iterable[LookupSource]:
    """Return sources that know who maintains what, or who is in which group.

    Called once, while the application is assembled; the sources are loaded afterwards, each guarded by itself.

    :param settings: the configuration, which names files and services
    :returns: sources, or an empty list where none is configured. All sources together make one snapshot

    If it raises, the plugin is listed as broken; a source that fails later keeps its last answer.
    Example: ``plugins/fmn_rules_generic``.

    .. versionadded:: 0.1
    """


@hookspec
def fmn_register_backends(settings: Settings) -> Iterable[Backend]:
    """Return ways to deliver notifications.

    Called once in each process that delivers or shows backends; it must not connect to anything yet.

    :param settings: the configuration; ``settings.section(name, Model)`` is the plugin's own part
    :returns: backends, ready to use. Names such as ``email`` are unique over all plugins

    If it raises, the plugin is listed as broken; what is queued for its backends waits.
    Example: ``plugins/fmn_backend_email``.

    .. versionadded:: 0.1
    """


@hookspec
def fmn_register_default_filters() -> Iterable[Default]:
    """Return filters that a new account starts with, and noisy rules that such filters leave out.

    Called once, while the application is assembled.

    :returns: ``DefaultFilter`` and ``Exclusion`` objects; what names a rule that is not installed is skipped

    If it raises, the plugin is listed as broken and all others still load.
    Example: ``plugins/fmn_rules_generic`` for filters, ``plugins/fmn_rules_koji`` for exclusions.

    .. versionadded:: 0.1
    """


@hookspec
def fmn_register_commands() -> Iterable[click.Command]:
    """Return commands that become part of ``fmn``.

    Called once, when the command line starts.

    :returns: click commands; the object of the context (``ctx.obj``) gives ``settings``. A name that is taken is an
        error of the plugin that came second

    If it raises, the plugin is listed as broken and all other commands still work.
    Example: ``plugins/fmn_backend_sse``, which adds ``fmn sse``.

    .. versionadded:: 0.1
    """
