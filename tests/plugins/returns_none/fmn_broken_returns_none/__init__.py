"""Forgets to return its rules."""

from fmn_core import app_rule, hookimpl


@hookimpl
def fmn_register_rules():
    [app_rule("not_returned", "oven", "Anything from the oven")]
