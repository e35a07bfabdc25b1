"""What the pages are built from: handed in, never fetched."""

from __future__ import annotations

from dataclasses import dataclass

from fmn_core.asking import Asking
from fmn_core.config import Settings
from fmn_core.lookups import Directory
from fmn_core.plugins import PluginRegistry
from fmn_core.store import Store

from .datagrepper import Datagrepper


@dataclass(frozen=True)
class Parts:
    """All that a page may need.

    :param lookups: who maintains what, as matching knows it
    :param asking: has addresses confirmed
    :param datagrepper: knows older messages than the archive; false where there is none
    """

    settings: Settings
    registry: PluginRegistry
    store: Store
    lookups: Directory
    asking: Asking
    datagrepper: Datagrepper
