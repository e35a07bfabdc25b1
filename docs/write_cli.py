"""Write docs/cli.md anew from the commands themselves: ``python docs/write_cli.py``."""

from pathlib import Path

import click

from fmn_core.cli import group
from fmn_core.commands import COMMANDS

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100

HEAD = """\
# Commands

What `--help` of each command says, in one place. This page is written by `docs/write_cli.py`, and a test holds it to
the commands; change their docstrings instead.

Everywhere: `--json` prints data, one JSON object a line. The exit code is 0 when all is done, 1 when something was
found wanting (a broken line among messages, a part that `fmn check` cannot use, a mail that the demo misses), 2 when
the call or the configuration is wrong. Whatever fails says so in one line on standard error; `--debug` shows the
traceback too. Plugins may add commands, which `fmn --help` lists with the others.
"""


def page() -> str:
    """Return the whole page."""
    top = click.Context(group, info_name="fmn", max_content_width=WIDTH, terminal_width=WIDTH)
    parts = [HEAD]
    for name in COMMANDS:
        command = group.get_command(top, name)
        if command is not None:  # it never is: click's types allow for names that are nobody's
            parts += _sections(command, name, top)
    return "\n".join(parts)


def _sections(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
    help_text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    parts = [f"## `{context.command_path}`\n\n```text\n{help_text}\n```\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            parts += _sections(found, inner, context) if found else []
    return parts


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
