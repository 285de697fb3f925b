"""The order of workers by load, against a look at all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.scheduler.worker_load import Loads, WorkerState
from tests.examples import examples

steps = st.tuples(
    st.sampled_from(
        ["join", "create_actor", "leave", "retire", "assign", "end", "block", "resume"]
    ),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.001, 0.01]),
)


def change(loads: Loads, what: str, slot: int, seconds: float) -> None:
    state = loads.workers.get(slot)
    loads.touch(slot)
    if state is None:
        if what in ("join", "create_actor"):
            loads.workers[slot] = WorkerState(slot, actor=int(what == "create_actor"))
            if what == "join":
                loads.general_workers[slot] = loads.workers[slot]
    elif what == "leave":
        del loads.workers[slot]
        loads.general_workers.pop(slot, None)
    elif what == "retire":
        loads.general_workers.pop(slot, None)
    elif what == "assign":
        state.assigned[len(state.assigned)] = seconds
        state.load += seconds
    elif what == "end" and len(state.assigned) > len(state.blocked):
        state.load -= state.assigned.popitem()[1]
    elif what == "block" and len(state.assigned) > len(state.blocked):
        state.blocked.append((0, frozenset()))
    elif what == "resume" and state.blocked:
        state.blocked.pop()


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.lists(steps, max_size=6), max_size=12), st.integers(0, 5))
def test_what_is_kept_of_workers_is_what_a_look_at_all_of_them_finds(
    rounds: list[list[tuple[str, int, float]]], asked: int
) -> None:
    loads = Loads()
    for some in rounds:
        for step in some:
            change(loads, *step)
        free = [state for state in loads.general_workers.values() if not state.blocked]
        assert loads.anything_runs() == any(
            len(state.assigned) > len(state.blocked) for state in loads.workers.values()
        )
        assert loads.counts() == (len(free), sum(bool(state.assigned) for state in free))
        assert loads.has_room(0.005) == any(
            not state.assigned or state.load < 0.005 for state in free
        )
        wanted = sorted(free, key=lambda s: (s.load if s.assigned else -1, s.slot))
        given = [state for _ in range(asked) if (state := loads.least()) is not None]
        assert given == wanted[:asked]
        loads.take_back(given)
