"""Needs a setting that the configuration does not have."""

from fmn_core import Section, hookimpl


class OvenSettings(Section):
    heat: int


@hookimpl
def fmn_register_backends(settings):
    settings.section("wrong_section", OvenSettings)
    return []
