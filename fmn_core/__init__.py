"""What authors of plugins import; only that. Nothing here is above floor F1, so importing it stays cheap."""

from .backends import Arrival, Backend, Rehearsal, filter_url, one_line
from .config import Section, Settings
from .defaults import NICK, DefaultFilter, Exclusion
from .errors import (
    ArgumentsError,
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
from .model import ALL_ROLES, COMMIT_ROLES, Digest, Facts, Message, Notification, Role, RuleUse, Severity
from .rules import COMMA_LIST, Arguments, Hint, Rule, Search, Text, Words, app_rule, rule, topic_rule, with_samples
from .samples import Sample, load_samples
from .summaries import Summary, as_text, dig

__all__ = [
    "ALL_ROLES",
    "COMMA_LIST",
    "COMMIT_ROLES",
    "GROUP_MARK",
    "NICK",
    "Arguments",
    "ArgumentsError",
    "Arrival",
    "Backend",
    "ConfigError",
    "DefaultFilter",
    "Digest",
    "DropDelivery",
    "Exclusion",
    "Facts",
    "FmnError",
    "Hint",
    "LookupData",
    "LookupSource",
    "LookupUnavailableError",
    "Lookups",
    "Message",
    "Notification",
    "PluginError",
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
    "UnknownNameError",
    "UsageError",
    "Words",
    "app_rule",
    "as_text",
    "dig",
    "filter_url",
    "hookimpl",
    "load_samples",
    "one_line",
    "rule",
    "topic_rule",
    "with_samples",
]
