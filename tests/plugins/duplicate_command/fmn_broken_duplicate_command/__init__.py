"""Wants to replace a command of fmn."""

import click

from fmn_core import hookimpl


@hookimpl
def fmn_register_commands():
    return [click.Command("run")]
