"""Comes first."""

from fmn_core import hookimpl


@hookimpl
def fmn_register_backends():
    return []
