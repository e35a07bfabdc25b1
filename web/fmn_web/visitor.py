"""Visitor: who is logged in, as the session says and the store still agrees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from flask import Flask, g
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from fmn_core.acting import acting
from fmn_core.store import Account, Store

from . import guise


class Visitor(UserMixin):  # type: ignore[misc]  # the library comes without types
    """An account whose owner is here.

    :param actor: who really is, if it is not the owner; empty for the owner
    :param admin: whether they run this instance; whoever acts as somebody does not meanwhile
    """

    def __init__(self, account: Account, actor: str = "", admin: bool = False) -> None:
        self.account = account
        self.actor = actor or account.name
        self.admin = admin

    @property
    def name(self) -> str:
        """The name of the account."""
        return self.account.name

    @property
    def acts(self) -> bool:
        """Whether it is not the owner who is here."""
        return self.actor != self.name

    def get_id(self) -> str:
        """Return what the session keeps: it is void once sessions of the account were ended."""
        return f"{self.account.sessions}:{self.account.name}"


def visitor() -> str:
    """Return the name of who is logged in, on a page for members."""
    return str(current_user.name)


def forget() -> None:
    """Take the visitor for a stranger for the rest of this request: the store cannot be asked who it is."""
    g._login_user = AnonymousUserMixin()  # where the library keeps who it is


def sign(app: Flask, way: Callable[[], str]) -> None:
    """Let the audit know who makes changes.

    :param way: tells of the current request how it came
    """

    @app.before_request
    def begin() -> None:
        g.signature = ExitStack()
        actor = current_user.actor if current_user.is_authenticated else ""
        g.signature.enter_context(acting(actor, way()))

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        if signature := g.pop("signature", None):
            signature.close()


def recognise(app: Flask, store: Store, is_admin: Callable[[str], bool]) -> None:
    """Let the application know its visitors from their sessions.

    :param is_admin: tells of a name whether they run this instance
    """
    manager = LoginManager(app)
    manager.session_protection = None  # mobile networks change the address all the time

    @manager.user_loader  # type: ignore[untyped-decorator]  # the library comes without types
    def load(known: str) -> Any:
        number, _, name = known.partition(":")
        account = store.accounts.find(name)
        valid = account is not None and not account.disabled and str(account.sessions) == number
        if account is None or not valid:
            return None
        me = Visitor(account, admin=is_admin(account.name))
        return _acting(store, me) if me.admin else me


def _acting(store: Store, me: Visitor) -> Visitor:
    """Return as whom an admin is here: as themself, unless they act as somebody."""
    other = store.accounts.find(name) if (name := guise.worn()) else None
    return Visitor(other, actor=me.name) if other and not other.disabled else me
