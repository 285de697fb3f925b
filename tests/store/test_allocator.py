"""The allocator against a plain dictionary of blocks."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shframe.store.shared_memory.allocator import ALIGNMENT, LARGE, Allocator
from shframe.store.shared_memory.mapping import PAGE
from tests.examples import examples

CAPACITY = 64 << 20


class AllocatorMachine(RuleBasedStateMachine):
    """Allocates and frees at will; the model is offset -> size."""

    def __init__(self) -> None:
        super().__init__()
        self.allocator = Allocator(CAPACITY)
        self.model: dict[int, int] = {}

    @rule(nbytes=st.integers(0, 3 * LARGE) | st.integers(0, 1000))
    def allocate(self, nbytes: int) -> None:
        largest = self.allocator.largest_free
        offset = self.allocator.allocate(nbytes)
        if offset is None:
            assert nbytes + PAGE > largest
        else:
            assert offset % (PAGE if nbytes >= LARGE else ALIGNMENT) == 0
            self.model[offset] = self.allocator.size_of(offset)
            assert self.model[offset] >= max(nbytes, 1)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def free(self, data: Any) -> None:
        offset = data.draw(st.sampled_from(sorted(self.model)))
        assert self.allocator.free(offset) == self.model.pop(offset)
        with pytest.raises(KeyError):
            self.allocator.free(offset)

    @invariant()
    def used_and_free_ranges_tile_the_capacity(self) -> None:
        used = [(offset, offset + size) for offset, size in self.allocator.blocks()]
        assert sorted(used) == sorted((start, start + size) for start, size in self.model.items())
        free = list(self.allocator.free_ranges())
        position, was_free = 0, False
        for start, end in sorted(used + free):
            assert start == position, "ranges neither overlap nor leave a gap"
            is_free = (start, end) in free
            assert not (is_free and was_free), "free neighbours are merged"
            position, was_free = end, is_free
        assert position == CAPACITY
        assert self.allocator.allocated == sum(self.model.values())
        assert self.allocator.largest_free == max((e - s for s, e in free), default=0)
        assert all(end <= self.allocator.high_water for _, end in used)

    def teardown(self) -> None:
        for offset in list(self.model):
            self.allocator.free(offset)
        assert list(self.allocator.free_ranges()) == [(0, CAPACITY)]
        assert self.allocator.allocated == 0


AllocatorMachine.TestCase.settings = settings(
    max_examples=examples(40), stateful_step_count=40, deadline=None
)
TestAllocator = AllocatorMachine.TestCase


def test_freed_block_is_taken_before_fresh_memory() -> None:
    allocator = Allocator(CAPACITY)
    first, _ = allocator.allocate(5000), allocator.allocate(5000)
    assert first is not None
    allocator.free(first)
    mark = allocator.high_water
    assert allocator.allocate(4000) == first
    assert allocator.high_water == mark


def test_smallest_block_that_fits_is_taken() -> None:
    allocator = Allocator(CAPACITY)
    blocks = [allocator.allocate(size) for size in (9984, 64, 1984, 64, 4992, 64)]
    for block in blocks[::2]:
        assert block is not None
        allocator.free(block)
    assert allocator.allocate(1900) == blocks[2]
    assert allocator.allocate(4000) == blocks[4]


def test_free_end_is_extended_when_it_is_too_small() -> None:
    allocator = Allocator(CAPACITY)
    first = allocator.allocate(10 * LARGE)
    assert first is not None
    allocator.free(first)
    assert allocator.allocate(11 * LARGE) == first
    assert allocator.high_water == 11 * LARGE
