import pytest

from fmn_backend_sse import fmn_register_backends
from fmn_core import Settings
from fmn_core.testing import notification


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data", plugin={"sse": {"port": 0, "poll": 0.01}})


@pytest.fixture
def backend(settings):
    (made,) = fmn_register_backends(settings)
    yield made
    made.close()


@pytest.fixture
def to():
    """Make a notification for somebody, each with an id of its own."""

    def make(user, summary="a thing happened", **fields):
        fields = {"message_id": f"{user}: {summary}", **fields}
        return notification({"summary": summary}, user=user, backend="sse", destination=user, **fields)

    return make
