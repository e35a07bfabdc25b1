"""``fmn bench``: the measurements. Floor F4."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import click

from fmn_core.errors import EXIT_FOUND_WANTING
from fmn_core.plugins import RULES, load_plugins

from .bench_consumer import consumer
from .bench_pipeline import numbers, pipeline
from .bench_rebuild import rebuild
from .bench_storm import storm
from .columns import in_columns
from .context import Context, echo_row, json_option, pass_context

EPILOG = """\b
Examples:
  fmn bench match --users 15000 --engine index --json
  fmn bench crash --messages 10000 --kills 20
  fmn bench consumer --messages 20000
  fmn bench rebuild --messages 20000 --users 1500
  fmn bench storm --restarts 2 --restart-command 'systemctl restart rabbitmq-server'
  fmn bench pipeline --workers 1,2,4,8 --users 15000
"""


@click.group("bench", epilog=EPILOG)
def command() -> None:
    """Measure how fast the parts are that must be, and that nothing is lost."""


command.add_command(consumer)
command.add_command(storm)
command.add_command(rebuild)
command.add_command(pipeline)


@command.command("match", epilog="\b\nExample:\n  fmn bench match --users 1500 --engine linear --json")
@click.option("--users", type=click.IntRange(min=1), default=1500, show_default=True, help="How many people.")
@click.option("--engine", type=click.Choice(["index", "linear"]), default="index", show_default=True)
@click.option("--messages", type=click.IntRange(min=1), help="How many; default: as many as take some seconds.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same people and messages."
)
@click.option("--ownership", type=click.Path(path_type=Path), help="Real ownership: a pagure_owner_alias.json.")
@click.option("--topics", type=click.Path(path_type=Path), help="Recorded messages to copy topics and bodies from.")
@click.option("--workers", callback=numbers, help="Processes that match at once, such as 1,2; a row for each number.")
@json_option
@pass_context
def match(
    context: Context,
    users: int,
    engine: str,
    messages: int | None,
    seed: int,
    ownership: Path | None,
    topics: Path | None,
    workers: list[int] | None,
    as_json: bool,
) -> None:
    """Measure matching.

    Measured is the way of a message from the normal form to the list of its recipients (user, backend, address):
    describing it, its facts as far as matching asks for them, and the match. Making people and messages is not. Time
    is that of one core, in this process, so other work on the machine counts little; the first messages, for which
    nothing is prepared yet, are included. build_seconds is what it takes to fill the engine with all preferences,
    max_rss_mb the most memory that this whole process had.

    People have the default filters of the installed plugins on one backend; one in ten has changed them; a few have
    added bare topics, expressions, groups, globs or exclusions alone. These few are the same for any number of
    users, as are the maintainers, so that a message has the same number of recipients with 1,500 users and 150,000.

    Ownership is made up after Fedora's: 42,000 packages, 1,269 maintainers, half of them with six or less, the top
    tenth with three quarters. The engine "linear" is the algorithm of 2016, on fewer messages unless you say how many.

    With --workers, so many processes match at once, each as many messages, and time is that of the clock.
    """
    if workers:
        _abreast(context, engine, workers, users, messages, seed, as_json)
        return
    from fmn_core.bench.measure import measure_match

    registry = load_plugins(context.settings, [RULES])
    result = measure_match(registry, engine, users, messages, seed, ownership, topics)
    echo_row(as_json, dataclasses.asdict(result), in_columns)


def _abreast(
    context: Context, engine: str, workers: list[int], users: int, messages: int | None, seed: int, as_json: bool
) -> None:
    from fmn_core.bench.abreast import measure_abreast
    from fmn_core.bench.measure import usual_messages

    count = messages or usual_messages(engine, users)
    for row in measure_abreast(context.settings.plugins, engine, workers, users, count, seed):
        echo_row(as_json, dataclasses.asdict(row), in_columns)


@command.command("crash", epilog="\b\nExample:\n  fmn bench crash --messages 10000 --kills 20 --json")
@click.option("--messages", type=click.IntRange(min=1), default=10_000, show_default=True, help="How many.")
@click.option("--kills", type=click.IntRange(min=0), default=20, show_default=True, help="How many processes.")
@click.option("--seed", type=int, help="Of chance, which chooses what is killed and when; default: another each time.")
@click.option("--together", is_flag=True, help="All stages in one process.")
@json_option
@click.pass_context
@pass_context
def crash(
    context: Context, click_context: click.Context, messages: int, kills: int, seed: int | None, together: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Kill processes at random while messages are replayed, and count what is lost and what comes twice.

    The people of the demo, and the far ends of the installed backends, in a folder that is thrown away: two workers, a
    delivery and the replay run as processes, or all stages in one, and are started again whenever they are killed
    (SIGKILL). A calm run says first which notifications there should be. Of the configuration only [plugins] counts.

    Nothing may be lost. What may come twice is what a killed delivery had sent and not yet noted, one notification
    for each of its threads at most: "admitted". The exit code is 1 if something was lost, or more came twice.
    """
    from fmn_core.bench.crash import measure_crash

    chosen = random.randrange(1000) if seed is None else seed  # noqa: S311 - no secret
    result = measure_crash(context.settings.plugins, messages, kills, chosen, together)
    echo_row(as_json, {"seed": chosen, **dataclasses.asdict(result)}, in_columns)
    if not result.right:
        click_context.exit(EXIT_FOUND_WANTING)
