"""Mails as their receivers read them: from the bytes, by Python's own parser."""

from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

from fmn_backend_email.compose import Composer
from fmn_backend_email.rendering import Templates

OURS = Templates()


def composer(prefix="[fedora]", templates=OURS, sender="FMN <fmn@example.org>"):
    return Composer(sender, prefix, "https://fmn.example.org/", templates)


def posted(notification, **options):
    return parsed(composer(**options).notification(notification, 0).content)


def posted_digest(digest, **options):
    return parsed(composer(**options).digest(digest, 0).content)


def parsed(content):
    """Return the mail, and insist that nothing in it had to be guessed."""
    mail = message_from_bytes(content, policy=default)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert not any(part.defects for part in mail.walk())
    return mail


def text(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html(mail):
    return mail.get_body(("html",)).get_content().replace("\r\n", "\n")


class Page(HTMLParser):
    """What a browser makes of the HTML: its tags, where its links lead, and its words."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.links, self.words = set(), [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        self.words.append(data)

    @property
    def said(self):
        return " ".join(" ".join(self.words).split())


def page(mail):
    return Page(html(mail))
