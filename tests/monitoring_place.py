"""What tests of monitoring share: two rules and a backend, and what reads pages."""

import contextlib
import threading
import time
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from fmn_core.errors import RetryDelivery
from fmn_core.rules import rule
from fmn_core.testing import RecordingBackend

COUNT = 128


@rule("oven_mended", topics=["oven.mended"])
def oven_mended(message):
    """An oven was mended

    Any oven.
    """
    return True


@rule("oven_raises", topics=["oven.mended"])
def oven_raises(message):
    """Raises

    Always.
    """
    raise KeyError("kind")


class Shaky(RecordingBackend):
    """Delivers the second time."""

    def deliver(self, notification):
        if not self.sent:
            self.sent.append(None)
            raise RetryDelivery("not now", after=0.0)
        super().deliver(notification)


def get(door, path):
    """Return status and body."""
    url = f"http://127.0.0.1:{door.server_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def read(text):
    """Return the samples of a page of metrics, each under its name and its labels' values."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def where(app):
    """Return what the preference of the user and its last filter are called."""
    [preference] = app.store.preferences.enabled()
    return {"preference": preference.id, "filter_id": preference.filters[-1].id}


def until(holds):
    """Wait until something holds, and return what it is."""
    deadline = time.monotonic() + 30
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def running(runner):
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        thread.join()


def told(door, *names):
    """Wait until these metrics are told, and return all."""

    def all_told():
        samples = read(get(door, "/metrics")[1])
        return samples if set(names) <= samples.keys() else None

    return until(all_told)
