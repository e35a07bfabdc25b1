"""A folder that becomes an instance of its own: far ends, configuration, ownership, accounts, messages. Floor F4."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w

from fmn_core.app import Application
from fmn_core.backends import Rehearsal
from fmn_core.codec import encode_message
from fmn_core.config import PluginsSettings, Settings, load_settings
from fmn_core.errors import FmnError, UsageError
from fmn_core.model import Message, Role
from fmn_core.plugins import BACKENDS, load_plugins

from .messages import SEED, Act, sample_messages
from .people import Cast, cast

log = logging.getLogger(__name__)

CONFIGURATION, OWNERSHIP, MESSAGES = "fmn.toml", "ownership.toml", "messages.jsonl"
#: anybody may be anybody here, and so everybody may see the pages for admins, as this one
_WEB = {"demo_login": True, "admins": ["admin"]}
_HEADER = "# Written by fmn demo. Try: fmn --config THIS_FILE user list\n\n"


@dataclass
class Instance:
    """A demo that is ready to run.

    :param acts: what is played, messages described
    """

    folder: Path
    app: Application
    rehearsals: Mapping[str, Rehearsal]
    cast: Cast
    acts: list[Act]

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return [message for act in self.acts for message in act.messages]


@contextmanager
def prepared(folder: Path, base_url: str, plugins: PluginsSettings) -> Iterator[Instance]:
    """Make a folder an instance, and let go of everything in the end. The files stay.

    :param plugins: which of the installed plugins take part
    :raises UsageError: if there is something in the folder already
    :raises FmnError: if the installed plugins cannot read what the demo writes
    """
    _claim(folder)
    settings = Settings(data_dir=folder, base_url=base_url, plugins=plugins)
    rehearsals = _rehearse(settings, folder)
    try:
        instance = _assemble(folder, _configure(settings, rehearsals), rehearsals)
        with closing(instance.app):
            yield instance
    finally:
        for rehearsal in rehearsals.values():
            rehearsal.close()


def _claim(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        raise UsageError(f"{str(folder)!r} cannot be the demo's folder: {error.strerror}") from None
    if (folder / CONFIGURATION).exists():
        look = f"look at it with 'fmn --config {folder / CONFIGURATION} user list'"
        raise UsageError(f"{str(folder)!r} holds a demo already: {look}, or name a new folder")
    if taken:
        raise UsageError(f"{str(folder)!r} is not empty: name a new folder for the demo")


def _rehearse(settings: Settings, folder: Path) -> dict[str, Rehearsal]:
    """Start the far end of every backend that has one."""
    rehearsals = {}
    for name, backend in load_plugins(settings, [BACKENDS]).backends.items():
        try:
            rehearsal = backend.rehearse(folder)
        except Exception as error:
            log.warning("backend %r cannot rehearse and is left out: %s", name, error)
            continue
        finally:
            backend.close()  # it has served; the one that delivers is made from the final configuration
        if rehearsal is not None:
            rehearsals[name] = rehearsal
    return rehearsals


def _configure(draft: Settings, rehearsals: Mapping[str, Rehearsal]) -> Settings:
    """Write the configuration that leads to the far ends, and read it back as every other command will.

    The environment is left aside: what it says of a store is about a real one.
    """
    sections: dict[str, Any] = {}
    for rehearsal in rehearsals.values():
        sections.update(rehearsal.settings)
    raw: dict[str, Any] = {"data_dir": ".", "base_url": draft.base_url, "plugin": sections, "web": _WEB}
    if choice := draft.plugins.model_dump(mode="json", exclude_defaults=True):
        raw["plugins"] = choice
    path = draft.data_dir / CONFIGURATION
    path.write_text(_HEADER + tomli_w.dumps(raw), "utf-8")
    return load_settings(path, environment={})


def _assemble(folder: Path, settings: Settings, rehearsals: Mapping[str, Rehearsal]) -> Instance:
    ownership = files(__package__).joinpath(OWNERSHIP).read_text("utf-8")
    (folder / OWNERSHIP).write_text(ownership, "utf-8")
    app = Application(settings)
    if failures := app.lookups.failures:
        raise FmnError(f"the demo does not know who maintains what: {'; '.join(failures.values())}")
    chosen = cast(app.registry, rehearsals)
    for user in chosen.users:
        app.store.preferences.save(user)
    describe = app.registry.summaries.describe
    played = [replace(act, messages=[describe(message) for message in act.messages]) for act in acts(ownership)]
    instance = Instance(folder, app, rehearsals, chosen, played)
    (folder / MESSAGES).write_bytes(b"".join(encode_message(message) + b"\n" for message in instance.messages))
    return instance


def acts(ownership: str, seed: int = SEED) -> list[Act]:
    """Write messages about the packages and people of an ownership file; others for another seed."""
    maintainers = tomllib.loads(ownership)["maintainers"]
    people = sorted({name for roles in maintainers.values() for name, role in roles.items() if role == Role.OWNER})
    return sample_messages(sorted(maintainers), people, datetime.now(UTC), seed)
