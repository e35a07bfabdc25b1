"""People: who has an account, and what they have."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from fmn_web.mine import cards
from fmn_web.parts import Parts

from .wording import order_in_words

#: accounts on a page
SHOWN = 50


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the pages."""

    @pages.get("/users")
    def users() -> str:
        words = request.args.get("q", "").strip()
        found = parts.store.accounts.search(words, request.args.get("after", ""), SHOWN + 1)
        after = found[SHOWN - 1].name if len(found) > SHOWN else ""
        return render_template("admin/users.html", people=found[:SHOWN], words=words, after=after)

    @pages.get("/user")
    def user() -> str:
        account = parts.store.accounts.find(request.args.get("name", ""))
        if account is None:
            abort(404)
        orders = parts.store.orders.about(account.name)
        return render_template("admin/user.html", one=account, cards=cards(parts, account.name), orders=orders,
                               rules=parts.registry.rules, order_in_words=order_in_words)  # fmt: skip
