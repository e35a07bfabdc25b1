"""Templates become text and HTML: the operator's where there are some and they work, else those of this package."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fmn_core import FmnError, one_line

from .inlining import InlinedLoader
from .linking import linked

log = logging.getLogger(__name__)

#: what a mail can be made from; each has a ``.txt`` and a ``.html``
KINDS = ("notification", "digest", "notice")
#: characters that an operator's template may write
MOST_WRITTEN = 20_000_000
#: seconds that an operator's template may take
LONGEST_RENDERING = 10.0

Variables = Mapping[str, Any]


class Templates:
    """Every template by its name. Safe for threads.

    :param folder: files in it take the place of ours, each by itself; None for ours alone
    """

    def __init__(self, folder: Path | None = None) -> None:
        ours = PackageLoader(__package__)
        self._folder = folder
        self._ours = _environment(Environment, InlinedLoader(ours), reload=False)
        self._theirs: Environment | None = None
        if folder is not None:
            loader = ChoiceLoader([FileSystemLoader(folder), ours])
            self._theirs = _environment(ImmutableSandboxedEnvironment, loader, reload=True)
        self._inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
        self._reported: dict[str, object] = {}
        self._lock = threading.Lock()

    def text_and_html(self, kind: str, variables: Variables) -> tuple[str, str]:
        """Write both forms of a mail; an operator's template that fails is reported once, and ours serves.

        :param kind: one of :data:`KINDS`
        """
        return self._one(f"{kind}.txt", variables), self._one(f"{kind}.html", variables)

    def _one(self, name: str, variables: Variables) -> str:
        if self._theirs is not None:
            try:
                return self._of_theirs(self._theirs, name, variables)
            except Exception as error:
                self._report(name, error)
        return self._ours.get_template(name).render(variables)

    def _of_theirs(self, theirs: Environment, name: str, variables: Variables) -> str:
        written = bounded(theirs.get_template(name).generate(variables))
        return self._inliner.inline(written) if name.endswith(".html") else written

    def _report(self, name: str, error: Exception) -> None:
        """Log a failure, once until a file in the folder changes."""
        state = sorted(_changes(self._folder)) if self._folder else []
        with self._lock:
            news = self._reported.get(name) != state
            self._reported[name] = state
        if news:
            log.warning("mail template %r in %s fails, ours serves instead: %s", name, self._folder, _sentence(error))

    def check(self, variables: Mapping[str, Variables]) -> None:
        """Try every template of the operator.

        :param variables: for each of :data:`KINDS`
        :raises FmnError: if the folder is none, or one of the templates fails
        """
        if self._theirs is None or self._folder is None:
            return
        if not self._folder.is_dir():
            raise FmnError(f"the folder of mail templates, {self._folder}, is not there")
        for name in (f"{kind}.{form}" for kind in KINDS for form in ("txt", "html")):
            try:
                self._of_theirs(self._theirs, name, variables[name.partition(".")[0]])
            except Exception as error:
                raise FmnError(f"mail template {name!r} in {self._folder} fails: {_sentence(error)}") from error


def _environment(kind: type[Environment], loader: BaseLoader, reload: bool) -> Environment:
    """Return an environment in which a name that does not exist is a mistake, and HTML is escaped."""
    made = kind(
        loader=loader,
        auto_reload=reload,
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["linked"] = linked
    return made


def bounded(pieces: Iterable[str]) -> str:
    """Join what a template writes.

    :raises FmnError: if it writes too much, or goes on for too long
    """
    gathered, written, end = [], 0, time.monotonic() + LONGEST_RENDERING
    for piece in pieces:
        written += len(piece)
        if written > MOST_WRITTEN or time.monotonic() > end:
            raise FmnError("it writes without an end")
        gathered.append(piece)
    return "".join(gathered)


def _changes(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.rglob("*"):
        try:
            yield str(path), path.stat().st_mtime_ns
        except OSError:  # gone meanwhile
            continue


def _sentence(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    return one_line(f"{type(error).__name__}: {error}" + (f" (line {line})" if line else ""))[:500]
