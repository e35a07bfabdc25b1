"""Visitor: who is logged in, as the session says and the store still agrees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from flask import Flask, g
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from fmn_core.acting import acting
from fmn_core.store import Account, Store


class Visitor(UserMixin):  # type: ignore[misc]  # the library comes without types
    """An account whose owner is here.

    :param actor: who really is, if it is not the owner; empty for the owner
    """

    def __init__(self, account: Account, actor: str = "") -> None:
        self.account = account
        self.actor = actor or account.name

    @property
    def name(self) -> str:
        """The name of the account."""
        return self.account.name

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


def recognise(app: Flask, store: Store) -> None:
    """Let the application know its visitors from their sessions."""
    manager = LoginManager(app)
    manager.session_protection = None  # mobile networks change the address all the time

    @manager.user_loader  # type: ignore[untyped-decorator]  # the library comes without types
    def load(known: str) -> Any:
        number, _, name = known.partition(":")
        account = store.accounts.find(name)
        valid = account is not None and not account.disabled and str(account.sessions) == number
        return Visitor(account) if account and valid else None
