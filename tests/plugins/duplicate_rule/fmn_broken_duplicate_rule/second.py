"""Comes too late; all that it offers is withdrawn."""

from fmn_core import NICK, DefaultFilter, RuleUse, Summary, app_rule, hookimpl


class PanSummary(Summary):
    apps = ("pan",)


@hookimpl
def fmn_register_rules():
    return [
        app_rule("once_offered", "pan", "Anything from the pan"),
        app_rule("twice_offered", "oven", "Anything from the second oven"),
    ]


@hookimpl
def fmn_register_summaries():
    return [PanSummary()]


@hookimpl
def fmn_register_default_filters():
    return [DefaultFilter("pan", "The pan", (RuleUse("once_offered", {"nick": NICK}),))]
