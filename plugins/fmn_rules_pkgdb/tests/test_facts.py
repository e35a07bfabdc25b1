"""What messages of pkgdb are about: the samples, and bodies that nobody expects."""

import pytest

from fmn_core import load_samples
from fmn_core.testing import check_summary, message
from fmn_rules_pkgdb import fmn_register_summaries
from fmn_rules_pkgdb.sentences import EVENTS, SENTENCES

SUMMARIES = fmn_register_summaries()
SAMPLES = [s for s in load_samples("fmn_rules_pkgdb") if ".pkgdb." in s.message["topic"]]
ODD = [None, True, 7, 1.5, "", "x y", [], ["a", 1], [[]], {}, {"name": None}, {"package": 3, "collection": []}]


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


@pytest.mark.parametrize("event", SENTENCES)
def test_every_sentence_can_be_said_of_an_empty_body(event):
    said = facts(f"pkgdb.{event}", {}).summary
    assert said.startswith("Somebody ")
    assert "{" not in said


def test_an_event_that_is_not_known_here_falls_back_to_its_topic():
    known = facts("pkgdb.coffee.break", {}, id="4")
    assert (known.summary, known.url, known.thread) == ("pkgdb.coffee.break", None, "message/4")


def test_braces_in_a_body_are_only_text():
    assert facts("pkgdb.package.delete", {"agent": "{place}", "package": "{0}"}).summary == (
        "{place} deleted the package {0}"
    )


def test_of_several_packages_one_is_named_and_none_linked():
    listings = [{"package": {"name": name}} for name in ("teapot", "kettle", "teapot")]
    known = facts("pkgdb.critpath.update", {"agent": "carol", "package_listings": listings})
    assert known.packages == {"teapot", "kettle"}
    assert known.summary == "carol marked teapot and 1 more as critical"
    assert known.url is None


@pytest.mark.parametrize("place", ["package", "package_listing"])
def test_a_namespace_counts_wherever_it_is_said(place):
    package = {"name": "teapot", "namespace": "docker"}
    said = (
        {"package": package} if place == "package" else {"package": "teapot", "package_listing": {"package": package}}
    )
    assert facts("pkgdb.package.branch.new", said).thread == "pkgdb/package/docker/teapot"


def test_a_name_is_quoted_in_the_address_of_its_page():
    page = facts("pkgdb.package.delete", {"package": "a/b?c++"}).url
    assert page == "https://admin.fedoraproject.org/pkgdb/package/rpms/a%2Fb%3Fc++/"


def test_whatever_has_a_sentence_is_counted_too():
    assert EVENTS.keys() == SENTENCES.keys()


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_can_be_counted_even_of_an_empty_body(event):
    noun, _, how = facts(f"pkgdb.{event}", {}).event.rpartition(" ")
    assert noun.replace(" ", "").isalpha()
    assert how.isalpha()


@pytest.mark.parametrize(
    ("event", "body", "said"),
    [
        ("acl.update", {"status": "Denied"}, "access denied"),
        ("acl.update", {"status": "Approved"}, "access granted"),
        ("acl.update", {"status": "Awaiting Review"}, "access requested"),
        ("acl.update", {"status": "{0} of\nmine"}, "access changed"),
        ("package.update.status", {"status": "Orphaned"}, "package orphaned"),
        ("package.update.status", {"status": "Approved"}, "package approved"),
        ("package.update.status", {"status": ["Approved"]}, "package changed"),
        ("package.retire", {"retirement": "unretired"}, "package unretired"),
        ("admin.action.status.update", {"new_status": "Denied"}, "request denied"),
    ],
)
def test_digests_count_by_what_was_decided(event, body, said):
    assert facts(f"pkgdb.{event}", body).event == said
