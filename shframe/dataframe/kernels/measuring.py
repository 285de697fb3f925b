"""How large a result is, for explain(analyze=True)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import partition


def measure(value: Any) -> tuple[int, int]:
    """Rows and bytes of a partition; of any other value its bytes, where it knows them."""
    if partition.is_table(value):
        return int(value.num_rows), int(value.nbytes)
    if isinstance(value, pd.DataFrame):
        return len(value), int(value.memory_usage(index=False).sum())
    if isinstance(value, pd.Series | pd.Index):
        return len(value), int(value.nbytes)
    return 1, int(getattr(value, "nbytes", 0))
