"""Against servers: the library's, Debian's ngircd, and some that misbehave as the test says."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fmn_backend_irc import fmn_register_backends
from fmn_core import ConfigError, DropDelivery, RetryDelivery, Settings, UsageError
from fmn_core.testing import check_backend

HOST = "127.0.0.1"
PONG = b":s PONG s :fmn\r\n"


@pytest.fixture(params=["irc.server", "ngircd"])
def port(request):
    if request.param == "ngircd":
        return request.getfixturevalue("ngircd")()
    return request.getfixturevalue("server")


@pytest.fixture
def misbehaving():
    """Run a server that welcomes, and then answers each PRIVMSG and PING with what the test says."""
    listeners = []
    heard = []

    def serve(answers, welcome=b":s 001 fmn :hello\r\n"):
        listener = socket.create_server((HOST, 0))
        listeners.append(listener)

        def run():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer, peer.makefile("rb") as lines:
                    for line in lines:
                        heard.append(line.split()[0].decode())
                        if line.startswith(b"USER"):
                            peer.sendall(welcome)
                        answer = answers.get(heard[-1])
                        if answer == "hang up":
                            break
                        if answer:
                            peer.sendall(answer)

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    serve.heard = heard
    yield serve
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_line_reaches_a_nick(port, people, backend, to):
    jane = people(port, "jane")
    backend(port).deliver(to("jane", "žluťoučký kůň"))
    assert jane.hear().startswith("žluťoučký kůň")


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
    bot.deliver(to("jane"))
    assert jane.hear().startswith("a thing happened")


def test_channel_that_does_not_let_us_in_is_given_up(ngircd, backend, to):
    with pytest.raises(DropDelivery, match="'#closed': inviteonlychan"):
        backend(ngircd()).deliver(to("#closed"))


def test_nick_that_is_taken_gets_a_tail(port, people, backend, to):
    people(port, "fmn")
    jane = people(port, "jane")
    backend(port).deliver(to("jane"))
    assert jane.read(" PRIVMSG ").startswith(":fmn_!")


def test_longest_line_arrives_whole(port, people, backend, to):
    jane = people(port, "jane")
    backend(port).deliver(to("jane", "ž" * 600, presentation={"triggered_by_links": False}))
    line = jane.read(" PRIVMSG ")
    assert line.endswith("ž…")
    assert len(line.encode()) <= 510


def test_password_opens_the_server(ngircd, people, backend, to):
    port = ngircd(password="secret")
    with pytest.raises(RetryDelivery, match="cannot be used"):
        backend(port, password="guess").deliver(to("fmn"))
    backend(port, password="secret").deliver(to("fmn"))


def test_server_that_is_away_is_left_alone_for_a_while(backend, to):
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    bot = backend(port, pause=100)
    for _ in range(2):
        with pytest.raises(RetryDelivery, match="refused") as caught:
            bot.deliver(to("jane"))
        assert 0 < caught.value.after <= 100


def test_lost_connection_fails_the_line_and_is_opened_again_at_once(misbehaving, backend, to):
    answers = {"PRIVMSG": "hang up"}
    bot = backend(misbehaving(answers), pause=100)
    with pytest.raises(RetryDelivery, match="lost before it confirmed"):
        bot.deliver(to("jane"))
    answers |= {"PRIVMSG": b"", "PING": PONG}
    bot.deliver(to("jane"))


def test_silence_is_no_confirmation(misbehaving, backend, to):
    with pytest.raises(RetryDelivery, match="does not answer"):
        backend(misbehaving({}), timeout=0.2).deliver(to("jane"))


def test_server_that_does_not_welcome_us(misbehaving, backend, to):
    with pytest.raises(RetryDelivery, match="does not welcome us"):
        backend(misbehaving({}, welcome=b""), timeout=0.2).deliver(to("jane"))


def test_reason_of_the_server_is_told(misbehaving, backend, to):
    bot = backend(misbehaving({"USER": "hang up"}, welcome=b"ERROR :you are not wanted\r\n"))
    with pytest.raises(RetryDelivery, match="you are not wanted"):
        bot.deliver(to("jane"))


@pytest.mark.parametrize("noise", [b":x NOTICE fmn :caf\xe9\r\n", b"\r\n\r\n", b":s 999\r\n", b"PING :s\r\n"])
def test_noise_of_a_server_does_no_harm(misbehaving, backend, to, noise):
    backend(misbehaving({"PRIVMSG": noise, "PING": PONG})).deliver(to("jane"))


def test_kicked_out_it_joins_again(misbehaving, backend, to):
    bot = backend(misbehaving({"PRIVMSG": b":op!op@h KICK #builds fmn :out\r\n", "PING": PONG}))
    bot.deliver(to("#builds"))
    bot.deliver(to("#builds"))
    assert misbehaving.heard.count("JOIN") == 2


def test_channel_that_put_us_out_in_silence_is_joined_again_before_it_is_given_up(misbehaving, backend, to):
    answers = {"PING": PONG}
    bot = backend(misbehaving(answers))
    bot.deliver(to("#builds"))
    answers["PRIVMSG"] = b":s 404 fmn #builds :Cannot send to channel\r\n"
    with pytest.raises(RetryDelivery, match="cannotsendtochan"):
        bot.deliver(to("#builds"))
    with pytest.raises(DropDelivery, match="cannotsendtochan"):
        bot.deliver(to("#builds"))


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


def test_contract(port, people, backend):
    people(port, "jane")
    check_backend(backend(port), "jane")


def test_after_closing_nothing_is_opened(server, backend, to):
    bot = backend(server)
    bot.deliver(to("fmn"))
    bot.close()
    with pytest.raises(RetryDelivery, match="closed"):
        bot.deliver(to("fmn"))


def test_settings_are_held_to_their_types(fmn_settings):
    broken = Settings(data_dir=fmn_settings.data_dir, plugin={"irc": {"nick": "a b", "port": 0, "tsl": True}})
    with pytest.raises(ConfigError, match="3 mistakes"):
        fmn_register_backends(broken)
    assert fmn_register_backends(fmn_settings)[0].name == "irc"


def test_without_a_server_deliveries_wait_and_check_says_so(fmn_settings, to):
    (irc,) = fmn_register_backends(fmn_settings)
    with pytest.raises(RetryDelivery, match=r"^no server is configured: set host in \[plugin\.irc\]$"):
        irc.deliver(to("ava"))
    assert irc.check() == "no server is configured: set host in [plugin.irc]; deliveries wait"
