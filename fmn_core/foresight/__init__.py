"""Foresight: how much a filter would send, from recorded history, and what would keep it smaller. Floor F3."""

from .forecast import Forecast, forecast
from .impossible import impossible
from .looking import EXACT
from .narrower import Proposal, narrower
from .narrowing import narrowed, period

__all__ = ["EXACT", "Forecast", "Proposal", "forecast", "impossible", "narrowed", "narrower", "period"]
