"""Takes the identifier."""

from fmn_core import app_rule, hookimpl


@hookimpl
def fmn_register_rules():
    return [app_rule("twice_offered", "oven", "Anything from the first oven")]
