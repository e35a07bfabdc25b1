"""Misspells a hook."""

from fmn_core import app_rule, hookimpl


@hookimpl
def fmn_register_summaries():
    return []


@hookimpl
def fmn_register_rulez():
    return [app_rule("misspelt", "oven", "Anything from the oven")]
