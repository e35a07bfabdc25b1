"""Conversation: people who write to us through a backend are answered, and what they ask for is done. Floor F3."""

from __future__ import annotations

from .talk import Conversation

__all__ = ["Conversation"]
