"""What authors of plugins import; only that. Nothing here is above floor F1, so importing it stays cheap."""

from .backends import Arrival, Backend, Rehearsal, filter_url, one_line
from .config import Section, Settings
from .defaults import NICK, DefaultFilter, Exclusion
from .digests import Group, as_notification, groups, headline
from .errors import (
    AddressRefused,
    ArgumentsError,
    BackendAway,
    ConfigError,
    DropDelivery,
    FmnError,
    LookupUnavailableError,
    PluginError,
    RetryDelivery,
    UnknownNameError,
    UsageError,
)
from .hookspecs import hookimpl
from .lookups import GROUP_MARK, LookupData, Lookups, LookupSource, Stale
from .model import (
    ALL_ROLES,
    COMMIT_ROLES,
    Digest,
    Facts,
    Links,
    Message,
    Notification,
    Purpose,
    Role,
    RuleUse,
    Severity,
)
from .pacing import Overflow, Pace, TokenBucket
from .reception import Reception
from .rules import COMMA_LIST, Arguments, Hint, Rule, Search, Text, Words, app_rule, rule, topic_rule, with_samples
from .samples import Sample, load_samples
from .summaries import Summary, as_text, dig

__all__ = [
    "ALL_ROLES",
    "COMMA_LIST",
    "COMMIT_ROLES",
    "GROUP_MARK",
    "NICK",
    "AddressRefused",
    "Arguments",
    "ArgumentsError",
    "Arrival",
    "Backend",
    "BackendAway",
    "ConfigError",
    "DefaultFilter",
    "Digest",
    "DropDelivery",
    "Exclusion",
    "Facts",
    "FmnError",
    "Group",
    "Hint",
    "Links",
    "LookupData",
    "LookupSource",
    "LookupUnavailableError",
    "Lookups",
    "Message",
    "Notification",
    "Overflow",
    "Pace",
    "PluginError",
    "Purpose",
    "Reception",
    "Rehearsal",
    "RetryDelivery",
    "Role",
    "Rule",
    "RuleUse",
    "Sample",
    "Search",
    "Section",
    "Settings",
    "Severity",
    "Stale",
    "Summary",
    "Text",
    "TokenBucket",
    "UnknownNameError",
    "UsageError",
    "Words",
    "app_rule",
    "as_notification",
    "as_text",
    "dig",
    "filter_url",
    "groups",
    "headline",
    "hookimpl",
    "load_samples",
    "one_line",
    "rule",
    "topic_rule",
    "with_samples",
]
