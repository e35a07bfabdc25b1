from concurrent.futures import ThreadPoolExecutor

import pytest

from fmn_backend_sse.secret import secret_of
from fmn_backend_sse.tokens import TokenRefused, Tokens, stream_url
from fmn_core import FmnError, Settings


def test_a_token_is_one_users_and_one_secrets():
    tokens = Tokens(b"secret")
    token = tokens.make("jane", 7)
    assert tokens.generation("jane", token, 10**12) == 7
    for user, strange in [("joe", token), ("jane", Tokens(b"other").make("jane", 7))]:
        with pytest.raises(TokenRefused) as refused:
            tokens.generation(user, strange, 0)
        assert not refused.value.expired


@pytest.mark.parametrize(
    "bend",
    [
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: token.upper(),
        lambda token: "8" + token[1:],
        lambda token: token.replace(".0.", ".1."),
        lambda token: token.replace("7", "٧"),
        lambda token: "",
        lambda token: ".." + token[-64:],
        lambda token: "ž\ud800",
    ],
)
def test_a_token_that_was_bent_opens_nothing(bend):
    tokens = Tokens(b"secret")
    with pytest.raises(TokenRefused):
        tokens.generation("jane", bend(tokens.make("jane", 7)), 0)


def test_a_ticket_expires():
    tokens = Tokens(b"secret")
    ticket = tokens.make("jane", 7, expires=1000)
    assert tokens.generation("jane", ticket, 999) == 7
    with pytest.raises(TokenRefused) as refused:
        tokens.generation("jane", ticket, 1000)
    assert refused.value.expired


def test_secret_is_made_once_and_for_us_only(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: secret_of(settings), range(8)))) == 1
    (file,) = settings.data_dir.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_configured_secret_needs_no_file(tmp_path):
    settings = Settings(data_dir=tmp_path / "none", plugin={"sse": {"secret": "from elsewhere"}})
    assert secret_of(settings) == b"from elsewhere"
    assert not settings.data_dir.exists()


def test_a_secret_that_is_none_is_refused(tmp_path):
    (tmp_path / "sse.secret").write_text(" \n")
    with pytest.raises(FmnError, match="is empty: remove the file"):
        secret_of(Settings(data_dir=tmp_path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FmnError, match="cannot be used"):
        secret_of(Settings(data_dir=tmp_path / "file"))


def test_names_are_quoted_in_urls():
    assert stream_url("http://h:1", "ja/ne?", "t") == "http://h:1/events/ja%2Fne%3F?token=t"
