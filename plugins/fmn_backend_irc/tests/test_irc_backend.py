"""Lines, and what servers say to them: the library's, Debian's ngircd, and one that does as the test says."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from irc_place import PONG, Services, eventually

from fmn_backend_irc import fmn_register_backends
from fmn_core import (
    AddressRefused,
    BackendAway,
    ConfigError,
    DropDelivery,
    Links,
    Overflow,
    RetryDelivery,
    Settings,
    UsageError,
)
from fmn_core.testing import check_backend


def test_line_reaches_a_nick(port, people, backend, to):
    jane = people(port, "jane")
    backend(port).deliver(to("jane", "žluťoučký kůň"))
    assert jane.hear().startswith("žluťoučký kůň")


def test_line_is_as_the_person_wishes(ngircd, people, backend, to):
    port = ngircd()
    jane = people(port, "jane")
    wishes = {"markup_messages": True}
    links = Links(filter="https://fmn.example.org/jane/irc/7")
    backend(port).deliver(to("jane", "4 builds", {"url": "https://koji/1"}, presentation=wishes, links=links))
    said = jane.hear()
    assert said.startswith("\x0308buildsys.build.state.change\x03 -- 4 builds ")
    assert said.endswith(" ago \x0310https://koji/1\x03    ( triggered by https://fmn.example.org/jane/irc/7 )")


def test_channel_is_joined_once_and_the_line_is_heard_there(port, people, backend, to):
    jane = people(port, "jane", "#builds")
    bot = backend(port)
    for summary in ("first", "second"):
        bot.deliver(to("#builds", summary))
    assert jane.read(" JOIN ").startswith(":fmn!")
    assert jane.hear().startswith("first")
    assert jane.hear().startswith("second")


def test_threads_share_the_connection(port, people, backend, to):
    jane = people(port, "jane")
    bot = backend(port)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bot.deliver(to("jane", f"line {n} of many")), range(16)))
    assert {jane.hear().split(" of ")[0] for _ in range(16)} == {f"line {n}" for n in range(16)}


def test_nick_that_is_away_is_tried_again_and_holds_up_nobody(port, people, backend, to):
    jane = people(port, "jane")
    bot = backend(port, absent=77)
    with pytest.raises(RetryDelivery, match="'nobody' is not on IRC server") as caught:
        bot.deliver(to("nobody"))
    assert caught.value.after == 77
    assert not isinstance(caught.value, BackendAway)
    bot.deliver(to("jane"))
    assert jane.hear().startswith("a thing happened")


def test_nothing_is_sent_to_the_new_nick_of_somebody(ngircd, people, backend, to):
    port = ngircd()
    jane = people(port, "jane")
    bot = backend(port)
    bot.deliver(to("jane", "first"))
    assert jane.hear().startswith("first")
    jane.say("NICK joan")
    jane.read(" NICK ")
    with pytest.raises(RetryDelivery, match="'jane' is not on"):
        bot.deliver(to("jane", "second"))
    bot.deliver(to("joan", "third"))
    assert jane.hear().startswith("third")


def test_channel_that_does_not_let_us_in_is_suspended(ngircd, backend, to):
    with pytest.raises(AddressRefused, match=r"'#closed': the channel is for invited people only \(473\)"):
        backend(ngircd()).deliver(to("#closed"))


def test_channel_that_bans_us_is_suspended_and_one_that_is_full_waits(ngircd, people, backend, to):
    port = ngircd()
    bot = backend(port)
    owner = people(port, "owner", "#builds")
    owner.say("MODE #builds +l 1")
    owner.read(" MODE ")
    with pytest.raises(RetryDelivery, match="the channel is full"):
        bot.deliver(to("#builds"))
    owner.say("MODE #builds +b fmn!*@*")
    owner.read(" MODE ")
    with pytest.raises(AddressRefused, match="we are banned from the channel"):
        bot.deliver(to("#builds"))


def test_moderated_channel_costs_the_line_and_not_the_address(ngircd, people, backend, to):
    port = ngircd()
    owner = people(port, "owner", "#builds")
    owner.say("MODE #builds +m")
    owner.read(" MODE ")
    with pytest.raises(DropDelivery, match="we may not speak in the channel") as caught:
        backend(port).deliver(to("#builds"))
    assert not isinstance(caught.value, AddressRefused)


def test_longest_line_arrives_whole(ngircd, people, backend, to):
    port = ngircd()
    jane = people(port, "jane", "#builds")
    bot = backend(port)
    for target in ("jane", "#builds", "jane", "#builds"):  # once without, and once with our mask known
        bot.deliver(to(target, "ž" * 600, sent_at=None))
        line = jane.read(" PRIVMSG ")
        assert line.endswith("ž…")
        assert len(line.encode()) <= 510
    assert len(line.encode()) >= 507


def test_password_opens_the_server(ngircd, people, backend, to):
    port = ngircd(password="secret")
    with pytest.raises(BackendAway, match="cannot be used"):
        backend(port, password="guess").deliver(to("guest"))
    backend(port, nick="guest", password="secret").deliver(to("guest"))


@pytest.mark.parametrize(
    "noise", [b":x NOTICE fmn :caf\xe9\r\n", b"\r\n\r\n", b":s 999\r\n", b"PING :s\r\n", b"@\r\n:\r\n"]
)
def test_noise_of_a_server_does_no_harm(scripted, backend, to, noise):
    backend(scripted({"PRIVMSG": noise, "PING": PONG})).deliver(to("jane"))


def test_who_kicks_us_has_some_peace_and_then_we_join_again(scripted, backend, to):
    bot = backend(scripted({"PRIVMSG": b":op!op@h KICK #builds fmn :out\r\n", "PING": PONG}), rejoin=55)
    bot.deliver(to("#builds"))
    with pytest.raises(RetryDelivery, match="has kicked us") as caught:
        bot.deliver(to("#builds"))
    assert 0 < caught.value.after <= 55
    assert not isinstance(caught.value, BackendAway)


def test_kicked_out_it_joins_again(scripted, backend, to):
    bot = backend(scripted({"PRIVMSG": b":op!op@h KICK #builds fmn :out\r\n", "PING": PONG}))
    bot.deliver(to("#builds"))
    bot.deliver(to("#builds"))
    assert len(scripted.said("JOIN")) == 2


def test_made_to_leave_it_joins_again(scripted, backend, to):
    bot = backend(scripted({"PRIVMSG": b":fmn!f@h PART #Builds\r\n:joe!j@h PART #builds\r\n", "PING": PONG}))
    bot.deliver(to("#builds"))
    bot.deliver(to("#builds"))
    assert len(scripted.said("JOIN")) == 2


def test_channel_that_put_us_out_in_silence_is_joined_again_before_it_is_given_up(scripted, backend, to):
    bot = backend(scripted({"PING": PONG}))
    bot.deliver(to("#builds"))
    scripted({"PRIVMSG": b":s 404 fmn #builds :Cannot send to channel\r\n"})
    with pytest.raises(RetryDelivery, match="we may not speak"):
        bot.deliver(to("#builds"))
    with pytest.raises(DropDelivery, match="we may not speak"):
        bot.deliver(to("#builds"))


def test_nicks_are_compared_as_the_server_does(scripted, backend, to):
    welcome = b":s 001 fmn :hello\r\n:s 005 fmn CASEMAPPING=ascii :are supported\r\n:s 422 fmn :no motd\r\n"
    bot = backend(scripted({"USER": welcome, "PRIVMSG": b":s 401 fmn ja{ :No such nick\r\n", "PING": PONG}))
    bot.deliver(to("ja["))
    with pytest.raises(RetryDelivery, match="is not on"):
        bot.deliver(to("JA{"))


@pytest.mark.parametrize("address", ["jane", "Jane-2", "_", "[x]|\\^{}`", "#fedora-builds", "#ü"])
def test_nicks_and_channels_are_addresses(backend, address):
    assert backend(1).check_address(f" {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#",
        "1jane",
        "ja ne",
        "jane\nQUIT",
        "jane\r\nQUIT",
        "#a b",
        "#a,b",
        "#a\x07",
        "jane,joe",
        "$*",
        "&x",
        "j" * 65,
    ],
)
def test_other_addresses_are_refused_and_nothing_is_sent_there(backend, to, address):
    bot = backend(1)
    with pytest.raises(UsageError, match="no nick and no #channel"):
        bot.check_address(address)
    with pytest.raises(DropDelivery, match="no nick and no #channel"):
        bot.deliver(to(address))


def test_services_are_nobody_to_write_to(backend):
    with pytest.raises(UsageError, match="'nickserv' would take what we write for commands"):
        backend(1, services="NickServ@services.example.org").check_address("nickserv")


def hearing(person):
    """Let somebody listen from now on; return what makes a list of all they have heard."""
    heard = []

    def listen():
        with suppress(EOFError, OSError, ValueError):
            while True:
                heard.append(person.hear())

    threading.Thread(target=listen, daemon=True).start()
    return lambda: list(heard)


def test_contract(port, people, backend):
    people(port, {"jane": 3}, kind=Services)
    jane = people(port, "jane")
    check_backend(backend(port), "jane", arrived=hearing(jane))


def test_contract_in_channels(port, people, backend):
    jane = people(port, "jane", "#builds")
    check_backend(backend(port), "#builds", others=["#broken", "#both"], arrived=hearing(jane))


def test_after_closing_nothing_is_opened(server, backend, to):
    bot = backend(server)
    bot.deliver(to("fmn"))
    bot.close()
    with pytest.raises(RetryDelivery, match="closed"):
        bot.deliver(to("fmn"))


def test_check_says_where_and_as_whom(server, people, backend):
    people(server, "fmn")
    bot = backend(server)
    assert bot.check() == f"IRC server 127.0.0.1:{server} as fmn_"


def test_check_says_what_is_wrong(scripted, backend):
    port = scripted({})
    scripted.close()
    with pytest.raises(BackendAway, match="cannot be used"):
        backend(port).check()


def test_settings_are_held_to_their_types(fmn_settings):
    broken = Settings(data_dir=fmn_settings.data_dir, plugin={"irc": {"nick": "a b", "port": 0, "tsl": True}})
    with pytest.raises(ConfigError, match="3 mistakes"):
        fmn_register_backends(broken)
    assert fmn_register_backends(fmn_settings)[0].name == "irc"


def test_what_is_too_much_for_one_is_the_cores_business(backend):
    assert backend(1).overflow == Overflow(most=20, within=60)
    assert backend(1, overflow_lines=0).overflow is None


def test_without_a_server_deliveries_wait_and_check_says_so(fmn_settings, to, desk):
    (irc,) = fmn_register_backends(fmn_settings)
    irc.start(desk)
    with pytest.raises(BackendAway, match=r"^no server is configured: set host in \[plugin\.irc\]$"):
        irc.deliver(to("ava"))
    assert irc.check() == "no server is configured: set host in [plugin.irc]; deliveries wait"


def test_start_connects_before_anything_is_delivered(scripted, backend, desk):
    backend(scripted({})).start(desk)
    assert eventually(lambda: scripted.said("USER"))
