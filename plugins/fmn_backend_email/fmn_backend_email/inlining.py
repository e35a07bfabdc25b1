"""The CSS of our templates goes into their tags when they are loaded: for each mail it would take 0.1 ms."""

from __future__ import annotations

import re
from collections.abc import Callable

from css_inline import CSSInliner
from jinja2 import BaseLoader, Environment

#: the template that holds the CSS of all
BASE = "base.html"

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
#: whatever is for the template engine
_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
#: where a comment of HTML would be plain text
_NO_COMMENT = re.compile(r"<title>.*?</title>|<[a-z][^<>]*>", re.DOTALL)
_MARK = re.compile(r"(?:<!--)?jinja-(\d+)-(?:-->)?")

Source = tuple[str, str | None, Callable[[], bool] | None]


class InlinedLoader(BaseLoader):
    """Loads templates with their CSS inlined.

    :param loader: knows the sources
    """

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader
        self._inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)

    def get_source(self, environment: Environment, template: str) -> Source:
        """See :class:`jinja2.BaseLoader`."""
        source, path, current = self._loader.get_source(environment, template)
        if not template.endswith(".html"):
            return source, path, current
        if template == BASE:
            return _around(source, self._inliner.inline), path, current
        css = _STYLE.findall(self._loader.get_source(environment, BASE)[0])[0]
        return _around(source, lambda html: self._inliner.inline_fragment(html, css)), path, current


def _around(source: str, inline: Callable[[str], str]) -> str:
    """Inline CSS while what is for the template engine is out of the way: in comments, which may stand anywhere."""
    taken: list[str] = []

    def mark(match: re.Match[str]) -> str:
        taken.append(match[0])
        return f"jinja-{len(taken) - 1}-"

    html = _NO_COMMENT.sub(lambda match: _JINJA.sub(mark, match[0]), source)
    html = _JINJA.sub(lambda match: f"<!--{mark(match)}-->", html)
    return _MARK.sub(lambda match: taken[int(match[1])], inline(html))
