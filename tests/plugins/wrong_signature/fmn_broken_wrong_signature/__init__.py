"""Wants more than the hook gives."""

from fmn_core import hookimpl


@hookimpl
def fmn_register_rules(database):
    return []
