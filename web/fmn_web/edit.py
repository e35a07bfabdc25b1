"""Edit filter: its rules, and beside them what it would have let through of late, while it is edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.foresight import Forecast, forecast
from fmn_core.model import Filter, RuleUse
from fmn_core.rules import RuleBook
from fmn_core.store import ConflictError, version_of

from . import draft, fields
from .catalogue import in_markdown, plugin_views
from .completion import KINDS, Names
from .draft import Draft
from .parts import Parts
from .sizes import make_room
from .visitor import visitor

#: names that a field proposes without a script
PROPOSED = 300

Page = Response | str | tuple[str, int]


def blueprint(parts: Parts, names: Names) -> Blueprint:
    """Make the pages."""
    pages, desk = Blueprint("edit", __name__), _Desk(parts, names)
    new, one = "/notifications/<backend>/filters/new", "/notifications/filters/<filter_id>"
    pages.add_url_rule(new, "new", desk.new)
    pages.add_url_rule(new, "add", desk.add, methods=["POST"])
    pages.add_url_rule(one, "change", desk.change)
    pages.add_url_rule(one, "save", desk.save, methods=["POST"])
    pages.add_url_rule("/forecast", "aside", desk.aside, methods=["POST"])
    pages.add_url_rule("/<user>/<backend>/<filter_id>", "link", desk.link)
    return pages


class _Desk:
    """What the pages do. It keeps nothing but what does not change while the process lives."""

    def __init__(self, parts: Parts, names: Names) -> None:
        self._parts, self._names = parts, names
        self._groups = plugin_views(parts.registry)
        self._views = {rule.identifier: rule for group in self._groups for rule in group.rules}

    def new(self, backend: str) -> Page:
        """Show an empty form."""
        self._known(backend)
        return self._page(backend, Draft(Filter("", "")), None)

    def change(self, filter_id: str) -> Page:
        """Show a filter as it is saved."""
        backend, saved = self._mine(filter_id)
        return self._page(backend, Draft(saved), saved)

    def add(self, backend: str) -> Page:
        """Save a new filter, or show the form as it was left."""
        self._known(backend)
        one = self._draft(None)
        self._judge_size(backend, one)
        if _saves(one):
            self._parts.store.editing.add_filter(visitor(), backend, one.filter)
            return _saved(backend, one)
        return self._again(backend, one, None)

    def save(self, filter_id: str) -> Page:
        """Save another version of a filter, or show the form as it was left."""
        backend, saved = self._mine(filter_id)
        one = self._draft(saved)
        self._judge_size(backend, one)
        if not _saves(one):
            return self._again(backend, one, saved)
        try:
            self._parts.store.editing.replace_filter(visitor(), one.filter, request.form.get("version", ""))
        except ConflictError as error:
            return self._page(backend, one, error.current, conflict=error.current), 409
        except UnknownNameError:
            abort(404)
        return _saved(backend, one)

    def _judge_size(self, backend: str, one: Draft) -> None:
        try:
            make_room(self._parts, visitor(), backend, one.filter)
        except UsageError as error:
            one.problems.setdefault("rules", []).append(str(error))

    def aside(self) -> Page:
        """Show what the form as it is now would let through, as a part of the page."""
        saved = self._mine(request.form["id"])[1] if request.form.get("id") else None
        one = draft.read(request.form, self._parts.registry.rules, saved)
        return render_template("_forecast.html", forecast=self._forecast(one, saved))

    def link(self, user: str, backend: str, filter_id: str) -> Page:
        """Answer the link that notifications carry."""
        if user != visitor() or self._parts.store.editing.find_filter(user, filter_id) is None:
            abort(404)
        return redirect(url_for("edit.change", filter_id=filter_id))

    def _again(self, backend: str, one: Draft, saved: Filter | None) -> str:
        if request.form.get("action") == "save":
            return self._page(backend, one, saved, shown=True, hesitates=_hesitates(one))
        return self._page(backend, one, saved, forecast=self._forecast(one, saved))

    def _page(self, backend: str, one: Draft, saved: Filter | None, **more: object) -> str:
        registry = self._parts.registry
        return render_template(
            "edit.html", backend=registry.backends.get(backend), name=backend, draft=one, saved=saved,
            version=version_of(saved) if saved else "", groups=self._groups, rules=registry.rules,
            arguments=fields.arguments, mark=draft.mark, in_markdown=in_markdown,
            views=self._views, names=self._proposed(), **more,
        )  # fmt: skip

    def _draft(self, saved: Filter | None) -> Draft:
        rules = self._parts.registry.rules
        return _acted(draft.read(request.form, rules, saved), request.form.get("action", ""), rules)

    def _known(self, backend: str) -> None:
        if backend not in self._parts.registry.backends:
            abort(404)

    def _mine(self, filter_id: str) -> tuple[str, Filter]:
        found = self._parts.store.editing.find_filter(visitor(), filter_id)
        if found is None:
            abort(404)
        return found[0].backend, found[1]

    def _forecast(self, one: Draft, saved: Filter | None) -> Forecast:
        parts, registry = self._parts, self._parts.registry
        return forecast(
            one.filter, saved, parts.store.archive, registry.rules, registry.summaries, parts.lookups, datetime.now(UTC)
        )

    def _proposed(self) -> dict[str, list[str]]:
        """Return names for fields, for browsers without a script: with one, they ask while somebody types."""
        return {kind: self._names.of(kind, visitor())[:PROPOSED] for kind in KINDS}


def _saves(one: Draft) -> bool:
    """Tell whether the form asks to be saved, and can be."""
    return request.form.get("action") == "save" and not one.problems and not _hesitates(one)


def _saved(backend: str, one: Draft) -> Response:
    flash(f"Filter “{one.filter.name}” was saved.")
    return redirect(url_for("mine.index", _anchor=backend))


def _acted(one: Draft, action: str, rules: RuleBook) -> Draft:
    """Do what the button asks that adds a rule or takes one away; nothing is saved by it."""
    what, _, which = action.partition(":")
    uses = list(one.filter.rules)
    if what == "add" and which and len(uses) < draft.MOST_RULES:
        uses.append(RuleUse(which, fields.about_oneself(which, rules, visitor())))
    elif what == "remove" and which.isascii() and which.isdigit() and len(which) <= 4 and int(which) < len(uses):
        del uses[int(which)]
    else:
        return one
    return Draft(replace(one.filter, rules=tuple(uses)))


def _hesitates(one: Draft) -> bool:
    """Tell whether a filter lets nearly everything through, and nobody has said that it was meant so."""
    return all(use.negated for use in one.filter.rules) and request.form.get("sure") != "1"
