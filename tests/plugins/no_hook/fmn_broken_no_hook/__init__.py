"""Forgets to mark its hook."""

from fmn_core import app_rule


def fmn_register_rules():
    return [app_rule("unmarked", "oven", "Anything from the oven")]
