"""What FMN itself has to say, and to whom it says that they confirm an address."""

import pytest
from irc_place import PONG, Services, eventually, offering

from fmn_core import DropDelivery, Purpose, RetryDelivery

ACCEPT = "https://fmn.example.org/confirm/" + "a" * 64
DETAILS = f"jane wants notifications here.\n\nAccept: {ACCEPT}\nReject: {ACCEPT}/no\n{'blah ' * 120}{ACCEPT}/help"


@pytest.fixture
def confirmation(to):
    """Make a request to confirm an address."""

    def make(destination):
        facts = {"details": DETAILS, "url": None}
        return to(destination, "please confirm this address", facts, purpose=Purpose.CONFIRMATION, filter_id="")

    return make


def test_nick_that_is_logged_in_gets_the_links_whole(ngircd, people, backend, confirmation):
    port = ngircd()
    people(port, {"jane": 3}, kind=Services)
    jane = people(port, "jane")
    backend(port).deliver(confirmation("jane"))
    said = [jane.hear() for _ in range(6)]
    assert said[0] == "please confirm this address"
    assert said[2] == f"Accept: {ACCEPT}"
    assert said[3] == f"Reject: {ACCEPT}/no"
    assert said[5].endswith(f"{ACCEPT}/help")


def test_nick_that_is_not_logged_in_is_told_so_on_the_web(ngircd, people, backend, confirmation):
    port = ngircd()
    people(port, {"jane": 1}, kind=Services)
    people(port, "jane")
    with pytest.raises(DropDelivery, match=r"^nick 'jane' is not logged in to services; identify and ask again$"):
        backend(port).deliver(confirmation("jane"))


def test_without_services_it_waits(ngircd, people, backend, confirmation):
    port = ngircd()
    people(port, "jane")
    with pytest.raises(RetryDelivery, match=r"services of .* do not say"):
        backend(port).deliver(confirmation("jane"))


def test_where_there_are_no_accounts_nobody_is_asked(server, people, backend, confirmation):
    jane = people(server, "jane")
    backend(server, identification="none").deliver(confirmation("jane"))
    assert jane.hear() == "please confirm this address"


def test_channel_has_no_account(ngircd, people, backend, confirmation):
    port = ngircd()
    jane = people(port, "jane", "#builds")
    backend(port).deliver(confirmation("#builds"))
    assert jane.hear() == "please confirm this address"


def test_notices_go_without_a_question(ngircd, people, backend, to):
    port = ngircd()
    jane = people(port, "jane")
    backend(port).deliver(to("jane", "an address is suspended", {"details": "see\nthere"}, purpose=Purpose.NOTICE))
    assert [jane.hear() for _ in range(3)] == ["an address is suspended", "see", "there"]


@pytest.mark.parametrize(
    ("whois", "goes"),
    [
        (b":s 311 fmn jane j h * :J\r\n:s 330 fmn jane Jane :is logged in as\r\n:s 318 fmn jane :End\r\n", True),
        (b":s 311 fmn jane j h * :J\r\n:s 330 fmn jane joan :is logged in as\r\n:s 318 fmn jane :End\r\n", False),
        (b":s 311 fmn jane j h * :J\r\n:s 318 fmn jane :End\r\n", False),
        (b":s 401 fmn jane :No such nick\r\n:s 318 fmn jane :End\r\n", False),
    ],
)
def test_where_the_server_knows_accounts_it_is_asked(scripted, backend, confirmation, whois, goes):
    answers = offering("account-tag") | {"PING": PONG, "WHOIS": whois}
    bot = backend(scripted(answers))
    if goes:
        bot.deliver(confirmation("jane"))
    else:
        with pytest.raises(DropDelivery, match="is not logged in"):
            bot.deliver(confirmation("jane"))
    assert bool(scripted.said("PRIVMSG")) is goes


def test_nick_that_changes_hands_while_we_ask_is_not_logged_in(scripted, backend, confirmation):
    answers = {"PRIVMSG": b":jane!j@h NICK :other\r\n:NickServ!n@s NOTICE fmn :jane ACC 3\r\n"}
    with pytest.raises(DropDelivery, match="is not logged in"):
        backend(scripted(answers), identification="acc").deliver(confirmation("jane"))
    assert eventually(lambda: scripted.said("PRIVMSG")) == ["PRIVMSG NickServ :ACC jane"]
