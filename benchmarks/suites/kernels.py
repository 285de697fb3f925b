"""The kernels that a task could call on one partition: kernel, type of the key, cardinality.

All run on one thread, on arrays in Arrow's memory, as a worker has them. The table decides which
library a kernel of ours calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import acero

from shframe.benchmarks.suites.case import Case

TYPES = ["dense int", "sparse int", "float", "string", "dictionary"]
CARDINALITIES = [100, 10_000, 1_000_000]


def make_key(rng: Any, kind: str, count: int, cardinality: int) -> Any:
    """Keys as an Arrow array, drawn evenly from so many different ones."""
    codes = rng.integers(0, cardinality, count)
    if kind == "dense int":
        return pa.array(codes)
    if kind == "sparse int":
        return pa.array(codes * 7_919 % (1 << 40) * 1_000_003)
    if kind == "float":
        return pa.array(codes / 7)
    words = pc.binary_join_element_wise(
        "id", pc.utf8_lpad(pc.cast(pa.array(np.arange(cardinality)), pa.string()), 10, "0"), ""
    )
    strings = words.take(pa.array(codes))
    return strings if kind == "string" else strings.dictionary_encode()


def _numbers(key: Any) -> Any:
    """Keys as NumPy has them; the codes of a dictionary."""
    if pa.types.is_dictionary(key.type):
        return key.indices.to_numpy()
    return key.to_numpy(zero_copy_only=False)


# --- group codes: a number below the count of different keys for each row -----------------------


def codes_arrow(key: Any, _: Any) -> Any:
    encoded = key if pa.types.is_dictionary(key.type) else key.dictionary_encode()
    return len(encoded.dictionary)


def codes_pandas(key: Any, _: Any) -> Any:
    _codes, words = pd.factorize(_numbers(key))
    return len(words)


def codes_sorted(key: Any, _: Any) -> Any:
    values = _numbers(key)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.append(True, ordered[1:] != ordered[:-1])
    codes = np.empty(len(values), np.int64)
    codes[order] = np.cumsum(new) - 1
    return int(new.sum())


def codes_direct(key: Any, _: Any) -> Any:
    values = _numbers(key)
    low = values.min()
    seen = np.zeros(int(values.max() - low) + 1, bool)
    seen[values - low] = True
    places = np.cumsum(seen) - 1
    places[values - low]
    return int(seen.sum())


# --- hash aggregate: the sum of another column for each key ---------------------------------------


def sum_acero(key: Any, value: Any) -> Any:
    table = pa.table({"k": key, "v": value})
    return len(table.group_by("k", use_threads=False).aggregate([("v", "sum")]))


def sum_pandas(key: Any, value: Any) -> Any:
    frame = pd.DataFrame({"k": pd.Series(_numbers(key)), "v": value.to_numpy()})
    return len(frame.groupby("k", sort=False)["v"].sum())


def sum_by_codes(key: Any, value: Any) -> Any:
    encoded = key if pa.types.is_dictionary(key.type) else key.dictionary_encode()
    sums = np.bincount(encoded.indices.to_numpy(), value.to_numpy(), len(encoded.dictionary))
    return len(sums)


def sum_direct(key: Any, value: Any) -> Any:
    values = _numbers(key)
    sums = np.bincount(values, value.to_numpy())
    counts = np.bincount(values)
    return int((counts > 0).sum()) if len(sums) else 0


# --- join probe: for each row its match among unique keys -----------------------------------------


def probe_arrow(key: Any, unique: Any) -> Any:
    return len(key) - pc.index_in(key, value_set=unique).null_count


def probe_acero(key: Any, unique: Any) -> Any:
    left = acero.Declaration("table_source", acero.TableSourceNodeOptions(pa.table({"k": key})))
    right = acero.Declaration("table_source", acero.TableSourceNodeOptions(pa.table({"u": unique})))
    options = acero.HashJoinNodeOptions("inner", left_keys=["k"], right_keys=["u"])
    joined = acero.Declaration("hashjoin", options, inputs=[left, right])
    return len(joined.to_table(use_threads=False))


def probe_pandas(key: Any, unique: Any) -> Any:
    places = pd.Index(_numbers(unique)).get_indexer(_numbers(key))
    return int((places >= 0).sum())


def probe_sorted(key: Any, unique: Any) -> Any:
    values, keys = _numbers(key), np.sort(_numbers(unique))
    places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    return int((keys[places] == values).sum())


def probe_direct(key: Any, unique: Any) -> Any:
    values, keys = _numbers(key), _numbers(unique)
    place = np.full(int(max(values.max(), keys.max())) + 1, -1)
    place[keys] = np.arange(len(keys))
    return int((place[values] >= 0).sum())


# --- sort: the order of the rows ------------------------------------------------------------------


def sort_arrow(key: Any, _: Any) -> Any:
    if pa.types.is_dictionary(key.type):
        key = key.indices
    return len(pc.sort_indices(key))


def sort_numpy(key: Any, _: Any) -> Any:
    return len(np.argsort(_numbers(key), kind="stable"))


def sort_by_codes(key: Any, _: Any) -> Any:
    """Words are sorted once; then codes, which are small numbers, by a radix sort."""
    encoded = key if pa.types.is_dictionary(key.type) else key.dictionary_encode()
    ranks = np.empty(len(encoded.dictionary), np.int32)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks))
    codes = ranks[encoded.indices.to_numpy()]
    small = codes.astype(np.uint16) if len(ranks) < 1 << 16 else codes
    return len(np.argsort(small, kind="stable"))


KERNELS: dict[str, dict[str, Callable[[Any, Any], Any]]] = {
    "codes": {
        "arrow": codes_arrow,
        "pandas": codes_pandas,
        "sorted": codes_sorted,
        "direct": codes_direct,
    },
    "sum": {
        "acero": sum_acero,
        "pandas": sum_pandas,
        "by codes": sum_by_codes,
        "direct": sum_direct,
    },
    "probe": {
        "arrow": probe_arrow,
        "acero": probe_acero,
        "pandas": probe_pandas,
        "sorted": probe_sorted,
        "direct": probe_direct,
    },
    "sort": {"arrow": sort_arrow, "sorted": sort_numpy, "by codes": sort_by_codes},
}
WAYS = ["arrow", "acero", "pandas", "sorted", "by codes", "direct"]


class Kernels(Case):
    """A partition of 1.25 million rows: group codes, sums, probes and orders, several ways."""

    size, quick_size, large_size = 1_250_000, 20_000, 12_500_000
    params = ([*KERNELS], TYPES, CARDINALITIES, WAYS)

    @classmethod
    def can_ask(cls, question: tuple[str, ...], engine: str) -> bool:
        kernel, kind, _ = question
        if engine not in KERNELS[kernel]:
            return False
        if kind == "dictionary" and kernel == "codes":
            return False  # they are there
        if kind == "dictionary" and (kernel, engine) == ("probe", "acero"):
            return False  # Acero cannot join on dictionaries that differ
        if kind == "string" and engine == "sorted":
            return False  # NumPy would sort Python's objects
        return engine != "direct" or kind in ("dense int", "dictionary")

    def setup(self, kernel: str, kind: str, cardinality: int, engine: str) -> None:
        pa.set_cpu_count(1)
        rng = np.random.default_rng(3)
        self._key = make_key(rng, kind, self.size, cardinality)
        self._other: Any = pa.array(rng.random(self.size))
        if kernel == "probe":
            self._other = self._key.unique()
            if kind == "dictionary":
                self._other = pa.array(np.unique(_numbers(self._key)))
                self._key = self._key.indices

    def time_answer(self, kernel: str, kind: str, cardinality: int, engine: str) -> Any:
        return KERNELS[kernel][engine](self._key, self._other)
