"""What tests of plugins build on: factories, a backend that remembers, and checks of whole contracts. Floor F4.

Checks raise ``AssertionError`` with a sentence that says what is wrong with which rule, summary or backend.
"""

from .backends import check_backend
from .factories import LONG_AGO, PREFIX, fixed_facts, lookups, message, notification
from .installing import install
from .occasions import ODD_TEXTS, digests, notices, odd_notifications
from .recording import RecordingBackend
from .rules import check_rule
from .summaries import check_facts, check_summary

__all__ = [
    "LONG_AGO",
    "ODD_TEXTS",
    "PREFIX",
    "RecordingBackend",
    "check_backend",
    "check_facts",
    "check_rule",
    "check_summary",
    "digests",
    "fixed_facts",
    "install",
    "lookups",
    "message",
    "notices",
    "notification",
    "odd_notifications",
]
