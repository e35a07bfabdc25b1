"""Less: what a filter could leave out so that things like one notification come no more, and what each would cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core import codec
from fmn_core.errors import DecodeError, UnknownNameError, UsageError
from fmn_core.foresight import Proposal, narrower
from fmn_core.model import Filter, Message, RuleUse
from fmn_core.rules import RuleBook
from fmn_core.store import ConflictError, LedgerEntry, version_of

from .draft import LONGEST_ARGUMENT, MOST_RULES
from .fields import shown
from .history import entry_of, explained
from .parts import Parts
from .visitor import visitor

#: days that proposals are held against
DAYS = 7


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, store = Blueprint("less", __name__, url_prefix="/history/<notification>"), parts.store

    @pages.get("/less")
    def index(notification: str) -> str:
        entry = entry_of(parts, notification)
        one, message = _filter(parts, entry), store.archive.get(entry.message_id)
        comes = message is not None and _lets_through(parts, one, message)
        made = _proposals(parts, one, message) if message and comes else []
        return render_template("less.html", entry=entry, filter=one, version=version_of(one), message=message,
                               comes=comes, proposals=made, days=DAYS, added=_added)  # fmt: skip

    @pages.post("/less")
    def narrow(notification: str) -> Response:
        entry = entry_of(parts, notification)
        one, use = _filter(parts, entry), _use(request.form.get("rule", ""), parts.registry.rules)
        if len(one.rules) >= MOST_RULES:
            flash(f"Nothing was saved: a filter has {MOST_RULES} rules at most.")
            return redirect(url_for("less.index", notification=notification))
        try:
            longer = replace(one, rules=(*one.rules, use))
            store.editing.replace_filter(visitor(), longer, request.form.get("version", ""))
        except ConflictError:
            flash("Nothing was saved: the filter was changed meanwhile. This is what it could leave out now.")
            return redirect(url_for("less.index", notification=notification))
        except UnknownNameError:
            abort(404)
        flash(f"Filter “{one.name}” lets nothing like this through any more.")
        return redirect(url_for("history.why", notification=notification))

    @pages.post("/switch-off")
    def switch_off(notification: str) -> Response:
        one = _filter(parts, entry_of(parts, notification))
        store.switches.switch_filter(visitor(), one.id, False)
        flash(f"Filter “{one.name}” is switched off.")
        return redirect(url_for("history.why", notification=notification))

    return pages


def _filter(parts: Parts, entry: LedgerEntry) -> Filter:
    """Return the filter by which a notification came, as it is now."""
    found = parts.store.editing.find_filter(visitor(), entry.filter_id)
    if found is None:
        abort(404)
    return found[1]


def _lets_through(parts: Parts, one: Filter, message: Message) -> bool:
    """Tell whether all rules of a filter agree, be it on or off."""
    verdicts = [each for p in explained(parts, message).preferences for each in p.filters if each.id == one.id]
    return any(each.rules and all(rule.agrees for rule in each.rules) for each in verdicts)


def _proposals(parts: Parts, one: Filter, message: Message) -> list[Proposal]:
    registry, now = parts.registry, datetime.now(UTC)
    return narrower(
        one, message, parts.store.archive, registry.rules, registry.summaries, parts.lookups, now, days=DAYS
    )


def _added(proposal: Proposal) -> str:
    """Return the rule that a proposal adds, for the form."""
    use = proposal.filter.rules[-1]
    return codec.dumps([use.rule, dict(use.arguments)]).decode("utf-8")


def _use(text: str, rules: RuleBook) -> RuleUse:
    """Read that rule again. Whatever a form says, it can only be one that must not hold, and one that there is."""
    try:
        rule, arguments = codec.loads(text)
        rules.get(rule).parse(arguments)
    except (DecodeError, UsageError, TypeError, ValueError):
        abort(400)
    if not isinstance(arguments, dict) or any(len(shown(value)) > LONGEST_ARGUMENT for value in arguments.values()):
        abort(400)
    return RuleUse(rule, arguments, negated=True)
