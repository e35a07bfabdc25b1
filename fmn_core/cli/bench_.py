"""``fmn bench``: the measurements. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from fmn_core.plugins import RULES, load_plugins

from .context import Context, echo_row, json_option, pass_context


@click.group("bench", epilog="\b\nExample:\n  fmn bench match --users 15000 --engine index --json")
def command() -> None:
    """Measure how fast the parts are that must be."""


@command.command("match", epilog="\b\nExample:\n  fmn bench match --users 1500 --engine linear --json")
@click.option("--users", type=click.IntRange(min=1), default=1500, show_default=True, help="How many people.")
@click.option("--engine", type=click.Choice(["index", "linear"]), default="index", show_default=True)
@click.option("--messages", type=click.IntRange(min=1), help="How many; default: as many as take some seconds.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same people and messages."
)
@click.option("--ownership", type=click.Path(path_type=Path), help="Real ownership: a pagure_owner_alias.json.")
@click.option("--topics", type=click.Path(path_type=Path), help="Recorded messages to copy topics and bodies from.")
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
    """
    from fmn_core.bench.measure import measure_match

    registry = load_plugins(context.settings, [RULES])
    result = measure_match(registry, engine, users, messages, seed, ownership, topics)
    echo_row(as_json, dataclasses.asdict(result), _in_words)


def _in_words(row: Mapping[str, Any]) -> str:
    return "\n".join(f"{name:<22} {value:>12,}" if name != "engine" else f"{name:<22} {value:>12}"
                     for name, value in row.items())  # fmt: skip
