"""Rules on the persons a message is about, and on who caused it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fmn_core import Arguments, Hint, Lookups, Message, Text, Words, completes, rule


class Nicks(Arguments):
    """One or more accounts."""

    fasnick: Annotated[Words, completes("user")] = Field(
        title="Users", description="Account names, separated by commas."
    )


class Group(Arguments):
    """One group."""

    group: Annotated[Text, completes("group")] = Field(
        title="Group", description="Name of a group of accounts, such as `infra-sig`."
    )


@rule("user_filter", hint=lambda arguments: Hint(usernames=arguments.fasnick))
def user(message: Message, arguments: Nicks) -> bool:
    """About a user

    Messages that name one of these accounts: as the one who acted, or as the one it happened to.
    """
    return not message.facts.usernames.isdisjoint(arguments.fasnick)


@rule("not_user_filter")
def not_user(message: Message, arguments: Nicks) -> bool:
    """About none of these users

    Messages that name none of these accounts. Those that name nobody at all are among them.
    """
    return message.facts.usernames.isdisjoint(arguments.fasnick)


@rule("agent_filter", hint=lambda arguments: Hint(agents=arguments.fasnick))
def agent(message: Message, arguments: Nicks) -> bool:
    """Done by a user

    Messages about something that one of these accounts did. Negated, and with your own name, it keeps away what you
    did yourself.
    """
    return message.facts.agent in arguments.fasnick


@rule("fas_group_member_filter", hint=lambda arguments: Hint(groups=(arguments.group,)))
def group_member(message: Message, arguments: Group, lookups: Lookups) -> bool:
    """About a member of a group

    Messages that name an account which is in this group.
    """
    usernames = message.facts.usernames
    return bool(usernames) and not lookups.members(arguments.group).isdisjoint(usernames)


RULES = (user, not_user, agent, group_member)
