import pytest

from fmn_backend_irc.pending import Line, Pending


@pytest.fixture
def pending():
    return Pending()


def sent(pending, *targets):
    lines = [Line(target) for target in targets]
    for line in lines:
        pending.add(line)
    return lines


def test_a_ping_speaks_for_the_lines_before_it(pending):
    before = sent(pending, "jane", "joe")
    assert pending.ask()
    after = sent(pending, "jane")
    assert not pending.ask()
    pending.answered()
    assert [line.done for line in before + after] == [True, True, False]
    assert pending.ask()
    pending.answered()
    assert after[0].done


def test_a_question_whether_the_server_is_there_speaks_for_nothing_said_after_it(pending):
    assert pending.ask(anyway=True)
    line, *_ = sent(pending, "jane")
    assert not pending.ask()
    pending.answered()
    assert not line.done
    assert pending.ask()


def test_without_lines_there_is_nothing_to_ask(pending):
    assert not pending.ask()
    sent(pending, "jane")
    assert pending.ask()
    pending.answered()
    assert not pending.ask()


def test_a_complaint_is_about_a_line_that_was_asked_for(pending):
    first, other = sent(pending, "jane", "joe")
    pending.ask()
    sent(pending, "jane")
    assert list(pending.to({"jane"})) == [first]
    assert list(pending.to({"jane", "joe"})) == [first, other]


def test_what_is_lost_is_all_lost(pending):
    lines = sent(pending, "jane")
    pending.ask()
    lines += sent(pending, "joe")
    pending.lose(lambda: RuntimeError("gone"))
    assert [(line.done, str(line.failure)) for line in lines] == [(True, "gone")] * 2
    assert lines[0].failure is not lines[1].failure
    assert not pending.ask()
