"""Exponentially weighted windows: what a partition hands on is a few sums of weights and values.

The rows of a partition weigh as they do alone; those before it weigh `decay ** steps` less. So two
weighted means, or variances, are put together as those of two groups are. Only observations change
a mean: between them it stays, however little all weights have become.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

WEIGHTED = frozenset({"mean", "sum", "var", "std"})


class Weights(NamedTuple):
    """What the rows before some place amount to, at the last observation among them.

    observed: how many; total, squares: sums of their weights, and of the squares of those.
    value: the sum of weighted values, or their mean; spread: their variance (with bias).
    steps: by how many steps weights have decreased until then, gap: and since.
    """

    observed: int
    total: float
    squares: float
    value: float
    spread: float
    steps: int
    gap: int


NONE = Weights(0, 0.0, 0.0, 0.0, 0.0, 0, 0)


def alpha_of(how: dict[str, Any]) -> float | None:
    """The weight of the newest value; None where windows are not by plain numbers, or weights are
    not adjusted."""
    given = {name: how.get(name) for name in ("com", "span", "halflife", "alpha")}
    known = {name: one for name, one in given.items() if one is not None}
    plain = how.get("times") is None and how.get("method", "single") == "single"
    if len(known) != 1 or not plain or not how.get("adjust", True):
        return None
    ((name, value),) = known.items()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    if name == "alpha":
        return float(value)
    if name == "halflife":
        return float(1 - np.exp(np.log(0.5) / value))
    return float(1 / (1 + value) if name == "com" else 2 / (value + 1))


def _windows(values: Any, how: dict[str, Any], **more: Any) -> Any:
    """pandas' windows of an array, which have a result from the first value on."""
    given = {"alpha": alpha_of(how), "ignore_na": how.get("ignore_na", False)}
    return pd.Series(values).ewm(**{**given, "min_periods": 0, **more})


def _parts(values: Any, method: str, how: dict[str, Any]) -> dict[str, Any]:
    """Of each row, of the partition alone: observations, steps, sums of weights, value, spread."""
    alpha = alpha_of(how)
    assert alpha is not None, "windows by numbers"
    seen = ~np.isnan(values)
    count = np.cumsum(seen)
    steps = count if how.get("ignore_na", False) else np.arange(1, len(values) + 1)
    ones = np.where(seen, 1.0, np.nan)
    square = {"alpha": 1 - (1 - alpha) ** 2}
    found = {"observed": count, "steps": steps, "seen": seen}
    found["total"] = _windows(ones, how).sum().to_numpy()
    if method == "sum":
        found["value"] = _windows(values, how).sum().to_numpy()
    else:
        found["value"] = _windows(values, how).mean().to_numpy()
    if method in ("var", "std"):
        found["spread"] = _windows(values, how).var(bias=True).to_numpy()
        found["squares"] = (
            _windows(ones, how, **square).sum().to_numpy() if alpha < 1 else ones.copy()
        )
    return {name: np.nan_to_num(one) if name != "seen" else one for name, one in found.items()}


def find_weights(values: Any, method: str, how: dict[str, Any]) -> Weights:
    """What a partition hands on."""
    if not len(values):
        return NONE
    found = _parts(values, method, how)
    steps, places = int(found["steps"][-1]), np.flatnonzero(found["seen"])
    if not len(places):
        return NONE._replace(gap=steps)
    last = {name: one[places[-1]].item() for name, one in found.items()}
    made = NONE._replace(**{name: one for name, one in last.items() if name != "seen"})
    return made._replace(gap=steps - made.steps)


def add_weights(before: Weights, after: Weights, method: str, how: dict[str, Any]) -> Weights:
    """What two parts that follow each other amount to."""
    if not after.observed:
        return before._replace(gap=before.gap + after.gap)
    decay = (1 - (alpha_of(how) or 0.0)) ** (before.gap + after.steps)
    old = before.total * decay
    made = after._replace(
        observed=before.observed + after.observed,
        total=old + after.total,
        squares=before.squares * decay**2 + after.squares,
        steps=before.steps + before.gap + after.steps,
    )
    if method == "sum":
        return made._replace(value=before.value * decay + after.value)
    share = old / made.total
    apart = share * (1 - share) * (before.value - after.value) ** 2
    return made._replace(
        value=share * before.value + (1 - share) * after.value,
        spread=share * before.spread + (1 - share) * after.spread + apart,
    )


def weigh_rows(
    values: Any, states: list[Any], method: str, how: dict[str, Any], *, bias: bool
) -> Any:
    """The results of the rows of a partition; states: of all partitions before."""
    least = max(how.get("min_periods") or 0, 1)
    before = NONE
    for one in states:
        before = add_weights(before, one, method, how)
    found = _parts(values, method, how)
    decay = (1 - (alpha_of(how) or 0.0)) ** (before.gap + found["steps"])
    count = before.observed + found["observed"]
    total = before.total * decay + found["total"]
    if method == "sum":
        made = before.value * decay + found["value"]
        return np.where(count < least, np.nan, made)
    old, here = before.total * decay, found["observed"] > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(here, old / total, 1.0)
    made = share * before.value + (1 - share) * found["value"]
    first = before.value
    if method in ("var", "std"):
        squares = before.squares * decay**2 + found["squares"]
        apart = share * (1 - share) * (before.value - found["value"]) ** 2
        made = share * before.spread + (1 - share) * found["spread"] + apart
        made = _corrected(made, count, total, squares, method=method, bias=bias)
        ends = (before.spread, before.observed, before.total, before.squares)
        first = _corrected(*map(np.float64, ends), method=method, bias=bias)
    known = np.append(first if before.observed else np.nan, made)
    filled = _fill(known, np.concatenate([[True], found["seen"]]))[1:]
    return np.where(count < least, np.nan, filled)


def _fill(values: Any, seen: Any) -> Any:
    """Each value after the last one that was made of an observation."""
    places = np.maximum.accumulate(np.where(seen, np.arange(len(values)), 0))
    return values[places]


def _corrected(
    spread: Any, count: Any, total: Any, squares: Any, *, method: str, bias: bool
) -> Any:
    """The variance or deviation by the variance with bias."""
    if not bias:
        with np.errstate(invalid="ignore", divide="ignore"):
            free = total**2 - squares
            spread = np.where((count > 1) & (free > 0), spread * total**2 / free, np.nan)
    return np.sqrt(spread) if method == "std" else spread
