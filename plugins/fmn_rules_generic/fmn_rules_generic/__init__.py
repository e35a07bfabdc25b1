"""Rules for every application, ownership from files, and the filters that a new account starts with."""

from __future__ import annotations

from pathlib import Path

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
from .files import AliasFile, OwnershipFile
from .trac import TracSummary

RULES = (*people.RULES, *packages.RULES, *content.RULES, *fields.RULES)


class GenericSettings(Section):
    """``[plugin.generic]``: files that say who maintains what. A relative path is taken from the data folder.

    :param owner_alias: ``pagure_owner_alias.json`` as dist-git publishes it
    :param ownership: a TOML file, see :class:`fmn_rules_generic.files.OwnershipFile`; where none is named, one of the
        default name is read if it is there
    """

    owner_alias: Path | None = None
    ownership: Path = Path("ownership.toml")


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
    """Offer the files that are configured."""
    chosen = settings.section("generic", GenericSettings)
    own = OwnershipFile(settings.data_dir / chosen.ownership)
    sources: list[LookupSource] = []
    if "ownership" in chosen.model_fields_set or own.path.exists():
        sources.append(own)
    if chosen.owner_alias:
        sources.append(AliasFile(settings.data_dir / chosen.owner_alias, own.groups))
    return sources


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
