"""Rows of several frames beside each other: merge and join."""

from __future__ import annotations

from typing import Any, Self

import pandas as pd

from shframe.dataframe.methods import joining
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.rows import Rows
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType


class FrameJoining(Rows):
    """Methods that match rows of a frame with those of others."""

    __slots__ = ()

    def merge(
        self,
        right: Any,
        how: str = "inner",
        on: Any = None,
        left_on: Any = None,
        right_on: Any = None,
        left_index: bool = False,
        right_index: bool = False,
        sort: bool = False,
        suffixes: tuple[str | None, str | None] = ("_x", "_y"),
        copy: Any = None,
        indicator: bool | str = False,
        validate: str | None = None,
    ) -> Self:
        """Rows of both frames that have equal keys, in pandas' order; the index counts them.

        how: "inner", "left", "right", "outer", "cross", "left_anti", "right_anti", and "leftsemi":
            the rows of this frame that have a partner, each once.
        left_index, right_index: the labels of rows are the keys of that side.
        copy: has no effect, as in pandas 3.

        Cost: with labels as keys each partition gets the right side whole, and of "right", "outer"
        and sort=True one task has both sides.

        Raises: ColumnNotFound for a key that a side does not have, InvalidArgument for a `how`
        or a combination of keys that pandas does not have, pandas' MergeError when it is computed.
        """
        other = wrap(store_pandas(right, 1)) if isinstance(right, pd.DataFrame) else right
        how_keys = (how, on, left_on, right_on, left_index, right_index)
        more = (sort, suffixes, indicator, validate)
        return self._wrap(joining.merge(self.expr, joining.as_frame(other), *how_keys, *more))

    def join(
        self,
        other: Any,
        on: Any = None,
        how: str = "left",
        lsuffix: str = "",
        rsuffix: str = "",
        sort: bool = False,
        validate: str | None = None,
        suffixes: tuple[str | None, str | None] | None = None,
    ) -> Self:
        """The columns of another object beside these, by its labels of rows.

        on: columns of this frame that are matched with those labels, instead of its own.
        suffixes: of equal labels on both sides; lsuffix and rsuffix are their older names.

        Cost: each partition gets the other object whole; of "right", "outer" and sort=True, and of
        a list of objects, one task has all.
        """
        if validate is not None:
            raise UnsupportedType(
                "join() takes no validate=: merge() has it, with right_index=True"
            )
        many = isinstance(other, (list, tuple))
        others = [
            wrap(store_pandas(one, 1)) if isinstance(one, (pd.Series, pd.DataFrame)) else one
            for one in (other if many else [other])
        ]
        nodes = [one.expr for one in others]
        both = (lsuffix, rsuffix) if suffixes is None else (suffixes[0] or "", suffixes[1] or "")
        made = joining.join(self.expr, nodes, on, how, both, sort, many)
        return self._wrap(made)
