"""``help``, and what is said to somebody who asks for what there is not."""

from __future__ import annotations

from collections.abc import Iterable

from .lines import shown
from .request import Command, Request, Who

_COMMANDS = (
    "start - send me notifications here",
    "stop - send me nothing here any more",
    "why [ID] - say why the last notification came, or that of a message",
    "mute [THREAD] [for 2h] - send nothing more about a thread for a day, or so long; without one, that of the last",
    "unmute THREAD, mutes - send that again; say what is muted",
    "digest on [30m] [10] [08:00], digest off - collect notifications, or send them one by one",
    "list filters [NAME] - say what I get, or what one filter asks for",
    "list categories, list rules CATEGORY - say what one can ask for",
)


def _help(asked: Request) -> Iterable[str]:
    settings = asked.settings.conversation
    if settings.help:
        yield from settings.help.splitlines()
        return
    yield "I tell you of what happens, as soon as it does. You say what you want to hear of."
    if settings.operator:
        yield f"I am run by {settings.operator}."
    yield "You can say to me:"
    yield from (f"  {command}" for command in _COMMANDS)
    yield f"Your settings: {asked.settings.base_url}"
    if settings.support:
        yield f"If something is wrong: {settings.support}"


def not_understood(asked: Request) -> Iterable[str]:
    """Say so to somebody who asks for what there is not."""
    yield "I do not understand that. Say help for what I do, or stop if I shall send you nothing more here."


def not_identified(asked: Request) -> Iterable[str]:
    """Say what to do to somebody who has to show first who they are."""
    if asked.settings.conversation.identify:
        return asked.settings.conversation.identify.splitlines()
    return [
        "I cannot be sure who you are. Identify with this network first (on IRC: /msg NickServ IDENTIFY), then say it "
        "again. Anybody may say: help, list categories, list rules CATEGORY."
    ]


def not_known(asked: Request) -> Iterable[str]:
    """Say so to somebody who is no user of ours."""
    yield f"{shown(asked.address)} is nobody's confirmed address here. Make it yours: {asked.settings.base_url}"


HELP = Command(_help, audience=lambda rest: Who.ANYBODY)
UNKNOWN = Command(not_understood, audience=lambda rest: Who.IDENTIFIED)
