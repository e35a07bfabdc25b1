"""About: for whom a program comes, and what the installed plugins offer."""

from __future__ import annotations

from fmn_core.rules import Rule

from . import models
from .operation import Answer, Call, Operation


def me(call: Call) -> Answer:
    """Tell for whom a program comes."""
    account = call.parts.store.accounts.find(call.user)
    token = call.token
    mail = account.mail if account else ""
    return Answer(models.Me(user=call.user, mail=mail, token=token.title, may_change=token.writes))


def rules(call: Call) -> Answer:
    """List the rules."""
    return Answer([_offered(call, one) for one in call.parts.registry.rules])


def rule(call: Call) -> Answer:
    """Describe a rule."""
    return Answer(_offered(call, call.parts.registry.rules.get(call.path["rule"])))


def backends(call: Call) -> Answer:
    """List the ways of delivery."""
    found = call.parts.registry.backends.values()
    return Answer(
        [models.OfferedBackend(backend=one.name, title=one.title, address=one.address_label) for one in found]
    )


def _offered(call: Call, one: Rule) -> models.OfferedRule:
    return models.OfferedRule(
        rule=one.identifier,
        plugin=call.parts.registry.rules.plugin_of(one.identifier),
        title=one.title,
        description=one.description,
        arguments=one.arguments.model_json_schema(),
    )


OPERATIONS = (
    Operation("me", "GET", "/me", "For whom this token comes", me, models.Me),
    Operation("rules", "GET", "/rules", "All rules that can be used", rules, list[models.OfferedRule]),
    Operation("rule", "GET", "/rules/{rule}", "One rule", rule, models.OfferedRule),
    Operation("backends", "GET", "/backends", "All ways of delivery", backends, list[models.OfferedBackend]),
)
