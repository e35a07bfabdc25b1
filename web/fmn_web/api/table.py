"""Table: all operations of the API."""

from __future__ import annotations

from . import about, document, filters, history, preferences
from .operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *about.OPERATIONS,
    *preferences.OPERATIONS,
    *filters.OPERATIONS,
    *history.OPERATIONS,
    *document.OPERATIONS,
)
