"""Aggregates of groups over small codes: one pass of NumPy a primitive, whatever the keys were.

Integers are added up in 64 bits and wrap there, as pandas' do; what means and variances are made
of is added up in float64. A missing value takes no part; in a column of pandas' NumPy types a NaN
is one. Squared distances are found from the group's own mean, and combined by the pairwise formula
of Chan, Golub and LeVeque (1979).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe.kernels.group_rows import Groups, group_rows, is_in_order
from shframe.dataframe.kernels.key_codes import Codes, code_column, mix_codes, one_array
from shframe.dataframe.kernels.row_ranks import order_of_columns

SHORT_RUN = 16  # rows of each group, which follow each other, that are compared with each other
LARGE_GROUP = 256  # rows; selecting the middle of each such group takes less time than a sort


class Values:
    """One column's values by groups: what its primitives share is found once."""

    def __init__(self, column: Any, dtype: Any, groups: Groups) -> None:
        self.groups, self.dtype = groups, dtype
        self.array = one_array(column)
        self.codes, self.total = groups.codes, groups.total
        self.found: dict[str, Any] = {}
        self._missing = self._find_missing()
        if self._missing is not None:
            self.codes = self.codes[~self._missing]

    def _find_missing(self) -> Any:
        """Where a value is missing, (rows,) bool; None where none is."""
        array = self.array
        missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
        if pa.types.is_floating(array.type) and self._is_numpy:
            gap = np.isnan(array.to_numpy(zero_copy_only=False))
            return gap if gap.any() else None
        return missing

    @property
    def numbers(self) -> Any:
        """The values that are there, as NumPy has them; times and text as integers in order."""
        if "numbers" not in self.found:
            self.found["numbers"] = self._read_numbers()
        return self.found["numbers"]

    def _read_numbers(self) -> Any:
        array = self.array
        kind = array.type
        if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
            array = array.view(pa.int64())
        if not pa.types.is_floating(kind) and array.null_count:
            array = array.fill_null(False if pa.types.is_boolean(kind) else 0)
        values = array.to_numpy(zero_copy_only=False)
        return values if self._missing is None else values[~self._missing]

    # --- primitives, one value a code -----------------------------------------------------

    def find(self, primitive: str) -> Any:
        """(values by code, codes that have none or None)."""
        if primitive not in self.found:
            self.found[primitive] = getattr(self, f"_{primitive}")()
        made: tuple[Any, Any] = self.found[primitive]
        return made

    def _count(self) -> tuple[Any, Any]:
        if self._missing is None:
            return self.groups.sizes, None
        return np.bincount(self.codes, minlength=self.total), None

    def _total(self) -> tuple[Any, Any]:
        return add_floats(self.codes, self.numbers, self.total), None

    def _sum(self) -> tuple[Any, Any]:
        numbers = self.numbers
        if numbers.dtype.kind == "f":
            return self._total()
        return add_integers(self.codes, numbers, self.total), None

    def _prod(self) -> tuple[Any, Any]:
        numbers = self.numbers
        kinds = {"f": numbers.dtype, "u": np.dtype("u8")}
        made = np.ones(self.total, kinds.get(numbers.dtype.kind, np.dtype("i8")))
        np.multiply.at(made, self.codes, numbers.astype(made.dtype, copy=False))
        return made, None

    def _m2(self) -> tuple[Any, Any]:
        total, count = self.find("total")[0], self.find("count")[0]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            mean = total / count
            apart = self.numbers.astype(np.float64) - mean[self.codes]
            apart *= apart
        return add_floats(self.codes, apart, self.total), None

    def _min(self) -> tuple[Any, Any]:
        return self._extreme(np.minimum)

    def _max(self) -> tuple[Any, Any]:
        return self._extreme(np.maximum)

    def _extreme(self, choose: Any) -> tuple[Any, Any]:
        numbers = self.numbers
        if numbers.dtype.kind == "b":
            numbers = numbers.astype(np.uint8)
        if numbers.dtype.kind == "f":
            limit = np.inf if choose is np.minimum else -np.inf
        else:
            bounds = np.iinfo(numbers.dtype)
            limit = bounds.max if choose is np.minimum else bounds.min
        made = np.full(self.total, limit, numbers.dtype)
        choose.at(made, self.codes, numbers)
        return made, self._empty()

    def _any(self) -> tuple[Any, Any]:
        made = np.zeros(self.total, bool)
        made[self.codes[self.numbers != 0]] = True
        return made, None

    def _all(self) -> tuple[Any, Any]:
        made = np.ones(self.total, bool)
        made[self.codes[self.numbers == 0]] = False
        return made, None

    def _empty(self) -> Any:
        """Codes without a value; None where every row has one."""
        return None if self._missing is None else self.find("count")[0] == 0

    # --- what only whole groups have ------------------------------------------------------

    def _nunique(self) -> tuple[Any, Any]:
        array = self.array
        if array.null_count and pa.types.is_integer(array.type) and self._is_numpy:
            array = array.cast(pa.float64(), safe=False)  # as it is in pandas
        values = _codes(array, self.dtype)
        known = self._missing is None
        codes = self.groups.codes if known else self.codes
        seen = [one if known else one[~self._missing] for one in (values.values, *values.proofs)]
        most = int(self.groups.sizes.max(initial=0))
        if most <= SHORT_RUN and is_in_order(codes):
            new = _differ_in_runs(codes, seen, most)
        else:
            groups = Codes(codes.astype(np.uint64), self.total)
            pairs = mix_codes([groups, Codes(seen[0], values.size, None, tuple(seen[1:]))])
            new = group_rows(pairs).first
        return np.bincount(codes[new], minlength=self.total), None

    def _median(self) -> tuple[Any, Any]:
        values = self.numbers.astype(np.float64)
        counts = self.find("count")[0]
        there = np.flatnonzero(counts)
        if len(values) >= LARGE_GROUP * len(there):
            low, high = _select_middle(values, self.codes, counts)
        else:
            low, high = _sort_to_middle(values, self.codes, counts)
        made = np.full(self.total, np.nan)
        with np.errstate(invalid="ignore", over="ignore"):
            made[there] = np.where(counts[there] % 2 == 1, low, (low + high) / 2)
        return made, None

    # --- primitives that are rows ---------------------------------------------------------

    def rows(self, primitive: str) -> Any:
        """The row of each code's first or last value, or smallest or largest text; -1: none."""
        if primitive in ("min", "max"):
            return self._extreme_rows(primitive)
        rows = np.arange(len(self.array)) if self._missing is None else ~self._missing
        places = rows if self._missing is None else np.flatnonzero(rows)
        made = np.full(self.total, -1, np.int64)
        if primitive == "first":
            made[self.codes[::-1]] = places[::-1]
        else:
            made[self.codes] = places
        return made

    def _extreme_rows(self, primitive: str) -> Any:
        """By the ranks of the different strings."""
        array = self.array if pa.types.is_dictionary(self.array.type) else None
        array = self.array.dictionary_encode() if array is None else array
        ranks = np.empty(len(array.dictionary), np.int64)
        ranks[pc.sort_indices(array.dictionary).to_numpy()] = np.arange(len(ranks))
        indices = array.indices.drop_null().to_numpy()
        ranked = ranks[indices]
        choose: Any = np.minimum if primitive == "min" else np.maximum
        best = np.full(self.total, len(ranks) if primitive == "min" else -1, np.int64)
        choose.at(best, self.codes, ranked)
        places = np.arange(len(array)) if self._missing is None else np.flatnonzero(~self._missing)
        here = ranked == best[self.codes]
        made = np.full(self.total, -1, np.int64)
        made[self.codes[here][::-1]] = places[here][::-1]
        return made

    # --- results --------------------------------------------------------------------------

    def column(self, primitive: str) -> Any:
        """A primitive of each group that is there, as Arrow data."""
        present = self.groups.present
        if primitive in ("first", "last") or (primitive in ("min", "max") and not self._is_plain):
            rows = self.rows(primitive)[present]
            missing = rows < 0
            return self.array.take(pa.array(rows, mask=missing if missing.any() else None))
        made, empty = self.find(primitive)
        made = made[present]
        if primitive not in ("min", "max"):
            return pa.array(made)
        gaps = empty[present] if empty is not None and empty[present].any() else None
        if made.dtype.kind == "f" and gaps is not None:
            made = np.where(gaps, np.nan, made).astype(made.dtype)
            gaps = None
        kind = self.array.type
        if pa.types.is_boolean(kind):
            return pa.array(made != 0, mask=gaps)
        if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
            return pa.array(made, mask=gaps).view(kind)
        return pa.array(made, mask=gaps)

    @property
    def _is_numpy(self) -> bool:
        return isinstance(self.dtype, np.dtype)

    @property
    def _is_plain(self) -> bool:
        kind, types = self.array.type, pa.types
        return bool(
            not (types.is_dictionary(kind) or types.is_string(kind) or types.is_large_string(kind))
        )


def _codes(array: Any, dtype: Any, ordered: bool = False) -> Codes:
    codes = code_column(array, dtype, ordered)
    if codes is None:
        raise AssertionError("a column without codes is aggregated by pandas")
    return codes


def _codes_of_groups(numbers: Any, total: int) -> Codes:
    return Codes(numbers.astype(np.uint64), total)


def _differ_in_runs(codes: Any, values: list[Any], most: int) -> Any:
    """Which rows differ from all before them in their run of equal codes, which has `most` rows."""
    new = np.ones(len(codes), bool)
    for apart in range(1, most):
        same = codes[apart:] == codes[:-apart]
        for one in values:
            same &= one[apart:] == one[:-apart]
        new[apart:] &= ~same
    return new


def _select_middle(values: Any, codes: Any, counts: Any) -> tuple[Any, Any]:
    """The two middle values of each group that has any; a selection for each group."""
    narrow = codes.astype(np.min_scalar_type(len(counts)))  # of two bytes they go by radix
    grouped = values[np.argsort(narrow, kind="stable")]
    sizes = counts[counts > 0]
    begins = np.cumsum(sizes) - sizes
    low, high = begins + (sizes - 1) // 2, begins + sizes // 2
    for begin, size in zip(begins.tolist(), sizes.tolist(), strict=True):
        grouped[begin : begin + size].partition(((size - 1) // 2, size // 2))
    return grouped[low], grouped[high]


def _sort_to_middle(values: Any, codes: Any, counts: Any) -> tuple[Any, Any]:
    """The same by the order of all values."""
    ranked = _codes(pa.array(values), values.dtype, ordered=True)
    order = order_of_columns([_codes_of_groups(codes, len(counts)), ranked])
    sizes = counts[counts > 0]
    begins = np.cumsum(sizes) - sizes
    return values[order[begins + (sizes - 1) // 2]], values[order[begins + sizes // 2]]


def add_floats(codes: Any, numbers: Any, total: int) -> Any:
    """Sums by code in float64."""
    made = np.bincount(codes, weights=numbers, minlength=total)
    return made.astype(np.float64, copy=False)  # of nothing they are integers


def add_integers(codes: Any, numbers: Any, total: int) -> Any:
    """Sums by code in 64 bits, which wrap; by floats where these are exact: that is quicker."""
    wide = np.dtype(np.uint64 if numbers.dtype.kind == "u" else np.int64)
    if not len(numbers):
        return np.zeros(total, wide)
    largest = max(abs(int(numbers.min())), abs(int(numbers.max())))
    if largest * len(numbers) < 1 << 53:
        return np.bincount(codes, weights=numbers, minlength=total).astype(wide)
    made = np.zeros(total, wide)
    np.add.at(made, codes, numbers.astype(wide, copy=False))
    return made


def add_columns(column: Any, groups: Groups) -> Any:
    """Partial sums or counts of each group added up, as Arrow data; a NaN among them stays one."""
    values = one_array(column).to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        made = add_floats(groups.codes, values, groups.total)
        return pa.array(made[groups.present].astype(values.dtype))
    made = np.zeros(groups.total, values.dtype)
    np.add.at(made, groups.codes, values)
    return pa.array(made[groups.present])


def multiply_columns(column: Any, groups: Groups) -> Any:
    """Partial products of each group multiplied."""
    values = one_array(column).to_numpy(zero_copy_only=False)
    made = np.ones(groups.total, values.dtype)
    np.multiply.at(made, groups.codes, values)
    return pa.array(made[groups.present])


def combine_m2(m2: Any, total: Any, count: Any, groups: Groups) -> Any:
    """Squared distances from the mean of each group, from those of its parts."""
    spread, sums, counts = (
        one_array(one).to_numpy(zero_copy_only=False) for one in (m2, total, count)
    )
    codes, size = groups.codes, groups.total
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        whole = add_floats(codes, sums, size) / add_floats(codes, counts, size)
        apart = np.where(counts > 0, sums / counts - whole[codes], 0.0)
        spread = spread + counts * apart * apart
    made = add_floats(codes, spread, size)
    return pa.array(made[groups.present])
