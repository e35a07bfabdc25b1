"""People who write to us: who they are to us, what they get, and what they do not."""

import pytest
from irc_place import Services, eventually, offering

PUBLIC = "help for None"


@pytest.fixture
def net(ngircd, people, backend, desk):
    """A server with services, and FMN on it; makes it."""

    def make(levels, form="{nick} ACC {level}", **options):
        port = ngircd()
        people(port, levels, kind=Services, form=form)
        backend(port, **options).start(desk)
        return port

    return make


def tagged(scripted, line, account=""):
    tag = f"@time=x;account={account} " if account else ""
    scripted.say(f"{tag}:jane!j@h PRIVMSG fmn :{line}")


@pytest.fixture
def tags(scripted, backend, desk):
    """A server that says with each line who it is from."""
    scripted(offering("account-tag multi-prefix"))
    backend(scripted.port).start(desk)
    eventually(lambda: scripted.said("USERHOST"))
    return scripted


@pytest.mark.parametrize(("way", "form"), [("acc", "{nick} ACC {level}"), ("status", "STATUS {nick} {level}")])
@pytest.mark.parametrize("automatic", [True, False])
def test_who_is_logged_in_is_known_by_their_nick(net, people, desk, way, form, automatic):
    jane = people(net({"jane": 3}, form, identification="auto" if automatic else way), "jane")
    assert jane.asks("list filters") == "list filters for jane"
    assert jane.asks("stop") == "stop for jane"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_who_is_not_logged_in_may_be_anybody(net, people, desk, level):
    assert people(net({"jane": level}), "jane").asks("help") == PUBLIC


def test_services_that_are_not_there_leave_everybody_unknown(ngircd, people, backend, desk):
    port = ngircd()
    backend(port).start(desk)
    assert people(port, "jane").asks("help") == PUBLIC


def test_services_that_say_nothing_leave_everybody_unknown(net, people):
    jane = people(net({}, form="silence", timeout=0.3), "jane")
    assert jane.asks("help") == PUBLIC


def test_services_that_say_nothing_are_left_alone_for_a_while(ngircd, people, backend, desk):
    port = ngircd()
    services = people(port, {}, kind=Services, form="silence")
    backend(port, timeout=0.3).start(desk)
    jane = people(port, "jane")
    assert [jane.asks("help"), jane.asks("help")] == [PUBLIC, PUBLIC]
    assert services.heard == ["ACC jane", "STATUS jane"]


def test_on_a_network_without_accounts_everybody_is_unknown(net, people):
    assert people(net({"jane": 3}, identification="none"), "jane").asks("help") == PUBLIC


def test_only_the_nick_of_services_is_believed(net, people):
    port = net({"jane": 0}, services="Q", timeout=0.5)
    people(port, {"jane": 1}, kind=Services, nick="Q")
    liar = people(port, "liar")
    jane = people(port, "jane")
    liar.write("jane ACC 3")
    liar.say("NOTICE fmn :jane ACC 3")
    assert jane.asks("help") == PUBLIC


def test_only_the_host_of_services_is_believed(net, people):
    jane = people(net({"jane": 3}, services_host="services.example.org", timeout=0.3), "jane")
    assert jane.asks("help") == PUBLIC


def test_answers_about_a_nick_do_not_outlive_its_owner(net, people, desk):
    levels = {"jane": 3}
    port = net(levels)
    jane = people(port, "jane")
    assert jane.asks("one") == "one for jane"
    jane.quit()
    levels["jane"] = 1
    assert people(port, "jane").asks("two") == "two for None"


def test_account_that_the_server_names_counts_if_it_is_the_nick(tags, desk):
    tagged(tags, "one", "JANE")
    tagged(tags, "two", "joan")
    tagged(tags, "three")
    eventually(lambda: len(tags.said("NOTICE")) == 3)
    assert desk.asked == [("jane", "one"), (None, "two"), (None, "three")]


def test_confirmed_account_needs_no_question(tags):
    tagged(tags, "one", "jane")
    eventually(lambda: tags.said("NOTICE"))
    assert not tags.said("WHOIS")
    assert not tags.said("PRIVMSG")


@pytest.mark.parametrize(
    "line",
    [
        ":jane!j@h PRIVMSG fmn :",
        ":jane!j@h PRIVMSG fmn",
        ":jane!j@h PRIVMSG",
        ":jane!j@h PRIVMSG fmn :   ",
        ":jane!j@h PRIVMSG fmn :\x03\x02",
        ":jane!j@h PRIVMSG fmn :*** looking up your host",
        ":jane!j@h PRIVMSG fmn :\x01VERSION\x01",
        ":jane!j@h PRIVMSG #builds :stop",
        ":jane!j@h NOTICE fmn :stop",
        ":s PRIVMSG fmn :stop",
        ":s NOTICE fmn :stop",
        "PRIVMSG fmn :stop",
        ":fmn!f@h PRIVMSG fmn :stop",
        ":NickServ!n@services PRIVMSG fmn :stop",
        ":NickServ!n@services NOTICE fmn :this nick is registered",
    ],
)
def test_what_is_no_command_is_not_answered(tags, desk, line):
    tags.say(line)
    tagged(tags, "help")
    eventually(lambda: tags.said("NOTICE"))
    assert desk.asked == [(None, "help")]
    assert tags.connections == 1


def test_notice_is_carried_out_for_those_we_know_but_never_answered(tags, desk):
    tags.say("@account=jane :jane!j@h NOTICE fmn :stop")
    tagged(tags, "help")
    eventually(lambda: tags.said("NOTICE"))
    assert desk.asked == [("jane", "stop"), (None, "help")]
    assert tags.said("NOTICE") == [f"NOTICE jane :{PUBLIC}"]


@pytest.mark.parametrize(
    "text", ["a\x00b", "\u202eevil", "x" * 400, "\ud800".encode("utf-8", "replace").decode(), "é🐎"]
)
def test_odd_commands_are_plain_text(tags, desk, text):
    desk.lines = ["ok"]
    tagged(tags, text)
    eventually(lambda: tags.said("NOTICE"))
    assert not set(desk.asked[0][1]) & set("\x00\u202e\r\n")


def test_bytes_that_are_no_text_do_no_harm(ngircd, people, backend, desk):
    port = ngircd()
    jane = people(port, "jane")
    backend(port).start(desk)
    eventually(lambda: jane.sees("fmn"))
    jane.say_bytes(b"PRIVMSG fmn :caf\xe9 \xff\xfe")
    assert jane.hear("NOTICE").startswith("caf\ufffd")


def test_answers_are_cut_to_lines_and_stay_bearable(tags, desk):
    desk.lines = ["  - indented", "word " * 200, *(f"line {number}" for number in range(60))]
    tagged(tags, "list")
    eventually(lambda: any("more lines" in line for line in tags.said("NOTICE")))
    said = tags.said("NOTICE")
    assert len(said) == 40
    assert said[0] == "NOTICE jane :  - indented"
    assert all(len(line.encode()) <= 460 for line in said)


def test_flood_of_commands_is_not_answered_with_a_flood(tags, desk):
    for number in range(50):
        tagged(tags, f"help {number}")
    tags.say(":joe!x@y PRIVMSG fmn :help")
    eventually(lambda: any("NOTICE joe" in line for line in tags.said("NOTICE")))
    assert len(desk.asked) == 6


def test_many_who_write_at_once_are_too_many(tags, desk):
    for number in range(50):
        tags.say(f":joe!x@host{number} PRIVMSG fmn :help {number}")
    tags.say("PING :end")
    eventually(lambda: tags.said("PONG"))
    eventually(lambda: len(desk.asked) == 20)


def test_people_get_their_lines_in_turn(tags, desk):
    desk.lines = ["a", "b", "c"]
    tagged(tags, "list")
    tags.say(":joe!x@y PRIVMSG fmn :list")
    eventually(lambda: len(tags.said("NOTICE")) == 6)
    for nick in ("jane", "joe"):
        assert [line for line in tags.said("NOTICE") if f" {nick} " in line] == [f"NOTICE {nick} {x}" for x in "abc"]


def test_delivery_does_not_wait_for_a_long_answer(scripted, backend, desk, to):
    desk.lines = [f"line {number}" for number in range(40)]
    bot = backend(scripted({"PING": b":s PONG s :fmn\r\n"}), rate=20, burst=1, identification="none")
    bot.start(desk)
    eventually(lambda: scripted.said("USERHOST"))
    tagged(scripted, "list")
    eventually(lambda: scripted.said("NOTICE"))
    bot.deliver(to("jane"))
    assert len(scripted.said("NOTICE")) < 20


def test_a_bug_at_the_desk_is_an_apology_and_no_end(tags, desk, caplog):
    desk.answer = lambda address, text: 1 / 0
    tagged(tags, "help")
    assert eventually(lambda: tags.said("NOTICE")) == [
        "NOTICE jane :that did not work, and it is our fault; please try again later"
    ]
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()


def test_what_must_not_be_answered_is_not(tags, desk):
    desk.answer = lambda address, text: [] if text == "hush" else ["ok"]
    tagged(tags, "hush")
    tagged(tags, "help")
    assert eventually(lambda: tags.said("NOTICE")) == ["NOTICE jane ok"]


def test_who_has_gone_gets_no_more_lines(scripted, backend, desk):
    gone = b":s 401 fmn jane :No such nick\r\n"
    backend(scripted({"NOTICE": gone}), identification="none", rate=40, burst=1).start(desk)
    eventually(lambda: scripted.said("USERHOST"))
    desk.lines = [f"line {number}" for number in range(40)]
    tagged(scripted, "list")
    eventually(lambda: scripted.said("NOTICE"))
    desk.lines = ["ok"]
    scripted.say(":joe!x@y PRIVMSG fmn :help")
    eventually(lambda: "NOTICE joe ok" in scripted.said("NOTICE"))
    assert len(scripted.said("NOTICE")) < 20


def test_after_a_loss_we_hear_again(scripted, backend, desk):
    backend(scripted({}), identification="none").start(desk)
    eventually(lambda: scripted.said("USERHOST"))
    scripted.drop()
    eventually(lambda: len(scripted.said("USERHOST")) == 2)
    tagged(scripted, "help")
    assert eventually(lambda: scripted.said("NOTICE")) == [f"NOTICE jane :{PUBLIC}"]


def test_server_of_the_library_hears_too(server, people, backend, desk):
    backend(server).start(desk)
    assert people(server, "jane").asks("help") == PUBLIC
