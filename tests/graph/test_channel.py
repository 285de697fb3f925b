"""Frames and descriptors over a real socket pair."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.wire.channel import Channel, Closed, pair
from tests.examples import examples


def connected() -> tuple[Channel, Channel]:
    a, b = pair()
    return Channel(a), Channel(b)


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(0, 3)), max_size=5))
def test_messages_arrive_whole_and_in_order_with_their_descriptors(
    sizes: list[tuple[int, int]],
) -> None:
    a, b = connected()
    read, write = os.pipe()

    def send() -> None:
        for size, count in sizes:
            a.send(("m", size, b"x" * size), [os.dup(read) for _ in range(count)])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for size, count in sizes:
            message, fds = b.receive()
            assert message == ("m", size, b"x" * size)
            assert len(fds) == count
            for fd in fds:
                assert os.fstat(fd).st_ino == os.fstat(read).st_ino
                assert not os.get_inheritable(fd)
                os.close(fd)
    finally:
        sender.join()
        a.close()
        b.close()
        os.close(read)
        os.close(write)


def test_the_end_of_the_other_side_raises_closed() -> None:
    a, b = connected()
    a.send("last")
    a.close()
    assert b.receive() == ("last", [])
    with pytest.raises(Closed):
        b.receive()
    b.close()


def test_flush_never_waits_and_says_what_is_left() -> None:
    a, b = connected()
    a.queue(b"x" * 50_000_000)
    assert not a.flush()
    assert a.pending
    b.close()
    with pytest.raises(Closed):
        a.flush()
    a.close()
