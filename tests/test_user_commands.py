"""``fmn user`` and ``fmn db``: what operators do to users, with plugins of our own making."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fmn_core.backends import Backend
from fmn_core.cli import db_, user_
from fmn_core.cli.context import Context
from fmn_core.config import Settings, StoreSettings
from fmn_core.defaults import NICK, DefaultFilter, Exclusion
from fmn_core.errors import EXIT_FOUND_WANTING, EXIT_USAGE, ConfigError, FmnError, UsageError
from fmn_core.model import Notification, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Rule, RuleBook, Text, always
from fmn_core.store import schema

Run = Callable[..., Result]


class Post(Backend):
    name = "post"

    def check_address(self, address: str) -> str:
        if "@" not in address:
            raise UsageError(f"{address!r} is no address")
        return address.lower()

    def deliver(self, notification: Notification) -> None:
        raise AssertionError


class Wire(Post):
    name = "wire"


class Nick(Arguments):
    nick: Text


REGISTRY = PluginRegistry(
    rules=RuleBook([Rule("about", "About", "", always, Nick), Rule("noise", "Noise", "", always)]),
    backends={"wire": Wire(), "post": Post()},
    defaults=[
        DefaultFilter("me", "Events about me", (RuleUse("about", {"nick": NICK}),)),
        DefaultFilter("gone", "Events that nobody offers", (RuleUse("not_installed"),)),
        Exclusion("noise"),
    ],
)


@pytest.fixture
def context(store_url: str, tmp_path: Path) -> Iterator[Context]:
    made = Context()
    made.settings = Settings(data_dir=tmp_path / "data", store=StoreSettings(url=store_url))
    made.registry = REGISTRY
    yield made
    if "app" in vars(made):
        made.app.store.close()


@pytest.fixture
def user(context: Context) -> Run:
    def run(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(user_.command, arguments, obj=context, **options)

    return run


def data(result: Result) -> dict:
    assert result.exception is None, result.exception
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def refused(result: Result) -> FmnError:
    assert isinstance(result.exception, FmnError), result.exception
    assert result.stdout == ""
    return result.exception


def test_a_new_user_hears_where_an_address_is_given(user: Run) -> None:
    added = data(user("add", "alice", "--destination", "post=Alice@example.org", "--json"))
    post, wire = added["preferences"]
    assert (post["backend"], post["enabled"]) == ("post", True)
    assert post["destinations"] == [{"address": "alice@example.org", "confirmed": True, "suspended": ""}]
    assert (wire["backend"], wire["enabled"], wire["destinations"]) == ("wire", False, [])
    for preference in (post, wire):
        (one,) = preference["filters"]
        assert (one["name"], one["active"]) == ("Events about me", True)
        assert [(use["rule"], use["arguments"], use["negated"]) for use in one["rules"]] == [
            ("about", {"nick": "alice"}, False),
            ("noise", {}, True),
        ]
    assert data(user("show", "alice", "--json")) == added


def test_several_addresses_and_no_defaults(user: Run) -> None:
    options = [part for address in ("a@b", "c@d") for part in ("--destination", f"post={address}")]
    added = data(user("add", "alice", "--no-defaults", *options, "--json"))
    assert [d["address"] for d in added["preferences"][0]["destinations"]] == ["a@b", "c@d"]
    assert [p["filters"] for p in added["preferences"]] == [[], []]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["al"], "user 'al' exists already; choose another name, or change this user"),
        (["bob", "--destination", "pots=a@b"], "no backend is named 'pots'; did you mean 'post'?"),
        (["bob", "--destination", "a@b"], "destination 'a@b' names no backend; write BACKEND=ADDRESS"),
        (
            ["bob", "--destination", "post=nowhere"],
            "user 'bob' has a mistake: preferences 1, destinations: 'nowhere' is no address",
        ),
        (
            ["bob", "--destination", "post=a@b", "--destination", "post=A@B"],
            "user 'bob' has a mistake: preferences 1, destinations: 'a@b' is there twice",
        ),
        ([""], "user '' has a mistake: user: it is empty"),
        (["a\nb"], r"user 'a\nb' has a mistake: user: it holds '\n', which is no printable character"),
    ],
)
def test_whom_it_cannot_add_it_says_in_one_sentence(user: Run, arguments: list[str], sentence: str) -> None:
    user("add", "al")
    error = refused(user("add", *arguments))
    assert (str(error), error.exit_code) == (sentence, EXIT_USAGE)
    assert user("list").stdout == "al\n"


def test_users_are_listed_as_words_and_as_data(user: Run) -> None:
    user("add", "zoe")
    user("add", "bob")
    assert user("list").stdout == "bob\nzoe\n"
    assert [json.loads(line) for line in user("list", "--json").stdout.splitlines()] == [
        {"user": "bob"},
        {"user": "zoe"},
    ]


def test_show_reads_like_a_list(user: Run) -> None:
    assert user("add", "alice", "--destination", "post=a@b").stdout == "alice: post on, 1 filter; wire off, 1 filter\n"
    shown = user("show", "alice").stdout.splitlines()
    assert shown[:3] == ["alice", "  post: on", "    to a@b"]
    assert shown[4:7] == ["      about nick=alice", "      not noise", "  wire: off"]


@pytest.mark.parametrize("command", ["show", "export", "remove"])
def test_an_unknown_user_is_named_with_what_comes_near(user: Run, command: str) -> None:
    user("add", "alice")
    error = refused(user(command, "alcie"))
    assert (str(error), error.exit_code) == ("no user is named 'alcie'; did you mean 'alice'?", EXIT_USAGE)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_export_and_import_are_inverse(user: Run, tmp_path: Path, form: str) -> None:
    user("add", "alice", "--destination", "post=a@b")
    exported = user("export", "alice", "--format", form).stdout
    (tmp_path / "alice").write_text(exported)
    user("remove", "alice")
    assert user("list").stdout == ""
    assert user("import", str(tmp_path / "alice")).exit_code == 0
    assert user("export", "alice", "--format", form).stdout == exported


def test_import_takes_the_place_of_what_was_there(user: Run) -> None:
    user("add", "alice", "--destination", "post=a@b")
    text = 'user = "alice"\n[[preferences]]\nbackend = "post"\n'
    assert user("import", "-", input=text).stdout == "alice: post off, 0 filters\n"
    (only,) = data(user("show", "alice", "--json"))["preferences"]
    assert (only["backend"], only["enabled"], only["destinations"]) == ("post", False, [])


def test_import_tells_every_mistake_and_changes_nothing(user: Run, tmp_path: Path) -> None:
    before = data(user("add", "alice", "--json"))
    path = tmp_path / "alice.toml"
    path.write_text('usr = "alice"\n[[preferences]]\nbackend = "pots"\nenabled = 1\n')
    error = refused(user("import", str(path)))
    assert isinstance(error, ConfigError)
    assert len(error.problems) == 4
    assert str(error).startswith(f"user file {path} has 4 mistakes: ")
    assert data(user("show", "alice", "--json")) == before


def test_a_file_that_cannot_be_read_is_one_sentence(user: Run, tmp_path: Path) -> None:
    assert str(refused(user("import", "/no/such/file"))) == (
        "user file '/no/such/file' cannot be read: No such file or directory"
    )
    (tmp_path / "latin").write_bytes(b'user = "\xe9"')
    assert str(refused(user("import", str(tmp_path / "latin")))).endswith("is no text in UTF-8")


def test_upgrade_makes_the_database_and_says_so(context: Context) -> None:
    def upgrade(*options: str) -> Result:
        return CliRunner().invoke(db_.command, ["upgrade", *options], obj=context)

    assert upgrade().stdout == f"the database is made; it has version {schema.HEAD} now\n"
    assert upgrade().stdout == f"the database has version {schema.HEAD} already\n"
    assert data(upgrade("--json")) == {"before": schema.HEAD, "now": schema.HEAD}


def test_upgrade_of_what_cannot_be_reached_is_one_sentence(context: Context, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    context.settings = Settings(data_dir=tmp_path, store=StoreSettings(url=f"sqlite:///{tmp_path / 'folder'}"))
    error = refused(CliRunner().invoke(db_.command, ["upgrade"], obj=context))
    assert "cannot be used" in str(error)
    assert error.exit_code == EXIT_FOUND_WANTING
