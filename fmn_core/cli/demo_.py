"""``fmn demo``: a throw-away instance, watched and judged. Floor F4."""

from __future__ import annotations

import socket
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fmn_core.errors import EXIT_FOUND_WANTING, FmnError

from .context import Context, echo_json, json_option, pass_context
from .demo_screen import Screen
from .web_ import HOST, listen, page_server

if TYPE_CHECKING:
    from fmn_core.app import Application
    from fmn_core.demo.instance import Instance
    from fmn_core.demo.play import Play

#: seconds between two looks at what happens once the play is over
LOOK_EVERY = 0.5

EPILOG = """\b
Examples:
  fmn demo                     watch it, then look at the pages until Ctrl-C
  fmn demo --dir /tmp/demo     keep everything: fmn --config /tmp/demo/fmn.toml user list
  fmn demo --once --json       try everything, and say in numbers what arrived
"""


@click.command("demo", epilog=EPILOG)
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Keep everything in this new folder.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port of the web pages.")
@click.option("--once", is_flag=True, help="End when all is delivered; exit code 1 if it is not what it should be.")
@json_option
@pass_context
def command(context: Context, folder: Path | None, port: int, once: bool, as_json: bool) -> None:
    """Play a throw-away instance: people, messages, all stages, and what arrives.

    Nothing leaves this machine: mail goes into a folder, IRC to a server that the demo brings along. Of the
    configuration only [plugins] counts.
    """
    screen = Screen(quiet=as_json)
    screen.say("fmn demo: people, messages and all stages, in a folder of their own")
    from fmn_core.demo.instance import prepared  # takes longer than people like to see nothing

    with ExitStack() as stack:
        door = None if once else stack.enter_context(listen(HOST, port))
        url = f"http://{HOST}:{door.getsockname()[1] if door else port}/"
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fmn-demo-")))
        instance = stack.enter_context(prepared(place.absolute(), url, context.settings.plugins))
        pages = _serve(instance.app, door, url) if door else "not with --once"
        screen.opening(instance, pages, kept=folder is not None)
        right = _perform(instance, screen, once, as_json)
    if once and not right:
        raise click.exceptions.Exit(EXIT_FOUND_WANTING)


def _serve(app: Application, door: socket.socket, url: str) -> str:
    """Serve the pages for as long as this process lives, and return where, or why not."""
    try:
        server = page_server(app, door)
    except FmnError as error:
        return str(error)
    threading.Thread(target=server.run, name="pages", daemon=True).start()
    return f"{url} (log in as any of them, by a click)"


def _perform(instance: Instance, screen: Screen, once: bool, as_json: bool) -> bool:
    """Play, tell what came of it, and stay for what comes afterwards.

    :returns: whether it was played to the end, and all that should have arrived did
    """
    from fmn_core.demo.play import Play, StoppedError
    from fmn_core.demo.stages import running
    from fmn_core.signals import obeyed

    stop = threading.Event()
    with running(instance.app) as stages, obeyed(lambda number: stop.set()):
        play = Play(instance, stages, screen, paced=not (once or as_json), stop=stop)
        try:
            totals = play.perform()
        except StoppedError as error:
            screen.say(str(error))
            return False
        screen.closing(totals)
        if as_json:
            echo_json(asdict(totals))
        if not once:
            _linger(play, screen, stop)
    return totals.right


def _linger(play: Play, screen: Screen, stop: threading.Event) -> None:
    """Go on showing what happens: somebody replays more, or changes a filter."""
    screen.say("everything goes on until Ctrl-C")
    while not stop.wait(LOOK_EVERY):
        play.look()
    screen.say("the demo is over")
