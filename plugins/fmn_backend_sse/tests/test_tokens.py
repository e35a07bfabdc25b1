from concurrent.futures import ThreadPoolExecutor

import pytest

from fmn_backend_sse.tokens import Tokens, open_tokens, stream_url
from fmn_core import FmnError, Settings


def test_a_token_is_one_users_and_one_secrets():
    tokens = Tokens(b"secret")
    token = tokens.of("jane")
    assert tokens.is_of("jane", token)
    assert not tokens.is_of("joe", token)
    assert not Tokens(b"other").is_of("jane", token)
    assert not tokens.is_of("jane", token[:-1])
    assert not tokens.is_of("jane", "ž\ud800")


def test_secret_is_made_once_and_for_us_only(settings):
    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(lambda _: open_tokens(settings).of("jane"), range(8)))
    assert len(tokens) == 1
    (file,) = settings.data_dir.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_configured_secret_needs_no_file(tmp_path):
    settings = Settings(data_dir=tmp_path / "none", plugin={"sse": {"secret": "from elsewhere"}})
    assert open_tokens(settings).of("jane") == Tokens(b"from elsewhere").of("jane")
    assert not settings.data_dir.exists()


def test_a_secret_that_is_none_is_refused(settings):
    settings.data_dir.mkdir()
    (settings.data_dir / "sse.secret").write_text(" \n")
    with pytest.raises(FmnError, match="is empty: remove the file"):
        open_tokens(settings)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FmnError, match="cannot be used"):
        open_tokens(Settings(data_dir=tmp_path / "file"))


def test_names_are_quoted_in_urls():
    assert stream_url("http://h:1", "ja/ne?", "t") == "http://h:1/events/ja%2Fne%3F?token=t"
