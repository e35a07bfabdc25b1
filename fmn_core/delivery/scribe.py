"""Scribe: threads tell the store at the same time, and one transaction does for all of them. Floor F3."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from fmn_core.store import Note, Store


@dataclass(eq=False, slots=True)
class _Page:
    notes: Sequence[Note]
    written: bool = False
    error: Exception | None = None


class Scribe:
    """Safe for threads. Whoever comes while another one writes is written next, with all who came meanwhile.

    :param store: where notes go
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: list[_Page] = []
        self._gathering, self._writing = threading.Lock(), threading.Lock()

    def write(self, notes: Sequence[Note]) -> None:
        """Return when the notes are safe.

        :raises StoreError: they are not
        """
        page = _Page(notes)
        with self._gathering:
            self._pages.append(page)
        with self._writing:
            if not page.written and page.error is None:
                self._write_all()
        if page.error is not None:
            raise page.error

    def _write_all(self) -> None:
        with self._gathering:
            pages, self._pages = self._pages, []
        try:
            self._store.settle([note for page in pages for note in page.notes])
        except Exception as error:
            for page in pages:
                page.error = error
        else:
            for page in pages:
                page.written = True
