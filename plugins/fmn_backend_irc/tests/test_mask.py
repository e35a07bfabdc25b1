import pytest

from fmn_backend_irc.mask import LONGEST, UNKNOWN, Mask
from fmn_backend_irc.wire import parse


def room(*lines, nick="fmn"):
    mask = Mask(nick)
    for line in lines:
        message = parse(line.encode())
        mask.hear(message, message.nick == mask.nick)
    return mask.room("jane")


def free(prefix):
    return LONGEST - len(f":{prefix} PRIVMSG jane :")


def test_while_nothing_is_known_the_longest_is_assumed():
    assert room() == LONGEST - UNKNOWN - len(" PRIVMSG jane :")


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        ([":fmn!~fmn@bot.example.org JOIN #builds"], "fmn!~fmn@bot.example.org"),
        ([":s 396 fmn hidden.example.org :is your host"], "fmn!~fmn@hidden.example.org"),
        ([":s 396 fmn f@hidden.example.org :is your host"], "fmn!f@hidden.example.org"),
        ([":fmn!~fmn@a CHGHOST f hidden.example.org"], "fmn!f@hidden.example.org"),
        ([":s 302 fmn :fmn=+f@bot.example.org "], f"fmn!f@{'x' * 63}"),
        ([":s 302 fmn :fmn*=-f@h"], f"fmn!f@{'x' * 63}"),
        ([":fmn!f@bot JOIN #b", ":s 302 fmn :fmn=+f@elsewhere"], "fmn!f@bot"),
        ([":fmn!f@bot JOIN #b", ":fmn!f@bot NICK :fmn_longer"], "fmn_longer!f@bot"),
        ([":fmn!f@bot JOIN #b", ":joe!j@far.example.org JOIN #b", ":joe!j@far NICK joey"], "fmn!f@bot"),
    ],
)
def test_what_the_server_says_of_us_is_learnt(lines, prefix):
    assert room(*lines) == free(prefix)


def test_noise_teaches_nothing():
    assert room("JOIN", ":fmn JOIN #b", ":s 302 fmn :", ":s 302", ":s 396") == room()
