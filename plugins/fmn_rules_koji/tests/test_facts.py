"""What messages of Koji are about: the samples, and bodies that nobody expects."""

import pytest

from fmn_core import load_samples
from fmn_core.testing import check_summary, message
from fmn_rules_koji import fmn_register_summaries
from fmn_rules_koji.facts import EVENTS

SUMMARIES = fmn_register_summaries()
SAMPLES = [s for s in load_samples("fmn_rules_koji") if ".buildsys." in s.message["topic"]]
ODD = [None, True, 7, 1.5, "", "x y", [], ["a", 1], {}, {"name": None}]


def facts(topic, body, **fields):
    return message(topic, body, summaries=SUMMARIES, **fields).facts


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_samples_have_the_facts_they_state(sample):
    check_summary(SUMMARIES[0], [sample])


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_one_odd_field_costs_no_other_fact(sample, value):
    topic, body = sample.message["topic"], sample.message["body"]
    for field in body:
        odd = message(topic, {**body, field: value})
        for fact in ("summary", "details", "url", "agent", "usernames", "packages", "thread", "event"):
            getattr(SUMMARIES[0], fact)(odd)
        assert facts(topic, {**body, field: value}).freeze().summary


@pytest.mark.parametrize("topic", sorted({sample.message["topic"] for sample in SAMPLES}))
def test_an_empty_body_still_has_a_sentence(topic):
    assert facts(topic, {}).freeze().summary


def test_an_event_that_is_not_known_here_falls_back_to_its_topic():
    known = facts("buildsys.coffee.break", {"name": "kernel"}, id="4")
    assert (known.summary, known.url, known.thread) == ("buildsys.coffee.break", None, "message/4")


def test_start_and_end_of_a_build_share_a_thread():
    start, end = ({"build_id": 5, "name": "teapot", "new": new} for new in (0, 1))
    topic = "buildsys.build.state.change"
    assert facts(topic, start).thread == facts(topic, end).thread == "koji/primary/build/5"
    assert facts(topic, {**end, "instance": "arm"}).thread != facts(topic, end).thread


def test_a_tag_message_of_old_knows_its_build_by_name_only():
    body = {"name": "teapot", "version": "1", "release": "2", "tag": "f18"}
    assert facts("buildsys.tag", body).thread == "koji/primary/build/teapot-1-2"


def test_a_page_that_is_no_web_address_is_not_linked():
    body = {"build_id": 5, "url": "javascript:alert(1)", "base_url": "data:,"}
    assert facts("buildsys.build.state.change", body).url == "http://koji.fedoraproject.org/koji/buildinfo?buildID=5"


def test_a_task_names_its_page_beside_its_request():
    body = {"id": 7, "info": {"url": "https://koji.example.org/tasks/7"}}
    assert facts("buildsys.task.state.change", body).url == "https://koji.example.org/tasks/7"
    assert facts("buildsys.tag", {**body, "tag_id": 6}).url == "http://koji.fedoraproject.org/koji/taginfo?tagID=6"


def test_the_page_is_on_the_instance_that_says_so():
    body = {"tag_id": 6, "base_url": "https://koji.example.org/"}
    assert facts("buildsys.tag", body).url == "https://koji.example.org/koji/taginfo?tagID=6"


@pytest.mark.parametrize(
    ("state", "said"),
    [(7, "is now in state 7"), (None, "changed state"), ("FAILED", "is now in state FAILED")],
)
def test_an_unknown_state_is_said_as_it_is(state, said):
    assert facts("buildsys.build.state.change", {"name": "teapot", "new": state}).summary == f"Build of teapot {said}"


@pytest.mark.parametrize(
    ("topic", "new", "event"),
    [
        ("build", 0, "build started"),
        ("build", True, "build changed"),
        ("build", [1], "build changed"),
        ("build", "x\ny" * 999, "build changed"),
        ("task", "OPEN", "scratch build started"),
        ("task", "ASSIGNED", "scratch build assigned"),
        ("task", "CANCELED", "scratch build cancelled"),
        ("task", 1, "scratch build changed"),
    ],
    ids=str,
)
def test_digests_count_by_thing_and_state(topic, new, event):
    assert facts(f"buildsys.{topic}.state.change", {"new": new}).event == event


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_can_be_counted_even_of_an_empty_body(event):
    noun, _, how = facts(f"buildsys.{event}", {}).event.rpartition(" ")
    assert noun
    assert how in {"changed", "tagged", "untagged", "begun", "ended", "signed"}
