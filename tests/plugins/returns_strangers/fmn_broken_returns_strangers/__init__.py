"""Returns names instead of rules."""

from fmn_core import hookimpl


@hookimpl
def fmn_register_rules():
    return ["oven_baked"]
