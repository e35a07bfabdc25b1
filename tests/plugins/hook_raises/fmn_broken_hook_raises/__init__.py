"""Offers a rule, then raises."""

from fmn_core import app_rule, hookimpl


@hookimpl
def fmn_register_rules():
    return [app_rule("raises_later", "oven", "Anything from the oven")]


@hookimpl
def fmn_register_default_filters():
    yield from ()
    raise ValueError("no flour")
