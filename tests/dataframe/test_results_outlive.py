"""What compute() gave stays whole and writable when the session that made it is gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import shframe as sf
from tests.dataframe.frames import same, write


def results(frame: pd.DataFrame) -> tuple[Any, Any]:
    lazy = sf.from_pandas(frame, npartitions=3)
    return lazy.compute(), lazy.sort_values("i").i.compute()


def test_results_outlive_the_session() -> None:
    frame = pd.DataFrame(
        {
            "k": range(5_000),
            "i": range(5_000),
            "f": np.linspace(-1, 1, 5_000),
            "b": [n % 3 == 0 for n in range(5_000)],
            "s": [f"s{n % 9}" for n in range(5_000)],
            "t": pd.date_range("2020-01-01", periods=5_000, freq="h").astype("datetime64[us]"),
            "c": pd.Categorical(["x", "never"] * 2_500),
        }
    )
    sf.init(executor="processes", workers=2, memory="1GB", inline_bytes=0)
    found, values = results(frame)
    sf.shutdown()
    same(found, frame)
    same(values, frame.i)
    write(found)
    write(frame)
    same(found, frame)
    values[:] = 0
    assert values.sum() == 0
