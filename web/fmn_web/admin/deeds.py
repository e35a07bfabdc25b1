"""Deeds: what an admin does about an account: disable and enable it, end its sessions, act as it.

Each is noted before it is done.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug import Response

from fmn_core.backends import one_line
from fmn_core.store import Account, What
from fmn_web import guise
from fmn_web.parts import Parts
from fmn_web.visitor import visitor

#: characters of a reason
LONGEST = 300


def add(pages: Blueprint, parts: Parts) -> None:
    """Add what the buttons do."""

    @pages.post("/user/disable")
    def disable() -> Response:
        account, reason = _account(parts), _reason()
        if account.name == visitor():
            flash("You cannot disable yourself.")
        elif reason:
            _note(parts, What.DISABLE, account, reason)
            parts.store.accounts.disable(account.name, reason)
        return _back(account)

    @pages.post("/user/enable")
    def enable() -> Response:
        account = _account(parts)
        _note(parts, What.ENABLE, account, f"it was disabled: {account.disabled}" if account.disabled else "")
        parts.store.accounts.enable(account.name)
        return _back(account)

    @pages.post("/user/end-sessions")
    def end_sessions() -> Response:
        account = _account(parts)
        _note(parts, What.END_SESSIONS, account, "")
        parts.store.accounts.end_sessions(account.name)
        return _back(account)

    @pages.post("/user/act")
    def act() -> Response:
        account, reason = _account(parts), _reason()
        if account.disabled or account.name == visitor():
            flash("You can act as somebody else only, and only where the account is not disabled.")
        elif reason:
            _note(parts, What.ACT_AS, account, reason)
            guise.put_on(account.name, visitor(), datetime.now(UTC))
            return redirect(url_for("mine.index"))
        return _back(account)


def _account(parts: Parts) -> Account:
    """Return the account that is meant."""
    account = parts.store.accounts.find(request.form.get("name", ""))
    if account is None:
        abort(404)
    return account


def _reason() -> str:
    """Return the reason that was given; without one, it is said that there has to be one."""
    reason = one_line(request.form.get("reason", ""))[:LONGEST]
    if not reason:
        flash("Nothing was changed: please give a reason.")
    return reason


def _note(parts: Parts, what: What, account: Account, reason: str) -> None:
    parts.store.orders.note(what, account.name, visitor(), reason, datetime.now(UTC))
    flash({
        What.DISABLE: "The account is disabled: nobody gets in, and nothing is sent.",
        What.ENABLE: "The account is enabled.",
        What.END_SESSIONS: "Whoever was logged in with that account is logged out.",
    }.get(what, f"You act as {account.name}. It is noted, and they can see it."))  # fmt: skip


def _back(account: Account) -> Response:
    return redirect(url_for("admin.user", name=account.name))
