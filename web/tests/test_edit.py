"""A filter is edited: names are proposed, mistakes stand beside their fields, and what makes no sense does no harm."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest

from fmn_core import Sample, completes, topic_rule, with_samples
from fmn_core.config import Settings
from fmn_core.lookups import LookupData
from fmn_core.model import Filter, Role, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import COMMA_LIST, Arguments, Rule, RuleBook, Words, always
from fmn_core.snapshot import Snapshot
from fmn_core.store import version_of
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

BASE = "http://127.0.0.1/"


class Packages(Arguments):
    """Some packages."""

    packages: Annotated[Words, completes("package")]
    levels: Annotated[tuple[Literal["low", "high"], ...], COMMA_LIST] = ()


SAMPLE = Sample("A boat sank", {"id": "1", "topic": "org.example.prod.boats.sank", "body": {}}, {"boat_sank": [{}]})
RULES = with_samples(
    [
        topic_rule("boat_sank", "boats.sank", "Boat sank", "It is *gone*. <script>no</script>"),
        Rule("about", "About packages", "", always, Packages),
    ],
    [SAMPLE],
)
OWNED = {f"lib{number:03}": {"jane": Role.OWNER} for number in range(30)}
LOOKUPS = Snapshot(
    [
        LookupData(
            {**OWNED, "zlib": {"jane": Role.OWNER}, "kernel": {"joe": Role.OWNER}},
            {"sailors": ["jane", "ann"], "others": ["joe"]},
        )
    ]
)


@pytest.fixture
def jane(tmp_path, store):
    registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends={"mail": RecordingBackend("mail")})
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store, LOOKUPS)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    return client


def add(store, *uses):
    return store.editing.add_filter("jane", "mail", Filter("", "Boats", tuple(uses)))


def post(client, path, *rules, **more):
    data = {"name": "Boats", "active": "1", **{f"rule-{n}": rule for n, rule in enumerate(rules)}, **more}
    return client.post(path, data=data, base_url=BASE)


def saved(store, one):
    return store.editing.find_filter("jane", one.id)[1]


# Names that are proposed.


@pytest.mark.parametrize(
    ("kind", "typed", "names"),
    [
        ("package", "zl", ["zlib"]),
        ("package", "LIB02", [f"lib{number:03}" for number in range(20, 30)]),
        ("package", "kern", ["kernel"]),
        ("package", "el", ["kernel"]),
        ("package", "", [f"lib{number:03}" for number in range(20)]),
        ("user", "jo", ["joe"]),
        ("group", "o", ["others", "sailors"]),
        ("user", "", ["jane", "ann"]),
        ("user", "A", ["ann", "jane"]),
        ("group", "sail", ["sailors"]),
        ("app", "", ["boats"]),
        ("app", "\x00" * 5000, []),
    ],
)
def test_names_are_proposed_that_hold_what_was_typed(jane, kind, typed, names):
    assert jane.get(f"/complete/{kind}", query_string={"q": typed}, base_url=BASE).json == names


def test_no_more_names_are_proposed_than_can_be_read_and_those_that_begin_so_come_first(jane):
    names = jane.get("/complete/package?q=lib", base_url=BASE).json
    assert (len(names), names[0], "zlib" in names) == (20, "lib000", False)
    assert jane.get("/complete/package", base_url=BASE).json == names
    assert jane.get("/complete/secret", base_url=BASE).status_code == 404


def test_a_field_says_what_completes_it_with_and_without_a_script(jane, store):
    one = add(store, RuleUse("about", {"packages": "zlib"}))
    page = jane.get(f"/notifications/filters/{one.id}", base_url=BASE).get_data(as_text=True)
    assert 'list="names-package" data-completes="/complete/package" data-list' in page
    assert '<option value="zlib">' in page
    assert '<option value="kernel">' not in page


# The form.


def test_a_rule_in_the_form_says_what_it_does_without_html(jane, store):
    one = add(store, RuleUse("boat_sank"))
    page = jane.get(f"/notifications/filters/{one.id}", base_url=BASE).get_data(as_text=True)
    assert page.count("It is <em>gone</em>.") == 2, "in the form, and in the list of rules"
    assert "<script>no" not in page


def test_a_mistake_stands_beside_its_field(jane):
    path = "/notifications/mail/filters/new"
    page = post(jane, path, "boat_sank", "about", action="save").get_data(as_text=True)
    assert 'aria-describedby="wrong-1-packages"' in page
    after = page.partition('id="wrong-1-packages"')[2]
    assert "&#39;packages&#39; is required" in after.partition("</div>")[0]


def test_choices_are_ticked(jane, store):
    one = add(store, RuleUse("about", {"packages": "zlib", "levels": "high"}))
    path = f"/notifications/filters/{one.id}"
    page = jane.get(path, base_url=BASE).get_data(as_text=True)
    assert 'value="high" checked' in page
    assert 'value="low" checked' not in page
    both = {"0-packages": "zlib", "0-levels": ["low", "high"], "action": "save", "version": version_of(one)}
    assert post(jane, path, "about", **both).status_code == 302
    assert saved(store, one).rules == (RuleUse("about", {"packages": "zlib", "levels": ["low", "high"]}),)


def test_of_two_rules_that_are_gone_the_right_one_is_removed(jane, store):
    one = add(store, RuleUse("gone", {"boat": "Ark"}), RuleUse("gone", {"boat": "Argo"}), RuleUse("boat_sank"))
    path = f"/notifications/filters/{one.id}"
    page = jane.get(path, base_url=BASE).get_data(as_text=True)
    kept = {f"kept-{n}": page.partition(f'name="kept-{n}" value="')[2].partition('"')[0] for n in (0, 1)}
    page = post(jane, path, "gone", "gone", "boat_sank", action="remove:0", **kept).get_data(as_text=True)
    assert ("boat: Argo" in page, "boat: Ark" in page) == (True, False)
    answer = post(jane, path, "gone", "boat_sank", action="save", version=version_of(one), **{"kept-0": kept["kept-1"]})
    assert answer.status_code == 302
    assert saved(store, one).rules == one.rules[1:]


# What makes no sense.


@pytest.mark.parametrize("action", ["remove:" + "9" * 5000, "remove:-1", "remove:²", "remove:", "add:", "x" * 5000, ""])
def test_a_button_that_there_is_not_changes_nothing(jane, store, action):
    one = add(store, RuleUse("boat_sank"))
    answer = post(jane, f"/notifications/filters/{one.id}", "boat_sank", action=action, version=version_of(one))
    assert (answer.status_code, answer.get_data(as_text=True).count("rule-use")) == (200, 1)
    assert saved(store, one) == one


@pytest.mark.parametrize("fields", [{"0-packages": "x" * 4097}, {f"rule-{n}": "boat_sank" for n in range(1, 102)}])
def test_what_is_too_much_is_said_and_not_cut(jane, store, fields):
    one = add(store, RuleUse("about", {"packages": "zlib"}))
    data = {"0-packages": "zlib", **fields, "action": "save", "version": version_of(one)}
    answer = post(jane, f"/notifications/filters/{one.id}", "about", **data)
    assert (answer.status_code, "at most" in answer.get_data(as_text=True)) == (200, True)
    assert saved(store, one) == one


@pytest.mark.parametrize("filter_id", ["9" * 50, "9" * 5000, "²", "-1", "0x1", "%00"])
@pytest.mark.parametrize("path", ["/notifications/filters/{}", "/jane/mail/{}"])
def test_a_filter_that_there_is_not_is_not_found(jane, path, filter_id):
    assert jane.get(path.format(filter_id), base_url=BASE).status_code == 404


def test_a_form_that_is_longer_than_any_is_refused(jane):
    assert post(jane, "/forecast", **{"0-packages": "x" * 300_000}).status_code == 413


def test_a_forecast_brings_no_session_back_from_before_a_change(jane):
    """Its answer may come after that of a button, which has just put a word of what was done into the session."""
    answer = post(jane, "/forecast", "boat_sank")
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])


def test_a_window_without_a_version_overwrites_nothing(jane, store):
    one = add(store, RuleUse("boat_sank"))
    assert post(jane, f"/notifications/filters/{one.id}", "boat_sank", name="New", action="save").status_code == 409
    assert saved(store, one) == one


def test_a_filter_that_was_removed_meanwhile_is_gone_for_the_other_window_too(jane, store):
    one = add(store, RuleUse("boat_sank"))
    store.editing.remove_filter("jane", one.id)
    path = f"/notifications/filters/{one.id}"
    assert post(jane, path, "boat_sank", action="save", version=version_of(one)).status_code == 404
    assert post(jane, "/forecast", "boat_sank", id=one.id).status_code == 404
