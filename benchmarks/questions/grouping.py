"""Groups with their keys as columns, for pandas, shframe and Dask alike."""

from __future__ import annotations

from typing import Any


def group(frame: Any, by: Any, *, in_order: bool = True, **aggregations: Any) -> Any:
    """`frame.groupby(by, as_index=False).agg(...)`; Dask has no `as_index`.

    in_order: whether groups are in the order of their keys, or of their appearance.
    """
    if type(frame).__module__.startswith("dask."):
        return frame.groupby(by, sort=in_order).agg(**aggregations).reset_index()
    return frame.groupby(by, as_index=False, sort=in_order).agg(**aggregations)
