"""Rules and a summary for messages of the bakery: ``oven.loaf.baked`` and ``oven.loaf.burnt``."""

from collections.abc import Iterable

from fmn_core import Arguments, Hint, Message, Rule, Summary, Text, Words, hookimpl, load_samples, rule, with_samples

APP = "oven"
BAKED = "oven.loaf.baked"


class Kinds(Arguments):
    """Which kinds of bread."""

    kinds: Words


class Person(Arguments):
    """Whose bread."""

    fasnick: Text


@rule("example_loaf_baked", topics=[BAKED])
def loaf_baked(message: Message) -> bool:
    """A loaf came out well

    The oven has finished a loaf, and it is **not** burnt.
    """
    return True


@rule("example_loaf_of", apps=[APP])
def loaf_of(message: Message, arguments: Kinds) -> bool:
    """A loaf of certain kinds

    Anything that happens to a loaf of the kinds you name, separated by commas.
    """
    return message.body["kind"] in arguments.kinds


@rule("example_my_loaf", hint=lambda arguments: Hint(apps=(APP,), usernames=(arguments.fasnick,)))
def my_loaf(message: Message, arguments: Person) -> bool:
    """A loaf that you put in

    Anything that happens to a loaf which the person named has put into the oven.
    """
    return arguments.fasnick in message.facts.usernames


class OvenSummary(Summary):
    """Says what became of a loaf."""

    apps = (APP,)

    def summary(self, message: Message) -> str:
        outcome = message.topic.rpartition(".")[2]
        return f"{message.body['baker']}'s {message.body['kind']} bread is {outcome}"

    def agent(self, message: Message) -> str | None:
        return str(message.body["baker"])

    def usernames(self, message: Message) -> Iterable[str]:
        return [message.body["baker"]]

    def thread(self, message: Message) -> str:
        return f"oven/loaf/{message.body['number']}"

    def event(self, message: Message) -> str:
        return f"bread {message.topic.rpartition('.')[2]}"


@hookimpl
def fmn_register_rules() -> list[Rule]:
    """Offer the rules, each with the samples that speak of it."""
    return with_samples([loaf_baked, loaf_of, my_loaf], load_samples(__name__))


@hookimpl
def fmn_register_summaries() -> list[Summary]:
    """Offer what can be said of the oven's messages."""
    return [OvenSummary()]
