"""The plain numbers that stages keep, and the lines they log."""

import contextlib
import json
import logging

from fmn_core import logs
from fmn_core.config import LoggingSettings
from fmn_core.instruments import LOOKING, Pulse, Timing


def test_a_timing_puts_each_time_into_its_class():
    timing = Timing((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 9.0):
        timing.observe(seconds)
    timing.observe(2.0, times=10)
    assert (timing.counts, timing.count, timing.sum) == ([2, 11, 1], 14, 32.0)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_pulse_lives_as_long_as_it_is_not_overdue():
    clock = Clock()
    pulse = Pulse(clock)
    clock.now = LOOKING - 1
    assert pulse.live
    pulse.promise(10)
    clock.now += 10
    assert not pulse.live


def test_a_pulse_that_failed_is_not_ready_and_lives_through_its_pause():
    clock = Clock()
    pulse = Pulse(clock)
    pulse.well()
    assert (pulse.ready, pulse.state) == (True, "well")
    pulse.failed("stopped: the disk is full", wait=100.0)
    clock.now = 100.0 + LOOKING - 1
    assert (pulse.ready, pulse.state, pulse.failures, pulse.live) == (False, "stopped: the disk is full", 1, True)


def test_a_thread_that_ended_does_not_live():
    pulse = Pulse(Clock())
    pulse.well()
    pulse.ended()
    assert (pulse.ready, pulse.live) == (False, False)


# Logs.


def record(text="queue %s is full", arguments=("a",), **more):
    made = logging.LogRecord("fmn_core.x", logging.WARNING, __file__, 1, text, arguments, None)
    made.created = 0.25
    vars(made).update(more)
    return made


def test_a_json_line_has_time_level_logger_and_message():
    assert json.loads(logs.JsonLines().format(record())) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "warning",
        "logger": "fmn_core.x",
        "message": "queue a is full",
    }


def test_a_json_line_tells_what_its_thread_has_in_hand_and_what_it_was_given():
    with logs.about(queue="messages", backend="irc") as subject:
        subject.message_id = "m1"
        row = json.loads(logs.JsonLines().format(record(backend="email")))
    assert (row["message_id"], row["queue"], row["backend"]) == ("m1", "messages", "email")
    assert "message_id" not in json.loads(logs.JsonLines().format(record()))


def test_a_json_line_is_one_line_with_a_traceback_too():
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        line = logs.JsonLines().format(record(exc_info=(ValueError, error, error.__traceback__)))
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["traceback"]


@contextlib.contextmanager
def bare():
    """Let the logger of everything be as it is when a process starts; pytest has put its own handlers there."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers = []
    try:
        yield root
    finally:
        root.handlers = before
        root.setLevel(level)


def test_logging_begins_in_words_and_goes_on_as_configured(capsys):
    with bare() as root:
        logs.begin(debug=False)
        assert (len(root.handlers), root.level) == (1, logging.WARNING)
        logging.getLogger("fmn_core.x").warning("early")
        logs.configure(LoggingSettings(format="json", level="info"), debug=False)
        logging.getLogger("fmn_core.x").info("late")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("WARNING fmn_core.x: early")
    assert json.loads(second)["message"] == "late"


def test_debug_wins_over_the_level():
    with bare() as root:
        logs.begin(debug=True)
        logs.configure(LoggingSettings(level="error"), debug=True)
        assert root.level == logging.DEBUG


def test_libraries_that_warn_of_what_is_usual_are_heard_with_debug_only(capsys):
    pika = logging.getLogger("pika.channel")
    with bare():
        logs.begin(debug=False)
        pika.warning("queue 'fmn.held.changes' in exclusive use")
        logs.configure(LoggingSettings(level="info"), debug=False)
        pika.error("again")
        logs.configure(LoggingSettings(), debug=True)
        pika.warning("at last")
    logging.getLogger("pika").setLevel(logging.NOTSET)
    assert [line.partition("pika.channel: ")[2] for line in capsys.readouterr().err.splitlines()] == ["at last"]


def test_logging_that_others_have_set_up_is_left_alone():
    theirs = logging.NullHandler()
    with bare() as root:
        root.addHandler(theirs)
        root.setLevel(logging.ERROR)
        logs.begin(debug=False)
        logs.configure(LoggingSettings(format="json"), debug=False)
        assert (root.handlers, root.level, theirs.formatter) == ([theirs], logging.ERROR, None)
