"""Errors and sf.debug() where graphs run in this process: on threads, and in the calling thread."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as sa
from tests.conftest import live_objects, warmed
from tests.session.test_debug import fails_on_rows, fails_on_two


@pytest.fixture(scope="module", autouse=True, params=["threads", "sync"])
def here(request: pytest.FixtureRequest) -> Iterator[None]:
    warmed(sf.init(executor=request.param, workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def test_the_error_names_the_task_its_inputs_and_the_line() -> None:
    frame = sf.from_pandas(pd.DataFrame({"a": np.arange(100_000)}))
    with pytest.raises(LookupError) as raised:
        frame.map_partitions(fails_on_rows, meta=pd.DataFrame({"a": [1]})).compute()
    told = "".join(traceback.format_exception(raised.value))
    assert "in fails_on_rows" in told
    assert "the task: fails_on_rows" in told
    assert f"built at: {Path(__file__)}:29" in told
    assert "inputs: " in told
    del raised


def test_a_task_of_an_array_is_opened_with_what_it_read() -> None:
    before = live_objects()
    array = sa.concatenate([sa.full((100_000,), n, chunks=100_000) for n in range(4)])
    with pytest.raises(LookupError, match="two"):
        sa.map_blocks(fails_on_two, array, dtype="f8").compute()
    failed = sf.debug(run=False)
    assert "fails_on_two" in failed.task
    assert isinstance(failed.error, LookupError)
    with pytest.raises(LookupError, match="two"):
        failed.run()
    del failed
    assert live_objects() <= before
