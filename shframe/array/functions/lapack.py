"""Calling numpy.linalg: a function of it on each matrix in the last two axes. Stacks of matrices
are worked on block by block along the other axes; each matrix is gathered into one block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.calling import call_for_several, call_kernel, whole_along
from shframe.array.functions.numpy_probe import ask
from shframe.array.grid.chunks import Chunks
from shframe.array.kernels import matrices as kernels
from shframe.errors import ChunkMismatch, InvalidArgument


def check_matrix(x: Node, *, square: bool = False) -> None:
    if x.ndim < 2:
        raise InvalidArgument(
            f"{x.ndim}-dimensional array given. Array must be at least two-dimensional"
        )
    if square and x.shape[-1] != x.shape[-2]:
        raise ChunkMismatch(
            f"Last 2 dimensions of the array must be square\n  the array has the shape {x.shape}"
        )


def call_lapack(name: str, x: Node, cores: list[tuple[int, ...]], **how: Any) -> tuple[Node, ...]:
    """A function of numpy.linalg on each matrix: its results have these shapes a matrix."""
    x = whole_along(x, (x.ndim - 2, x.ndim - 1))
    kinds = learn_dtypes(name, [x], **how)
    weight = float(max(*x.shape[-2:], 8))
    over: Chunks = (*x.chunks[:-2], (1,), (1,))
    labels = [(*range(x.ndim - 2), x.ndim - 2, x.ndim - 1)]
    grids_ = [(*x.chunks[:-2], *((n,) for n in core)) for core in cores]
    options: dict[str, Any] = {"name": name, "how": tuple(sorted(how.items())), "dtypes": kinds}
    if len(cores) == 1:
        return (
            call_kernel(
                kernels.call_linalg,
                [x],
                grids_[0],
                kinds[0],
                over=over,
                labels=labels,
                weight=weight,
                **options,
            ),
        )
    made = list(zip(grids_, kinds, strict=True))
    return call_for_several(
        kernels.call_linalg, [x], made, over=over, labels=labels, weight=weight, **options
    )


def learn_dtypes(name: str, given: list[Node], **how: Any) -> tuple[np.dtype[Any], ...]:
    """The dtypes of the results, learned on small matrices."""
    found: list[np.dtype[Any]] = []

    def call(*samples: Any) -> Any:
        made = getattr(np.linalg, name)(*samples, **how)
        several = made if isinstance(made, tuple) else (made,)
        found.extend(np.asarray(each).dtype for each in several)
        return several[0]

    ask(call, name, *(np.eye(1, dtype=each.dtype) for each in given))
    return tuple(found)


def adjoint(x: Node) -> Node:
    turned = manipulation.swapaxes(x, -1, -2)
    return elementwise.call(np.conjugate, turned) if x.dtype.kind == "c" else turned
