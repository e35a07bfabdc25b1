"""The log of changes and its undo, and all notifications as a document, through the whole application."""

from __future__ import annotations

import io

import pytest

from fmn_core import topic_rule
from fmn_core.acting import Actor, acting
from fmn_core.config import Settings
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Rule, RuleBook, Words, always
from fmn_core.testing import RecordingBackend
from fmn_web import create_app
from fmn_web.audit import actor_in_words
from fmn_web.differences import differences
from fmn_web.visitor import Visitor

BASE = "http://127.0.0.1/"


class Names(Arguments):
    """Some names."""

    names: Words


RULES = RuleBook(
    (topic_rule("boat_sank", "boats.sank", "Boat sank"), Rule("named", "Named so", "", always, Names)), "toys"
)
BOATS = Filter("", "Boats <i>", (RuleUse("boat_sank"),))


@pytest.fixture
def registry():
    return PluginRegistry(rules=RULES, backends={name: RecordingBackend(name) for name in ("mail", "post")})


@pytest.fixture
def app(tmp_path, store, registry):
    made = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def jane(app, store):
    client = app.test_client()
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    store.editing.add_filter("jane", "mail", BOATS)
    return client


def mail_of(store):
    return next(one for one in store.preferences.user("jane").preferences if one.backend == "mail")


def text(answer):
    return answer.get_data(as_text=True)


# The log of changes.


def test_who_changed_what_is_shown_and_taken_back(jane, store):
    jane.post("/notifications/mail/switch", data={"on": "1"}, base_url=BASE)
    page = text(jane.get("/changes", base_url=BASE))
    assert ("Switched on" in page, "you, on these pages" in page) == (True, True)
    assert "Added filter “Boats &lt;i&gt;”: Boat sank" in page
    newest, added = store.audit.of_user("jane")
    jane.post(f"/changes/{newest.id}/undo", base_url=BASE)
    assert not mail_of(store).enabled
    jane.post(f"/changes/{added.id}/undo", base_url=BASE)
    assert mail_of(store).filters == ()
    assert len(store.audit.of_user("jane")) == 4


def test_a_link_in_a_message_is_named_and_so_is_whoever_acts_for_somebody(app, jane, store):
    words = actor_in_words
    assert words(Actor("", "link"), "jane", {}) == "by a link in a message"
    assert words(Actor("jane", "post"), "jane", {"post": RecordingBackend("post")}).startswith("you, by a message")
    assert words(Actor("root", "web"), "jane", {}) == "root, on these pages"
    assert words(Actor("", "command"), "jane", {}) == "those who run this service"
    assert words(Actor(), "jane", {}) == "FMN, by itself"
    assert Visitor(store.accounts.find("jane")).actor == "jane"
    with acting("root", "web"):
        store.switches.switch("jane", "mail", True)
    assert "root, on these pages" in text(jane.get("/changes", base_url=BASE))


def test_changes_come_in_pages_and_others_are_not_mine(app, jane, store):
    for on in (True, False) * 14:
        store.switches.switch("jane", "mail", on)
    store.preferences.save(User("joe", (Preference("", "joe", "mail", True),)))
    store.switches.switch("joe", "mail", False)
    (theirs,) = store.audit.of_user("joe")
    page = text(jane.get("/changes", base_url=BASE))
    assert (page.count("Undo the change"), "Older changes" in page) == (25, True)
    older = text(jane.get(f"/changes?before={store.audit.of_user('jane')[24].id}", base_url=BASE))
    assert (older.count("Undo the change"), "Older changes" in older) == (4, False)
    for number in (theirs.id, "x", "0"):
        assert jane.post(f"/changes/{number}/undo", base_url=BASE).status_code == 404
    assert not store.preferences.user("joe").preferences[0].enabled
    assert jane.get("/changes?before=x%00", base_url=BASE).status_code == 200


def test_every_difference_has_words():
    one = Filter("1", "a", (RuleUse("boat_sank"),))
    before = Preference(
        "1", "jane", "mail", filters=(one, Filter("2", "b")), destinations=(Destination("x"), Destination("y"))
    )
    after = Preference(
        "1", "jane", "mail", True, (Destination("x", True), Destination("z", True, "full")),
        (Filter("2", "b"), Filter("1", "c", (RuleUse("gone"),), False, True), Filter("3", "d")), {"verbose": True},
        DigestPlan(on=True, every=600),
    )  # fmt: skip
    said = "\n".join(differences(before, after, RULES))
    for part in ("switched on", "when: ", "look", "removed the address y", "address x: confirmed",
                 "added the address z",
                 "“c”: named so, before that “a”, switched off, for one notification, without Boat sank, with gone",
                 "added filter “d”", "order of filters: “b”, “c”, “d”"):  # fmt: skip
        assert part in said
    assert "removed filter “d”" in "\n".join(differences(after, before, RULES))
    assert differences(before, None, RULES) == ["removed all that was here"]
    assert differences(before, before, RULES) == []


# Export and import.


def test_what_was_exported_is_imported_as_it_was(jane, store):
    store.switches.set_digest("jane", "mail", DigestPlan(on=True, every=600))
    store.destinations.confirm("jane", "mail", "jane@example.org")
    before = mail_of(store)
    for form in ("toml", "json"):
        answer = jane.get(f"/notifications.{form}", base_url=BASE)
        assert "attachment" in answer.headers["Content-Disposition"]
        store.editing.reset_filters("jane", "mail", [])
        store.editing.add_filter("jane", "mail", before.filters[0])
        kept = mail_of(store).filters[0].id
        data = {"file": (io.BytesIO(answer.data), f"notifications.{form}")}
        assert jane.post("/import", data=data, base_url=BASE).status_code == 302
        now = mail_of(store)
        assert (now.enabled, now.destinations, now.digest) == (True, before.destinations, before.digest)
        assert [(one.id, one.name, one.rules) for one in now.filters] == [(kept, "Boats <i>", BOATS.rules)]


def test_what_toml_cannot_hold_is_for_json(jane, store):
    document = '{"user": "x", "preferences": [{"backend": "mail", "presentation": {"x": null}}]}'
    jane.post("/import", data={"text": document}, base_url=BASE)
    assert "download it as JSON" in text(jane.get("/notifications.toml", base_url=BASE, follow_redirects=True))
    assert jane.get("/notifications.json", base_url=BASE).json["preferences"][0]["presentation"] == {"x": None}


def test_a_document_confirms_no_address(jane, store):
    document = """
        user = "somebody else"
        [[preferences]]
        backend = "mail"
        enabled = true
        [[preferences.destinations]]
        address = "victim@example.org"
        confirmed = true
    """
    assert jane.post("/import", data={"text": document}, base_url=BASE).status_code == 302
    assert mail_of(store).destinations == (Destination("victim@example.org"),)
    assert [one.address for one in store.confirmations.of_user("jane")] == ["victim@example.org"]
    assert store.preferences.users() == ["jane"]
    assert len(store.preferences.user("jane").preferences) == 2, "what the document does not name is as it was"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "&#39;user&#39; is required"),
        ("<script>", "Nothing was changed"),
        ("{" * 9000, "Nothing was changed"),
        ('{"user": "jane", "preferences": [{"backend": "smoke"}]}', "no backend is named"),
        ('user = "j"\n[[preferences]]\nbackend = "mail"\n[[preferences.filters]]\nname = ""', "It is empty"),
        ('user = "j"\n[[preferences]]\nbackend = "mail"\n[[preferences.filters]]\nname = "a"\n'
         '[[preferences.filters.rules]]\nrule = "bote_sank"', "boat_sank"),
        ('user = "j"\n[[preferences]]\nbackend = "mail"\n' + '[[preferences.filters]]\nname = "a"\n' * 501,
         "500 filters"),
        ("\x00\ud800".encode("utf-8", "surrogatepass"), "Nothing was changed"),
    ],
)  # fmt: skip
def test_a_document_with_mistakes_changes_nothing(jane, store, document, said):
    before = mail_of(store)
    raw = document if isinstance(document, bytes) else document.encode()
    answer = jane.post("/import", data={"file": (io.BytesIO(raw), "x")} if raw else {"text": ""}, base_url=BASE)
    assert (answer.status_code, said.lower() in text(answer).lower()) == (422, True), text(answer)
    assert "<script>" not in text(answer)
    assert mail_of(store) == before


@pytest.mark.parametrize("odd", ["\\u0000", "\\ud800", "\\udfff\\ud800", "\\u202e", "\\uffff"])
def test_odd_characters_end_nothing(jane, store, odd):
    rule = f'{{"rule": "named", "arguments": {{"names": ["{odd}"]}}}}'
    for name, address in (("a", "a"), ("a", odd), (odd, "a")):
        document = f"""{{"user": "{odd}", "preferences": [{{"backend": "mail",
            "destinations": [{{"address": "{address}"}}], "filters": [{{"name": "{name}", "rules": [{rule}]}}]}}]}}"""
        assert jane.post("/import", data={"text": document}, base_url=BASE).status_code in (302, 422)
        for page in ("/notifications", "/changes", "/notifications.json", "/notifications.toml", "/import"):
            assert jane.get(page, base_url=BASE).status_code == 200, page


def test_too_long_a_document_is_refused(jane):
    answer = jane.post("/import", data={"text": "x" * 1_000_000}, base_url=BASE)
    assert (answer.status_code, "Traceback" in text(answer)) == (413, False)
