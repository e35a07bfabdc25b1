"""What messages of Anitya are about: the samples, and bodies that nobody expects."""

import pytest

from fmn_core import Settings, load_samples
from fmn_core.testing import check_summary, message
from fmn_rules_anitya import fmn_register_summaries
from fmn_rules_anitya.sentences import EVENTS, SENTENCES

SUMMARIES = fmn_register_summaries(Settings())
SAMPLES = [s for s in load_samples("fmn_rules_anitya") if ".anitya." in s.message["topic"]]
ODD = [None, True, 7, 1.5, "", "x y", [], ["a", 1, None], {}, {"name": None}, {"packages": [3, None], "agent": []}]


def facts(topic, body, summaries=SUMMARIES, **fields):
    return message(topic, body, summaries=summaries, **fields).facts


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_samples_have_the_facts_they_state(sample):
    check_summary(SUMMARIES[0], [sample])


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_one_odd_field_costs_no_other_fact(sample, value):
    topic, body = sample.message["topic"], sample.message["body"]
    inner = body.get("message", {})
    for odd in (
        *({**body, field: value} for field in body),
        *({**body, "message": {**inner, f: value}} for f in inner),
    ):
        for fact in ("summary", "details", "url", "agent", "usernames", "packages", "thread", "event"):
            getattr(SUMMARIES[0], fact)(message(topic, odd))
        assert facts(topic, odd).freeze().summary


@pytest.mark.parametrize("event", SENTENCES)
def test_every_sentence_can_be_said_of_an_empty_body(event):
    said = facts(f"anitya.{event}", {}).summary
    assert said
    assert "{" not in said


def test_an_event_that_is_not_known_here_falls_back_to_its_topic():
    known = facts("anitya.coffee.break", {}, id="4")
    assert (known.summary, known.url, known.thread) == (
        "anitya.coffee.break",
        "https://release-monitoring.org/",
        "message/4",
    )


@pytest.mark.parametrize(
    ("agent", "account", "counted"),
    [
        ("carol", "carol", True),
        ("carol@fedoraproject.org", "carol", True),
        ("http://carol.id.fedoraproject.org/", "carol", True),
        ("https://carol.id.stg.fedoraproject.org", "carol", True),
        ("https://elsewhere.example.org/carol", "https://elsewhere.example.org/carol", True),
        ("carol@example.org", "carol@example.org", False),
        (None, "anitya", True),
        ("", "anitya", True),
    ],
)
def test_agent_is_an_account_where_one_is_known(agent, account, counted):
    known = facts("anitya.project.add", {"message": {"agent": agent}})
    assert known.agent == account
    assert known.usernames == ({account} if counted else frozenset())


def test_agent_that_is_not_stated_is_who_published():
    assert facts("anitya.project.add", {"message": {}}, headers={"username": "carol"}).agent == "carol"


def test_addresses_become_accounts_by_configuration():
    settings = Settings(plugin={"anitya": {"accounts": {"carol@example.org": "carol"}}})
    known = facts("anitya.project.add", {"message": {"agent": "carol@example.org"}}, fmn_register_summaries(settings))
    assert known.usernames == {"carol"}


def test_both_forms_of_a_release_share_a_thread():
    threads = {facts(f"anitya.project.version.update{v}", {"project": {"id": 3}}).thread for v in ("", ".v2")}
    assert threads == {"anitya/project/3"}


def test_a_flag_of_2015_holds_its_packages_beside_the_message():
    body = {"message": {"reason": "moved"}, "packages": [{"distro": "Fedora", "package_name": "teapot"}]}
    assert facts("anitya.project.flag", body).packages == {"teapot"}
    assert facts("anitya.project.edit", body).packages == frozenset()


def test_whatever_has_a_sentence_is_counted_too():
    assert EVENTS.keys() == SENTENCES.keys()


def test_both_forms_of_a_release_are_counted_as_one():
    forms = [facts(f"anitya.project.version.update{form}", {}).event for form in ("", ".v2")]
    assert forms == ["version released"] * 2


def test_what_is_not_known_here_is_counted_by_its_topic():
    assert facts("anitya.coffee.break", {}).event == "coffee break"
