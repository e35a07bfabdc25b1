"""What the tests of the pages share: a store, and an application around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fmn_core.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as opened:
        yield opened
