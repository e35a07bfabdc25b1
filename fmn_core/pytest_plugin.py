"""Fixtures for tests of plugins, built from :mod:`fmn_core.testing`. Floor F4.

pytest imports this in every run where fmn-core is installed, so everything else is imported when a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .config import Settings
    from .model import Message
    from .snapshot import Snapshot
    from .testing import RecordingBackend


@pytest.fixture
def fmn_message() -> Callable[..., Message]:
    """Make described messages: see :func:`fmn_core.testing.message`."""
    from .testing import message

    return message


@pytest.fixture
def fmn_lookups() -> Callable[..., Snapshot]:
    """Make lookups: see :func:`fmn_core.testing.lookups`."""
    from .testing import lookups

    return lookups


@pytest.fixture
def fmn_settings(tmp_path: Path) -> Settings:
    """Return a default configuration that keeps everything in the folder of the test."""
    from .config import Settings

    return Settings(data_dir=tmp_path)


@pytest.fixture
def recording_backend() -> RecordingBackend:
    """Return a backend that remembers what it was to send."""
    from .testing import RecordingBackend

    return RecordingBackend()
