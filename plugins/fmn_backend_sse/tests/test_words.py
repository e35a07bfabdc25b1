"""What stands in events, what clients may choose, where they begin: all that is pure."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_sse.carrier import Event, Window
from fmn_backend_sse.choice import read_choice
from fmn_backend_sse.payload import digest_payload, payload
from fmn_backend_sse.positions import position_id, start_of
from fmn_core import Digest, Links, Purpose, UsageError
from fmn_core.testing import notification


def test_data_says_everything_a_page_needs():
    facts = {
        "summary": "a & b", "url": "https://x/?a&b", "agent": "ralph", "details": "long",
        "packages": frozenset("ba"), "usernames": frozenset({"jane"}), "thread": "t",
    }  # fmt: skip
    links = Links("https://fmn/f", "https://fmn/u")
    one = notification(facts, user="jane", filter_name="mine", filter_id="7", id="1" * 32, severity=35, links=links)
    data = json.loads(payload(one))
    assert data.pop("date_time").endswith("+00:00")
    assert data == {
        "id": "1" * 32,
        "message_id": "2026-1f1b5b0c-6bd6-4a0e-8f3a-0d3f9d7c8a11",
        "topic": "org.fedoraproject.prod.buildsys.build.state.change",
        "title": "buildsys.build.state.change",
        "summary": "a & b",
        "details": "",
        "url": "https://x/?a&b",
        "app": "buildsys",
        "agent": "ralph",
        "usernames": ["jane"],
        "packages": ["a", "b"],
        "severity": "warning",
        "thread": "t",
        "filter": "mine",
        "filter_id": "7",
        "filter_url": "https://fmn/f",
        "unsubscribe_url": "https://fmn/u",
    }
    assert json.loads(payload(replace(one, presentation={"verbose": True})))["details"] == "long"
    assert json.loads(payload(replace(one, purpose=Purpose.NOTICE)))["details"] == "long"
    assert json.loads(payload(replace(one, severity=-1, sent_at=None)))["severity"] == "debug"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", ""])
def test_links_lead_to_places_only(url):
    assert json.loads(payload(notification({"url": url})))["url"] is None


@given(st.text(), st.text())
def test_any_text_is_one_line_without_markup(summary, name):
    one = notification({"summary": summary, "packages": frozenset({name})}, filter_name=name)
    for data in payload(one), digest_payload(Digest("d", "jane", "sse", "jane", (one, one), reason=summary)):
        assert data.isascii()
        assert not set(data) & set("<>&\r\n")
    assert (json.loads(payload(one))["summary"], json.loads(payload(one))["filter"]) == (summary, name)


def event(name="notification", severity=20, **facts):
    topic = "org.fedoraproject.prod.bodhi.update.comment"
    facts = {
        "app": "bodhi",
        "title": "bodhi.update.comment",
        "agent": "ralph",
        "packages": frozenset({"kernel"}),
        **facts,
    }
    return Event(1, name, payload(notification(facts, topic=topic, severity=severity)))


@pytest.mark.parametrize(
    ("query", "takes"),
    [
        ([("app", "bodhi")], True),
        ([("app", "koji"), ("app", "bodhi")], True),
        ([("app", "koji")], False),
        ([("package", "bash"), ("package", "kernel")], True),
        ([("package", "kern")], False),
        ([("agent", "ralph"), ("package", "bash")], False),
        ([("topic", "org.fedoraproject.prod.bodhi.update")], True),
        ([("topic", "bodhi.update.")], True),
        ([("topic", "bodhi.upd")], False),
        ([("topic", "update")], False),
        ([("severity", "info")], True),
        ([("severity", "warning")], False),
        ([("severity", "error"), ("severity", "debug")], True),
        ([("agent", "")], False),
    ],
)  # fmt: skip
def test_a_query_chooses(query, takes):
    assert read_choice([*query, ("token", "x"), ("last_event_id", "")]).takes(event()) is takes


def test_people_may_call_koji_by_its_name():
    assert read_choice([("app", "koji")]).takes(event(app="buildsys"))


def test_a_digest_is_wanted_if_anything_in_it_is_and_a_notice_always():
    choice = read_choice([("package", "kernel")])
    some = tuple(notification({"packages": frozenset({name})}, message_id=name) for name in ("bash", "kernel"))
    assert choice.takes(Event(1, "digest", digest_payload(Digest("d", "j", "sse", "j", some))))
    assert not choice.takes(Event(1, "digest", digest_payload(Digest("d", "j", "sse", "j", some[:1]))))
    assert choice.takes(event("notice", packages=frozenset()))


@pytest.mark.parametrize("name", ["app", "package", "agent", "topic"])
def test_data_of_another_version_is_no_reason_to_fall(name):
    assert not read_choice([(name, "x")]).takes(Event(1, "notification", "{}"))
    assert read_choice([("severity", "info")]).takes(Event(1, "notification", "{}"))


def test_without_a_query_everything_is_wanted():
    assert read_choice([("token", "x")]) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ([("ap", "x")], "no parameter is named 'ap': there are app, package, agent, topic, severity"),
        ([("severity", "loud")], "no severity is named 'loud': there are debug, info, warning, error"),
        ([("app", str(n)) for n in range(101)], "more than 100"),
    ],
)
def test_a_query_that_cannot_be_is_told(query, words):
    with pytest.raises(UsageError, match=words):
        read_choice(query)


WINDOW = Window(last=100, generation=1, horizon=50, events=())


@pytest.mark.parametrize(
    ("given_", "position", "gap"),
    [
        ("", 100, ""),
        ("0", 50, ""),
        (position_id("jane", 70), 70, ""),
        (position_id("jane", 50), 50, ""),
        (position_id("jane", 100), 100, ""),
        (position_id("jane", 49), 50, "longer ago"),
        (position_id("jane", 101), 50, "none of this stream"),
        (position_id("joe", 70), 50, "none of this stream"),
        ("70", 50, "none of this stream"),
        ("x", 50, "none of this stream"),
        ("-1", 50, "none of this stream"),
        ("٧٠-00000000", 50, "none of this stream"),
        ("9" * 400, 50, "none of this stream"),
    ],
)
def test_a_stream_begins_where_the_client_was_or_says_that_there_is_a_gap(given_, position, gap):
    start = start_of("jane", given_, WINDOW)
    assert start.position == position
    assert gap in start.gap
    assert bool(start.gap) is bool(gap)


@given(st.text())
def test_whatever_a_client_says_it_gets_a_stream(said):
    assert 50 <= start_of("jane", said, WINDOW).position <= 100
