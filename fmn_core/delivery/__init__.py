"""Delivery: from the queue of a backend to people. Floor F3."""

from __future__ import annotations

from .addressing import Addressing
from .stage import Delivery

__all__ = ["Addressing", "Delivery"]
