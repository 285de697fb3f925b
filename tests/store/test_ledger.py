"""The shared page of numbers: claims of several processes never pass the budget."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shframe.store import Ledger, StoreClosed
from shframe.store.shared_memory.ledger import SLOTS


@pytest.fixture
def ledger() -> Any:
    ledger = Ledger.create()
    yield ledger
    ledger.close()


def test_claim_is_granted_up_to_the_budget_and_refused_beyond(ledger: Ledger) -> None:
    other = Ledger.attach(os.dup(ledger.fd), 3)
    assert ledger.claim(60, 100)
    assert not other.claim(41, 100)
    assert other.claim(40, 100)
    assert (ledger.of_slot(0), ledger.of_slot(3)) == ((0, 60), (0, 40))
    ledger.retract(10)
    other.add_live(7)
    assert ledger.totals() == (7, 90)
    other.close()


def test_refused_claim_changes_nothing(ledger: Ledger) -> None:
    assert not ledger.claim(101, 100)
    assert ledger.totals() == (0, 0)


def test_numbers_of_a_dead_process_are_overwritten(ledger: Ledger) -> None:
    other = Ledger.attach(os.dup(ledger.fd), 9)
    other.claim(50, 100)
    other.close()
    ledger.overwrite(9, 1, 2)
    assert ledger.totals() == (1, 2)


@pytest.mark.parametrize("slot", [-1, SLOTS])
def test_slot_beyond_the_ledger_is_refused(ledger: Ledger, slot: int) -> None:
    with pytest.raises(ValueError, match="slots 0 to"):
        Ledger.attach(ledger.fd, slot)


def test_closed_ledger_takes_no_calls() -> None:
    ledger = Ledger.create()
    ledger.close()
    ledger.close()
    with pytest.raises(StoreClosed):
        ledger.claim(1, 2)


_CLAIMER = """
import sys
from shframe.store import Ledger
ledger = Ledger.attach(int(sys.argv[1]), int(sys.argv[2]))
held = worst = 0
for step in range(20000):
    if ledger.claim(10, 55):
        held += 10
        # Refused claims of others may show for an instant; granted ones never pass the budget.
    elif held:
        ledger.retract(held)
        held = 0
print(held)
"""


def test_processes_that_claim_at_once_never_hold_more_than_the_budget(ledger: Ledger) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _CLAIMER, str(ledger.fd), str(slot)],
            pass_fds=(ledger.fd,),
            stdout=subprocess.PIPE,
            env=environment,
        )
        for slot in (1, 2, 3)
    ]
    held = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert ledger.totals() == (0, sum(held))
    assert sum(held) <= 55
