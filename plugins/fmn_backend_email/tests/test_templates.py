"""Templates of the operator: they take the place of ours, file by file, and a bad one costs nobody a mail."""

import logging
import os

import pytest
from reading import html, page, posted, posted_digest, text

from fmn_backend_email import samples
from fmn_backend_email.rendering import Templates
from fmn_core import FmnError

SAMPLES = samples.variables()


@pytest.fixture
def folder(tmp_path):
    """A folder of templates, and a way to write into it."""

    class Folder:
        path = tmp_path / "templates"

        def write(self, name, source):
            (self.path / name).write_text(source, "utf-8")

    Folder.path.mkdir()
    return Folder()


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_each_file_takes_the_place_of_ours(notification, digest, folder, caplog):
    folder.write("notification.txt", "Hello {{ user }}, {{ entry.summary }}: {{ filters[0].name }} ä\n")
    templates = Templates(folder.path)
    mail = posted(notification(), templates=templates)
    assert text(mail) == "Hello jane, ralph's build of kernel-4.5 completed: my builds ä\n"
    assert "It took an hour." in page(mail).said
    assert "Sent together" in text(posted_digest(digest(), templates=templates))
    assert not warnings(caplog)


def test_a_base_of_their_own_serves_our_templates_and_its_css_is_inlined(notification, folder):
    folder.write("base.html", "<style>h1 { color: #123456; }</style><body>{% block content %}{% endblock %}Bye")
    mail = posted(notification(), templates=Templates(folder.path))
    assert '<h1 style="color: #123456;">' in html(mail)
    assert "Bye" in page(mail).said
    assert "because of your filter" not in page(mail).said


def test_their_html_is_escaped_and_can_link(notification, folder):
    folder.write("notification.html", "<b>{{ entry.summary }}</b>{{ entry.details | linked }}")
    mail = posted(
        notification(summary="<i>", details="see https://a.example/?b=<c>."), templates=Templates(folder.path)
    )
    assert "<b>&lt;i&gt;</b>" in html(mail)
    assert page(mail).links == ["https://a.example/?b="]


BROKEN = {
    "syntax": "{% if %}",
    "unknown name": "{{ entry.sumary }}",
    "raises": "{{ 1 / 0 }}",
    "unknown filter": "{{ user | loud }}",
    "no such base": '{% extends "nothing" %}',
    "outside": "{{ user.__class__.__mro__ }}",
    "too large": '{% for i in range(90000) %}{{ "x" * 1000 }}{% endfor %}',
    "endless": '{% include "notification.txt" %}',
    "not text": b"\xff\xfe",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["notification.txt", "notification.html"])
def test_with_a_broken_template_ours_serves_and_it_is_reported_once(notification, folder, caplog, name, source):
    (folder.path / name).write_bytes(source if isinstance(source, bytes) else source.encode())
    if source == BROKEN["endless"] and name.endswith("html"):
        folder.write(name, source.replace("txt", "html"))
    templates = Templates(folder.path)
    for _ in range(3):
        mail = posted(notification(), templates=templates)
        assert "It took an hour." in text(mail)
        assert "It took an hour." in page(mail).said
    (said,) = warnings(caplog)
    assert name in said
    assert str(folder.path) in said
    with pytest.raises(FmnError, match=name):
        templates.check(SAMPLES)


def test_a_change_is_read_and_reported_anew(notification, folder, caplog):
    folder.write("notification.txt", "{% if %}")
    templates = Templates(folder.path)
    posted(notification(), templates=templates)
    folder.write("notification.txt", "{{ nobody }}")
    os.utime(folder.path / "notification.txt", (1, 1))
    posted(notification(), templates=templates)
    folder.write("notification.txt", "mended")
    os.utime(folder.path / "notification.txt", (2, 2))
    assert text(posted(notification(), templates=templates)) == "mended"
    assert ["TemplateSyntaxError" in warnings(caplog)[0], "nobody" in warnings(caplog)[1]] == [True, True]
    assert len(warnings(caplog)) == 2


def test_a_base_that_is_broken_costs_no_mail(notification, folder, caplog):
    folder.write("base.txt", "{% for %}")
    assert "It took an hour." in text(posted(notification(), templates=Templates(folder.path)))
    assert len(warnings(caplog)) == 1


def test_a_folder_that_is_not_there_costs_no_mail(notification, tmp_path, backend):
    templates = Templates(tmp_path / "nowhere")
    assert "It took an hour." in text(posted(notification(), templates=templates))
    with pytest.raises(FmnError, match="is not there"):
        templates.check(SAMPLES)


def test_check_tries_the_templates(backend, folder):
    folder.write("digest.html", "{{ headline }} {{ bunches[0].entries[0].summary }}")
    made = backend(templates=str(folder.path))
    assert made.check().startswith("mailbox folder")
    folder.write("digest.html", "{{ entry.summary }}")
    os.utime(folder.path / "digest.html", (1, 1))
    with pytest.raises(FmnError, match=r"digest\.html"):
        made.check()
