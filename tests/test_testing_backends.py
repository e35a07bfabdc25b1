"""The check of backends finds each fault that it is there for, and none where there is none."""

import threading

import pytest

from fmn_core import (
    AddressRefused,
    BackendAway,
    DropDelivery,
    Overflow,
    Pace,
    Purpose,
    RetryDelivery,
    UsageError,
)
from fmn_core.testing import (
    ODD_TEXTS,
    RecordingBackend,
    arriving,
    check_backend,
    odd_notifications,
    promptly,
)


def test_a_good_backend_passes():
    backend = RecordingBackend()
    check_backend(backend, "here", others=["there"])
    assert {n.destination for n in backend.sent} == {"here", "there"}
    assert {n.facts.summary for n in backend.sent} >= set(ODD_TEXTS)
    assert {n.purpose for n in backend.sent} == set(Purpose)
    assert {(len(d.notifications), d.presentation["verbose"]) for d in backend.digests} >= {(2, False), (2, True)}
    assert backend.closed


def test_every_destination_gets_its_own_in_order():
    backend = RecordingBackend()
    backend.concurrency = 3
    check_backend(backend, "here", others=["there", "elsewhere"])
    for place in "there", "elsewhere":
        numbers = [n.message_id for n in backend.sent if n.destination == place]
        assert numbers == [n.message_id for n in odd_notifications("recording", place)]


@pytest.mark.parametrize("failure", [RetryDelivery("later"), DropDelivery("never")])
def test_a_backend_may_refuse_in_two_ways(failure):
    check_backend(RecordingBackend(failures=[failure]), "here")


class Always(RecordingBackend):
    """Refuses everything."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure

    def deliver(self, notification):
        raise self.failure

    deliver_digest = deliver


@pytest.mark.parametrize("failure", [BackendAway("no server", after=5.0), AddressRefused("nobody here")])
def test_a_far_end_that_takes_nothing_at_all_is_no_fault(failure):
    check_backend(Always(failure), "here")


class Mailing(RecordingBackend):
    """Keeps texts, each line for itself and broken after so many characters."""

    width = 10_000

    def arrived(self):
        lines = [line for one in self.sent for line in one.facts.details.splitlines()]
        return [line[start : start + self.width] for line in lines for start in range(0, len(line), self.width)]


def test_links_that_arrive_whole_are_fine():
    backend = Mailing()
    check_backend(backend, "here", arrived=backend.arrived)


def test_links_that_arrive_broken_are_found(monkeypatch):
    monkeypatch.setattr(arriving, "PATIENCE", 0.1)
    backend = Mailing()
    backend.width = 60
    with pytest.raises(
        AssertionError, match=r"'https://fmn.example.org/confirm/accept/\S+' has not arrived in one piece"
    ):
        check_backend(backend, "here", arrived=backend.arrived)


def method(name):
    """Put a function in the place of a method of a backend; it is handed the inherited one too."""

    def instead(function):
        def broken(self, *args):
            return function(self, getattr(super(type(self), self), name), *args)

        return {name: broken}

    return instead


def named_badly(self):
    RecordingBackend.__init__(self, "Two Words")


@method("deliver")
def odd_text_breaks_it(self, inherited, notification):
    notification.facts.summary.encode()
    inherited(notification)


@method("deliver")
def odd_text_is_no_sentence(self, inherited, notification):
    if "half" in notification.facts.summary:
        raise UsageError("half a character")


@method("deliver")
def odd_text_ends_everything(self, inherited, notification):
    if len(notification.facts.summary) > 1000:
        raise BackendAway("the server hung up")


@method("deliver")
def odd_text_ends_the_address(self, inherited, notification):
    if "script" in notification.facts.summary:
        raise AddressRefused("554 looks like spam")


@method("deliver")
def no_reason(self, inherited, notification):
    raise RetryDelivery("")


@method("deliver")
def waits_for_ever(self, inherited, notification):
    raise RetryDelivery("later", after=float("inf"))


@method("deliver")
def waits_for_less_than_nothing(self, inherited, notification):
    raise RetryDelivery("later", after=-1.0)


@method("deliver")
def knows_no_notices(self, inherited, notification):
    if not notification.filter_name:
        raise KeyError("filter")


@method("deliver")
def second_time_raises(self, inherited, notification):
    if sum(one.id == notification.id for one in self.sent) == 2:  # a plain one came before all
        raise ValueError("I have that")
    inherited(notification)


@method("deliver")
def drops_what_is_late(self, inherited, notification):
    if self.closed:
        raise DropDelivery("closed")


@method("deliver")
def hangs_when_late(self, inherited, notification):
    if self.closed:
        never.wait(30)


@method("deliver")
def breaks_when_late(self, inherited, notification):
    if self.closed:
        raise OSError("bad file descriptor")


@method("deliver_digest")
def knows_no_digests(self, inherited, digest):
    raise NotImplementedError


@method("deliver_digest")
def large_digests_break_it(self, inherited, digest):
    if len(digest.notifications) > 40:
        raise ValueError("too long")


@method("deliver_digest")
def details_break_it(self, inherited, digest):
    if digest.presentation["verbose"]:
        raise KeyError("details")


@method("deliver_digest")
def odd_reasons_break_it(self, inherited, digest):
    digest.reason.encode()


@method("start")
def start_raises(self, inherited, reception):
    raise ConnectionRefusedError("no server")


@method("start")
def start_listens(self, inherited, reception):
    never.wait(30)


@method("close")
def closes_once(self, inherited):
    if self.closed:
        raise RuntimeError("closed already")
    inherited()


@method("close")
def close_hangs(self, inherited):
    never.wait(30)


@method("check_address")
def changes_its_mind(self, inherited, address):
    return address + "!"


@method("check_address")
def odd_addresses_break_it(self, inherited, address):
    return address.encode().decode()


@method("check")
def check_says_two_lines(self, inherited):
    return "one\ntwo"


#: what hangs waits for this, and is let go in the end
never = threading.Event()

FAULTS = [
    ({"__init__": named_badly}, "the name is no plain word"),
    ({"title": ""}, "has no words for people"),
    ({"address_label": ""}, "has no words for people"),
    ({"concurrency": 0}, "delivers never: concurrency is 0"),
    ({"pace": Pace(0.0)}, "delivers never: pace is"),
    ({"pace": Pace(1.0, burst=0)}, "delivers never: pace is"),
    ({"overflow": Overflow(0, 60.0)}, "collects everything"),
    ({"overflow": Overflow(5, 0.0)}, "collects everything"),
    ({"confirms_itself": "no"}, "confirms_itself is 'no'"),
    ({"stream_url": lambda self, user: "javascript:x()"}, r"stream_url\(\) is 'javascript:x\(\)'"),
    (check_says_two_lines, r"check\(\) says 'one\\ntwo', expected one line"),
    (changes_its_mind, "changes the canonical address 'here!'"),
    (odd_addresses_break_it, "raised UnicodeEncodeError.* on odd address"),
    (start_raises, r"start\(\) raised ConnectionRefusedError"),
    (start_listens, r"start\(\) has not returned"),
    (odd_text_breaks_it, "raised UnicodeEncodeError.* on notification 'odd-3'"),
    (odd_text_is_no_sentence, "raised UsageError.* on notification 'odd-3', expected RetryDelivery or DropDelivery"),
    (odd_text_ends_everything, "raised BackendAway.* on notification 'odd-6'.* holds up others"),
    (odd_text_ends_the_address, "raised AddressRefused.* on notification 'odd-5'.* holds up others"),
    (no_reason, "gives no reason"),
    (waits_for_ever, "asks for inf seconds"),
    (waits_for_less_than_nothing, "asks for -1.0 seconds"),
    (knows_no_notices, "raised KeyError.* on notification 'notice'"),
    (second_time_raises, "raised ValueError.* on notification"),
    (knows_no_digests, "raised NotImplementedError.* on digest of 2, verbose False"),
    (large_digests_break_it, "raised ValueError.* on digest of 50"),
    (details_break_it, "raised KeyError.* on digest of 2, verbose True"),
    (odd_reasons_break_it, "raised UnicodeEncodeError.* on digest of 2"),
    (closes_once, r"close\(\) for the second time raised RuntimeError"),
    (close_hangs, r"close\(\) for the first time has not returned"),
    (drops_what_is_late, r"after close\(\) raised DropDelivery.* nothing may be lost"),
    (breaks_when_late, r"after close\(\) raised OSError"),
    (hangs_when_late, r"after close\(\) has not returned"),
]


@pytest.mark.parametrize(("fault", "complaint"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_backend_at_fault_is_found(fault, complaint, monkeypatch):
    monkeypatch.setattr(promptly, "PATIENCE", 0.3)
    never.clear()
    try:
        with pytest.raises(AssertionError, match=complaint):
            check_backend(type("Faulty", (RecordingBackend,), fault)(), "here")
    finally:
        never.set()
