from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_irc.digest import digest_lines
from fmn_backend_irc.text import size
from fmn_core import Digest, Links
from fmn_core.testing import notification

BASE = "https://fmn.example.org/"
PAGE = "https://fmn.example.org/jane/irc/9"
WHY = f"    ( triggered by {PAGE} )"


def about(package, event, number=1):
    facts = {
        "summary": f"{package}: {event}",
        "event": event,
        "packages": [package],
        "url": f"https://koji/{package}/{number}",
    }
    return notification(facts, backend="irc", destination="jane", message_id=f"{package}-{number}")


def digest(*notifications, presentation=None, reason="every hour", links=None):
    links = links or Links(filter=PAGE)
    presentation = {"triggered_by_links": False} if presentation is None else presentation
    return Digest("1", "jane", "irc", "jane", notifications, reason, presentation, links)


KERNEL = [about("kernel", "build started", 1), about("kernel", "build completed", 2)]
BASH = about("bash", "build failed", 3)


def written(*notifications, room=400, **more):
    return digest_lines(digest(*notifications, **more), room, BASE, str.upper)


def test_what_belongs_together_is_one_line_and_details_are_below():
    assert written(*KERNEL, BASH) == [
        "3 notifications: kernel, bash (every hour)",
        "kernel: 1 build started, 1 completed https://koji/kernel/2",
        "  kernel: build started https://koji/kernel/1",
        "  kernel: build completed https://koji/kernel/2",
        "bash: build failed https://koji/bash/3",
    ]


def test_only_summaries_for_those_who_want_no_details():
    assert written(*KERNEL, BASH, presentation={"verbose": False, "triggered_by_links": False}) == [
        "3 notifications: kernel, bash (every hour)",
        "kernel: 1 build started, 1 completed https://koji/kernel/2",
        "bash: build failed https://koji/bash/3",
    ]


def test_a_large_group_is_counted_and_not_listed():
    assert len(written(*KERNEL, *KERNEL, BASH)) == 3


def test_links_have_the_colour_and_length_that_the_person_wants():
    lines = written(*KERNEL, BASH, presentation={"markup_messages": True, "shorten_links": True})
    assert lines[-1] == "bash: build failed \x0310HTTPS://KOJI/BASH/3\x03"


def test_what_is_too_much_is_counted_with_a_link():
    lines = written(*KERNEL, *(about(f"p{n}", "build failed") for n in range(30)))
    assert len(lines) == 12
    assert lines[-1] == f"and 23 more: {BASE}"


def test_the_filter_is_named_for_those_who_want_to_know():
    assert written(*KERNEL, presentation={})[0] == f"2 notifications: kernel (every hour){WHY}"
    assert written(*KERNEL, presentation={"triggered_by_links": True}, links=Links())[0].endswith("(every hour)")
    assert written(*KERNEL, presentation={}, room=60)[0] == "2 notifications: kernel (every hour)"


def test_details_never_cost_a_group_its_line():
    lines = written(*(about(f"p{n}", "build failed") for n in range(9)), *KERNEL)
    assert lines[-1] == "kernel: 1 build started, 1 completed https://koji/kernel/2"
    assert len(lines) == 11


@given(st.lists(st.tuples(st.text(max_size=120), st.text(max_size=60)), min_size=1, max_size=20), st.booleans())
def test_whatever_the_text_lines_are_lines(texts, verbose):
    notifications = [notification({"summary": summary, "thread": thread}) for summary, thread in texts]
    lines = written(*notifications, presentation={"verbose": verbose}, reason=texts[0][0], room=100)
    assert 2 <= len(lines) <= 12
    assert all(0 < size(line) <= 100 and len(line.splitlines()) == 1 for line in lines)


def test_digest_reaches_a_nick(port, people, backend):
    jane = people(port, "jane")
    backend(port).deliver_digest(digest(*KERNEL, BASH))
    assert [jane.hear().split(" http")[0] for _ in range(5)] == [
        "3 notifications: kernel, bash (every hour)",
        "kernel: 1 build started, 1 completed",
        "  kernel: build started",
        "  kernel: build completed",
        "bash: build failed",
    ]
