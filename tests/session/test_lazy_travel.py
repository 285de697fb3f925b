"""Lazy frames as arguments, in values, and captured by functions."""

from __future__ import annotations

import pandas as pd

import shframe as sf


def test_functions_and_tasks_take_lazy_frames_along() -> None:
    sf.init(workers=2, inline_bytes=0)  # ended here: workers keep what functions capture
    frame = pd.DataFrame({"x": [1.0, 2.0, 6.0], "k": [1, 2, 3]})
    lazy = sf.from_pandas(frame, npartitions=2)
    found = lazy.map_partitions(lambda part: part.x - lazy.x.mean().compute()).compute()
    pd.testing.assert_series_equal(found, frame.x - frame.x.mean())
    computes = sf.remote(lambda values: values[0].compute())
    pd.testing.assert_frame_equal(sf.get(computes.remote([lazy])), frame)
    assert sf.get(computes.remote([lazy.x.sum()])) == 9.0
    assert sf.get(sf.remote(lambda: lazy.k.max().compute()).remote()) == 3
    (again,) = sf.get(sf.put([lazy.persist()]))
    pd.testing.assert_frame_equal(again.compute(), frame)
    sf.shutdown()
