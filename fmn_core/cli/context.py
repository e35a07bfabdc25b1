"""What every command gets as ``ctx.obj``, and how commands print. Floor F4."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fmn_core import logs
from fmn_core.config import Settings, load_settings
from fmn_core.errors import FmnError
from fmn_core.plugins import PluginRegistry, load_plugins, mistakes_about_plugins

if TYPE_CHECKING:
    from fmn_core.app import Application

log = logging.getLogger(__name__)


class Context:
    """The options that stand before the command, and what follows from them once somebody asks.

    :param config: the configuration file, if one was named
    :param debug: show tracebacks and debug logs
    """

    def __init__(self, config: Path | None = None, debug: bool = False) -> None:
        self.config, self.debug = config, debug

    @cached_property
    def settings(self) -> Settings:
        """The configuration, read. Plugins know some of its mistakes: they are asked, so that all are told at once."""
        settings = load_settings(self.config, further=mistakes_about_plugins)
        logs.configure(settings.logging, self.debug)
        return settings

    @property
    def options(self) -> list[str]:
        """The same options, for a process that we start."""
        config = ["--config", str(self.config)] if self.config else []
        return [*config, *(["--debug"] if self.debug else [])]

    def may_reload(self) -> bool:
        """Tell whether the configuration can be read anew; if not, say why, for all goes on as before."""
        try:
            load_settings(self.config, further=mistakes_about_plugins)
        except FmnError as error:
            log.error("nothing is read anew, everything goes on as before: %s", error)
            return False
        return True

    @cached_property
    def registry(self) -> PluginRegistry:
        """The plugins of all groups, for commands that need nothing else."""
        return load_plugins(self.settings)

    @cached_property
    def app(self) -> Application:
        """The application, assembled."""
        from fmn_core.app import Application

        loaded = self.__dict__.get("registry")  # only if somebody has asked: most commands need no plugins
        return Application(self.settings, registry=loaded)


pass_context = click.make_pass_decorator(Context, ensure=True)

#: option of every command whose output is data
json_option = click.option("--json", "as_json", is_flag=True, help="Print data, one JSON object a line.")


def echo_json(row: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    click.echo(json.dumps(row, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


#: characters that could move the cursor, retitle the window or worse, and what is shown for them
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\n"}


def printable(value: Any) -> Any:
    """Return a value with all text in it harmless to a terminal: messages come from anybody."""
    if isinstance(value, str):
        return value.translate(_CONTROLS)
    if isinstance(value, Mapping):
        return {printable(key): printable(inner) for key, inner in value.items()}
    return [printable(inner) for inner in value] if isinstance(value, list | tuple) else value


def echo_row(as_json: bool, row: Mapping[str, Any], human: Callable[[Mapping[str, Any]], str]) -> None:
    """Print a row as data or in words."""
    if as_json:
        echo_json(row)
    else:
        click.echo(human(printable(row)))
