"""Edit filter: its rules, and beside them what it would have let through of late, while it is edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.errors import UnknownNameError
from fmn_core.foresight import Forecast, forecast
from fmn_core.model import Filter, RuleUse
from fmn_core.store import ConflictError, version_of

from . import draft
from .catalogue import plugin_views
from .draft import Draft
from .parts import Parts
from .visitor import visitor

#: names that a field proposes
PROPOSED = 300

Page = Response | str | tuple[str, int]


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("edit", __name__)
    groups = plugin_views(parts.registry)

    def page(backend: str, one: Draft, saved: Filter | None, **more: object) -> str:
        return render_template(
            "edit.html", backend=parts.registry.backends.get(backend), name=backend, draft=one, saved=saved,
            version=version_of(saved) if saved else "", groups=groups, rules=parts.registry.rules,
            arguments=draft.arguments, names=_proposed(parts), **more,
        )  # fmt: skip

    @pages.get("/notifications/<backend>/filters/new")
    def new(backend: str) -> Page:
        _known(parts, backend)
        return page(backend, Draft(Filter("", "")), None)

    @pages.get("/notifications/filters/<filter_id>")
    def change(filter_id: str) -> Page:
        preference, saved = _mine(parts, filter_id)
        return page(preference, Draft(saved), saved)

    @pages.post("/notifications/<backend>/filters/new")
    def add(backend: str) -> Page:
        _known(parts, backend)
        one = _acted(draft.read(request.form, parts.registry.rules, None), request.form)
        if request.form.get("action") != "save":
            return page(backend, one, None, forecast=_forecast(parts, one, None))
        if one.problems or _hesitates(one):
            return page(backend, one, None, shown=True, hesitates=_hesitates(one))
        parts.store.editing.add_filter(visitor(), backend, one.filter)
        flash(f"Filter “{one.filter.name}” was saved.")
        return redirect(url_for("mine.index", _anchor=backend))

    @pages.post("/notifications/filters/<filter_id>")
    def save(filter_id: str) -> Page:
        backend, saved = _mine(parts, filter_id)
        one = _acted(draft.read(request.form, parts.registry.rules, saved), request.form)
        if request.form.get("action") != "save":
            return page(backend, one, saved, forecast=_forecast(parts, one, saved))
        if one.problems or _hesitates(one):
            return page(backend, one, saved, shown=True, hesitates=_hesitates(one))
        try:
            parts.store.editing.replace_filter(visitor(), one.filter, request.form.get("version", ""))
        except ConflictError as error:
            return page(backend, one, error.current, conflict=error.current), 409
        except UnknownNameError:
            abort(404)
        flash(f"Filter “{one.filter.name}” was saved.")
        return redirect(url_for("mine.index", _anchor=backend))

    @pages.post("/forecast")
    def aside() -> Page:
        saved = _mine(parts, request.form["id"])[1] if request.form.get("id") else None
        one = draft.read(request.form, parts.registry.rules, saved)
        return render_template("_forecast.html", forecast=_forecast(parts, one, saved))

    @pages.get("/<user>/<backend>/<filter_id>")
    def link(user: str, backend: str, filter_id: str) -> Page:
        """Answer the link that notifications carry."""
        if user != visitor() or parts.store.editing.find_filter(user, filter_id) is None:
            abort(404)
        return redirect(url_for("edit.change", filter_id=filter_id))

    return pages


def _known(parts: Parts, backend: str) -> None:
    if backend not in parts.registry.backends:
        abort(404)


def _mine(parts: Parts, filter_id: str) -> tuple[str, Filter]:
    found = parts.store.editing.find_filter(visitor(), filter_id)
    if found is None:
        abort(404)
    return found[0].backend, found[1]


def _acted(one: Draft, form: Mapping[str, str]) -> Draft:
    """Do what the button asks that adds a rule or takes one away; nothing is saved by it."""
    what, _, which = form.get("action", "").partition(":")
    uses = list(one.filter.rules)
    if what == "add" and which and len(uses) < draft.MOST_RULES:
        uses.append(RuleUse(which))
    elif what == "remove" and which.isdigit() and int(which) < len(uses):
        del uses[int(which)]
    else:
        return one
    return Draft(replace(one.filter, rules=tuple(uses)))


def _hesitates(one: Draft) -> bool:
    """Tell whether a filter that lets nearly everything through was not meant so."""
    return all(use.negated for use in one.filter.rules) and request.form.get("sure") != "1"


def _forecast(parts: Parts, one: Draft, saved: Filter | None) -> Forecast:
    registry = parts.registry
    return forecast(
        one.filter, saved, parts.store.archive, registry.rules, registry.summaries, parts.lookups, datetime.now(UTC)
    )


def _proposed(parts: Parts) -> dict[str, list[str]]:
    """Return names for fields, those of the visitor: packages, groups, and who works on the same."""
    name = visitor()
    packages = sorted(parts.lookups.packages(name))[:PROPOSED]
    return {"package": packages, "group": sorted(parts.lookups.groups(name))[:PROPOSED], "user": [name]}
