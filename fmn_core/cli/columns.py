"""Rows in words, one value a line. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_columns(row: Mapping[str, Any]) -> str:
    """Return a row with a line for each of its values."""
    return "\n".join(f"{name:<22} {_said(value):>12}" for name, value in row.items())


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{count} {name}" for name, count in value.items())
    return value if isinstance(value, str) else f"{value:,}"
