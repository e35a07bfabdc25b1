"""``fmn check``: is everything there that the configuration asks for? One line each. Floor F4.

Each part is looked at for itself: one that is broken, in whatever way, never hides the next. Nothing is changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from fmn_core.backends import Backend
from fmn_core.config import Settings
from fmn_core.errors import EXIT_FOUND_WANTING, FmnError
from fmn_core.plugins import PluginRegistry, Status, unknown_sections
from fmn_core.shelf import open_shelf
from fmn_core.transport import open_transport
from fmn_core.transport.base import MESSAGES

from .check_lookups import verdicts
from .context import Context, echo_row, json_option, pass_context

_AT_FIRST_START = "made at the first start"


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one look found.

    :param check: what was looked at
    :param detail: what is there, or what is wrong with it
    """

    check: str
    ok: bool
    detail: str


@click.command("check", epilog="\b\nExample:\n  fmn --config fmn.toml check")
@json_option
@click.pass_context
@pass_context
def command(context: Context, click_context: click.Context, as_json: bool) -> None:
    """Look whether all that is configured is there and works.

    One line for each part; nothing is changed.
    """
    wanting = False
    with _unlogged(context.debug):
        for finding in _findings(context):
            echo_row(as_json, dataclasses.asdict(finding), _in_words)
            wanting = wanting or not finding.ok
    if wanting:
        click_context.exit(EXIT_FOUND_WANTING)


@contextlib.contextmanager
def _unlogged(debug: bool) -> Iterator[None]:
    """Keep out of the log what is a finding: it would be said twice."""
    before = logging.root.manager.disable
    logging.disable(before if debug else logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _in_words(row: Mapping[str, Any]) -> str:
    word = click.style("ok     ", fg="green") if row["ok"] else click.style("problem", fg="red")
    return f"{word}  {row['check']:<20}  {row['detail']}"


def _findings(context: Context) -> Iterator[Finding]:
    try:
        settings = context.settings
    except FmnError as error:
        yield _failed("configuration", error)
        return  # everything else depends on it
    yield Finding("configuration", True, str(context.config or "defaults and environment"))
    for check, look in (("data folder", _folder), ("database", _database), ("transport", _transport)):
        yield from _guarded(check, look, settings)
    if settings.redis.url:
        yield from _guarded("redis", _redis, settings)
    yield from _guarded("plugin sections", _sections, settings)
    try:
        registry = context.registry
    except FmnError as error:
        yield _failed("plugins", error)
        return
    yield from _plugins(registry)
    yield from _guarded("lookups", _lookups, context)
    for name, backend in registry.backends.items():
        yield from _guarded(f"backend {name}", _backend, backend)


def _guarded(check: str, look: Callable[[Any], Iterator[Finding]], at: Any) -> Iterator[Finding]:
    try:
        yield from look(at)
    except Exception as error:  # a plugin's code, or a driver's: whatever it is, it is a finding
        yield _failed(check, error)


def _failed(check: str, error: Exception) -> Finding:
    return Finding(check, False, str(error) if isinstance(error, FmnError) else f"{type(error).__name__}: {error}")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    if folder.is_dir() and not _obstacle(folder):
        yield Finding("data folder", True, str(folder))
    else:
        yield _not_yet("data folder", str(folder), folder)


def _not_yet(check: str, where: str, place: Path) -> Finding:
    """Tell whether what is not there yet can be made."""
    obstacle = _obstacle(place)
    return Finding(check, not obstacle, obstacle or f"{where}, {_AT_FIRST_START}")


def _obstacle(place: Path) -> str:
    """Return why nothing can be written to a folder, or made where there is none; nothing if it can."""
    nearest = next(one for one in (place.absolute(), *place.absolute().parents) if one.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return "" if writable else f"{nearest} is no folder that can be written to"


def _database(settings: Settings) -> Iterator[Finding]:
    from fmn_core.store import Store

    where = _without_password(settings.store_url)
    if file := _missing_file(settings.store_url, "sqlite:///"):
        yield _not_yet("database", where, file.parent)
        return
    store = Store(settings.store_url)
    try:
        if store.version is not None:
            store.check()
        yield Finding("database", True, f"{where}, version {store.version or f'none yet, {_AT_FIRST_START}'}")
    finally:
        store.close()


def _transport(settings: Settings) -> Iterator[Finding]:
    where = _without_password(settings.transport_url)
    if file := _missing_file(settings.transport_url, "embedded:///"):
        yield _not_yet("transport", where, file.parent)
        return
    if _has_no_queues_yet(settings):
        yield Finding("transport", True, f"{where}, its queues are {_AT_FIRST_START}")
        return
    with contextlib.closing(open_transport(settings.transport_url, settings.transport)) as transport:
        yield Finding("transport", True, f"{where}, {transport.depth(MESSAGES)} messages wait")


def _has_no_queues_yet(settings: Settings) -> bool:
    """Tell whether to look more closely would make queues on a broker."""
    if settings.transport.passive or not settings.transport_url.startswith("amqp"):
        return False
    from fmn_core.transport.amqp import has_queue

    return not has_queue(settings.transport_url, settings.transport, MESSAGES)


def _missing_file(url: str, prefix: str) -> Path | None:
    """Return the file that a URL names, if it is not there, so that looking would make it."""
    file = Path(url.removeprefix(prefix))
    return file if url.startswith(prefix) and not file.exists() else None


def _without_password(url: str) -> str:
    return re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", url)


def _plugins(registry: PluginRegistry) -> Iterator[Finding]:
    sound = [plugin.name for plugin in registry.plugins if plugin.status == Status.SOUND]
    yield Finding("plugins", bool(sound), f"sound: {', '.join(sound) or 'none, nothing can be matched or delivered'}")
    for plugin in registry.plugins:
        if plugin.status == Status.BROKEN:
            yield Finding(f"plugin {plugin.name}", False, f"{plugin.distribution} {plugin.version}: {plugin.reason}")


def _sections(settings: Settings) -> Iterator[Finding]:
    for name, problem in unknown_sections(settings).items():
        yield Finding(f"section plugin.{name}", False, problem)


def _redis(settings: Settings) -> Iterator[Finding]:
    with contextlib.closing(open_shelf(settings)) as shelf:
        yield Finding("redis", True, f"{shelf.place}, answers of {len(shelf.labels())} lookup sources")


def _lookups(context: Context) -> Iterator[Finding]:
    settings, sources = context.settings, context.registry.lookup_sources
    with contextlib.closing(open_shelf(settings)) as shelf:
        for source, ok, detail in verdicts(sources, shelf, settings.lookups.refresh, time.time()):
            yield Finding(f"lookup {source}", ok, detail)
    if not sources:
        yield Finding("lookups", True, "none configured: nobody is known to maintain anything")


def _backend(backend: Backend) -> Iterator[Finding]:
    yield Finding(f"backend {backend.name}", True, backend.check())
