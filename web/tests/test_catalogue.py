"""The page shows what is installed: sound and broken plugins, rules with arguments, samples and safe descriptions."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from fmn_core import Arguments, Rule, Sample, Text, rule, topic_rule, with_samples
from fmn_core.config import Settings
from fmn_core.plugins import PluginInfo, PluginRegistry, Status
from fmn_core.rules import Hint, RuleBook
from fmn_web import create_app
from fmn_web.wording import hint_in_words


class Nick(Arguments):
    fasnick: Text
    roles: tuple[str, ...] = ()


@rule("about_user")
def about_user(message, arguments: Nick):
    """About one user

    Says *who*. <script>alert("no")</script>
    """
    return arguments.fasnick in message.body


SAMPLE = Sample(
    title="A build ended",
    message={"id": "1", "topic": "org.example.prod.toys.ended", "body": {}},
    matches={"toy_ended": [{}]},
    misses={"about_user": [{"fasnick": "jane"}]},
)


def registry_of(*rules: Rule) -> PluginRegistry:
    book = RuleBook()
    for one in with_samples(rules, [SAMPLE]):
        book.add(one, "people" if one.arguments is Nick else "toys")
    return PluginRegistry(
        plugins=(
            PluginInfo("toys", "fmn.rules", "fmn-toys", "1.2", Status.SOUND),
            PluginInfo("torn", "fmn.rules", "fmn-torn", "0.1", Status.BROKEN, "cannot be imported: <b>no</b>"),
        ),
        rules=book,
    )


@pytest.fixture
def client(tmp_path, store) -> FlaskClient:
    registry = registry_of(topic_rule("toy_ended", "toys.ended", "Toy ended"), about_user)
    return create_app(Settings(data_dir=tmp_path), registry, store).test_client()


@pytest.fixture
def page(client: FlaskClient) -> str:
    response = client.get("/plugins")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_every_plugin_is_listed_with_its_state_and_reason(page):
    for text in ("fmn-toys", "1.2", "sound", "fmn-torn", "broken", "cannot be imported: &lt;b&gt;no&lt;/b&gt;"):
        assert text in page


def test_a_rule_shows_its_identifier_arguments_and_samples(page):
    for text in ("toy_ended", "Toy ended", "fasnick", "list of text, may be left out", "toys.ended", "matches, for"):
        assert text in page


def test_a_rule_says_which_messages_it_looks_at(page):
    assert page.count("It looks at messages on toys.ended.") == 1
    assert page.count("It looks at") == 1, "the other one looks at all"
    hint = Hint(topics=("a", "b"), apps=("x",), owners=("@sig",))
    assert hint_in_words(hint) == "messages on a or b; messages of x; about packages of @sig"


def test_a_description_is_markdown_without_html(page):
    assert "Says <em>who</em>." in page
    assert "<script>alert" not in page


def test_rules_that_serve_every_application_come_first(page):
    assert page.index('aria-label="toys"') > page.index('aria-label="people"')


def test_nothing_is_loaded_from_elsewhere(client, page):
    assert "https://" not in page
    assert client.get("/plugins").headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_an_installation_without_plugins_says_so(tmp_path, store):
    client = create_app(Settings(data_dir=tmp_path), PluginRegistry(), store).test_client()
    assert "No plugin is installed." in client.get("/plugins").get_data(as_text=True)


def test_the_session_key_is_made_once_and_private(tmp_path, store):
    first = create_app(Settings(data_dir=tmp_path), PluginRegistry(), store).secret_key
    assert create_app(Settings(data_dir=tmp_path), PluginRegistry(), store).secret_key == first
    assert (tmp_path / "web-secret").stat().st_mode & 0o077 == 0
