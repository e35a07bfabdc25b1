"""Rules for every application, ownership from a file, and the filters that a new account starts with."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from fmn_core import (
    NICK,
    DefaultFilter,
    LookupSource,
    Rule,
    RuleUse,
    Section,
    Settings,
    Summary,
    hookimpl,
    load_samples,
    with_samples,
)

from . import content, fields, packages, people
from .files import OwnershipFile
from .trac import TracSummary

RULES = (*people.RULES, *packages.RULES, *content.RULES, *fields.RULES)


class GenericSettings(Section):
    """``[plugin.generic]``: a file that says who maintains what. A relative path is taken from the data folder.

    :param owner_alias: moved to another plugin; whoever still names a file here is told where to
    :param ownership: a TOML file, see :class:`fmn_rules_generic.files.OwnershipFile`; where none is named, one of the
        default name is read if it is there
    """

    owner_alias: None = None
    ownership: Path = Path("ownership.toml")

    @field_validator("owner_alias", mode="before")
    @classmethod
    def _has_moved(cls, path: object) -> None:
        if path:
            raise ValueError("has moved: install fmn-lookups-fedora and set alias in [plugin.fedora]")


@hookimpl
def fmn_register_rules() -> list[Rule]:
    """Offer the rules."""
    return with_samples(RULES, load_samples(__name__))


@hookimpl
def fmn_register_summaries() -> list[Summary]:
    """Describe what no other plugin does and a rule of ours reads."""
    return [TracSummary()]


@hookimpl
def fmn_register_lookups(settings: Settings) -> list[LookupSource]:
    """Offer the file, if it is configured or there."""
    chosen = settings.section("generic", GenericSettings)
    own = OwnershipFile(settings.data_dir / chosen.ownership)
    return [own] if "ownership" in chosen.model_fields_set or own.path.exists() else []


@hookimpl
def fmn_register_default_filters() -> list[DefaultFilter]:
    """Offer the two filters everybody starts with; what is too noisy for them, the other plugins say."""
    about = RuleUse("user_filter", {"fasnick": NICK})
    own_packages = RuleUse("user_package_filter", {"fasnick": NICK})
    not_about = RuleUse("user_filter", {"fasnick": NICK}, negated=True)
    return [
        DefaultFilter("packages", "Events on packages that I own", (own_packages, not_about)),
        DefaultFilter("username", "Events referring to my username", (about,)),
    ]
