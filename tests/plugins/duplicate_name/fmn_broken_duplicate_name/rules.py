"""Comes second."""

from fmn_core import app_rule, hookimpl


@hookimpl
def fmn_register_rules():
    return [app_rule("same_name_rule", "oven", "Anything from the oven")]
