"""Entering: somebody has shown who they are, wherever that was, and a session begins."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, session, url_for
from flask_login import login_user
from werkzeug import Response

from fmn_core.backends import one_line

from . import newcomer
from .parts import Parts
from .visitor import Visitor

#: characters of an account's name, and of a mail address
LONGEST_NAME, LONGEST_MAIL = 100, 320
#: characters of a page to go to: it is kept in the cookie, of which browsers take 4096 bytes
LONGEST_TARGET = 1000

Page = Response | str | tuple[str, int]


def enter(parts: Parts, name: str, mail: str, page: str) -> Page:
    """Log somebody in; who is new gets an account.

    :param name: as the login service tells it; it is not mended, as it could become somebody else's
    :param page: where to go then, from :func:`target`
    """
    if not name or len(name) > LONGEST_NAME or "/" in name or name in (".", "..") or one_line(name) != name:
        return no_login("The login service names an account that cannot be one.", 400)
    sound = len(mail) <= LONGEST_MAIL and one_line(mail) == mail
    account, new = parts.store.accounts.log_in(
        name, mail if sound else "", lambda: newcomer.preferences(parts, name), datetime.now(UTC)
    )
    if account.disabled:
        return no_login(f"This account is disabled: {account.disabled}", 403)
    session.clear()  # what somebody may have put there before is not taken over
    session.permanent = True
    login_user(Visitor(account))
    for title in newcomer.ask_at(parts, name, account.mail) if new else []:
        flash(f"Welcome! We sent a message to {account.mail}: follow its link to get notifications there ({title}).")
    return redirect(page)


def no_login(text: str, status: int) -> Page:
    """Return a page that says why nobody is logged in."""
    return render_template("problem.html", title="No login", text=text), status


def target(wanted: str | None) -> str:
    """Return where to go after the login: a page of ours, whatever a link asks for."""
    ours = wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and one_line(wanted) == wanted
    if wanted and ours and len(wanted) <= LONGEST_TARGET:
        return wanted
    return url_for("mine.index")
