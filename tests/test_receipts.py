"""Receipts: everything that is settled is acknowledged once, whatever the order, and nothing that is not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fmn_core.transport.amqp.receipts import Receipts


class Broker:
    """Knows what is out, as a broker does: it takes no tag twice, and none that was never out."""

    def __init__(self, count: int) -> None:
        self.out = set(range(1, count + 1))
        self.words = 0

    def acknowledge(self, tag: int, all_before: bool) -> None:
        assert tag in self.out
        self.words += 1
        self.out -= {one for one in self.out if one <= tag} if all_before else {tag}


@st.composite
def batches(draw: st.DrawFn) -> Sequence[Sequence[int]]:
    tags = draw(st.permutations(range(1, draw(st.integers(1, 30)) + 1)))
    cuts = sorted(draw(st.lists(st.integers(0, len(tags)))))
    return [tags[low:high] for low, high in zip([0, *cuts], [*cuts, len(tags)], strict=True)]


@given(batches())
def test_what_is_out_is_what_was_not_settled(order: Sequence[Sequence[int]]) -> None:
    broker = Broker(sum(map(len, order)))
    receipts = Receipts(broker.acknowledge)
    left = set(broker.out)
    for batch in order:
        receipts.settle(batch)
        left -= set(batch)
        assert broker.out == left


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_what_is_settled_in_its_order_takes_one_word_for_each_batch(sizes: Sequence[int]) -> None:
    broker = Broker(sum(sizes))
    receipts, first = Receipts(broker.acknowledge), 1
    for size in sizes:
        receipts.settle(range(first, first + size))
        first += size
    assert (broker.out, broker.words) == (set(), len(sizes))
