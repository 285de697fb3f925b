"""Options of Dask's functions, and one of NumPy's, that ours do not need: they change no value, and
are accepted."""

from __future__ import annotations

from typing import Any

REDUCTIONS = (
    *(
        "all",
        "any",
        "argmax",
        "argmin",
        "max",
        "mean",
        "min",
        "moment",
        "prod",
        "std",
        "sum",
        "var",
    ),
    *("nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum"),
    *("nanvar", "topk", "argtopk", "bincount", "trace", "average"),
)
MAKING = (
    *("ones", "zeros", "full", "empty", "ones_like", "zeros_like", "full_like", "empty_like"),
    *("arange", "linspace", "eye", "asarray", "array", "from_array", "fromfunction"),
)
RUNNING = ("cumsum", "cumprod", "nancumsum", "nancumprod")
QUANTILES = ("percentile", "nanpercentile", "quantile", "nanquantile")

WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(REDUCTIONS, ("split_every",)),
    **dict.fromkeys(MAKING, ("name", "meta")),
    **dict.fromkeys(RUNNING, ("method",)),
    **dict.fromkeys(QUANTILES, ("internal_method", "overwrite_input")),
    **dict.fromkeys(("median", "nanmedian"), ("overwrite_input",)),
    "from_array": ("name", "lock", "asarray", "fancy", "meta", "inline_array", "getitem"),
    "map_blocks": ("name", "token", "enforce_ndim"),
    "map_overlap": ("name", "token", "enforce_ndim"),
    "rechunk": ("threshold", "method"),
    "reshape": ("merge_chunks", "limit"),
    "unique": ("method",),
}


def without_dasks(name: str, named: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a function without options that have no effect."""
    ignored = WITHOUT_EFFECT.get(name, ())
    return {key: value for key, value in named.items() if key not in ignored}
