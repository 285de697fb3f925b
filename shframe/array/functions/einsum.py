"""Einstein sums: products of several arrays, summed over the labels that the result does not have.

Two arrays at a time are multiplied, as matrices, in an order that numpy.einsum_path finds; what is
contracted may be in several blocks.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation, products, reductions
from shframe.array.functions.convert import node_of
from shframe.array.functions.numpy_probe import ask, sample_shape
from shframe.array.functions.products import diagonal_of_axes
from shframe.array.functions.slicing import part
from shframe.errors import ChunkMismatch, InvalidArgument

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
Labels = str


def einsum(
    *operands: Any,
    dtype: Any = None,
    optimize: Any = True,
    casting: Any = "safe",
    order: Any = "K",
) -> Node:
    """The sum of products that a string of labels says, as numpy.einsum has it.

    optimize: whether the order of the products is chosen, or a path as numpy.einsum_path has it.
    Raises: InvalidArgument for labels that do not fit, ChunkMismatch for lengths that differ.

    Examples
    --------
    >>> import shframe.array as xp
    >>> a = xp.ones((2, 3), chunks=2)
    >>> xp.einsum("ij,ij->i", a, a).compute().tolist()
    [3.0, 3.0]
    """
    subscripts, arrays = _parsed(operands)
    samples = [np.ones(sample_shape(x.shape, least=1), x.dtype) for x in arrays]
    kind = ask(
        lambda: np.einsum(subscripts, *samples, dtype=dtype, casting=casting), "einsum"
    ).dtype
    if any(each.dtype.hasobject for each in samples):  # NumPy returns one of the objects
        kind = np.dtype(object)
    inputs, result = _labels(subscripts, arrays)
    _check_lengths(inputs, arrays)
    work = np.dtype(np.intp) if kind == np.bool_ else kind
    terms = [
        _without_repeats(labels, elementwise.astype(x, work))
        for labels, x in zip(inputs, arrays, strict=True)
    ]
    if len(terms) > 2 and optimize is not False:
        shapes = [np.broadcast_to(np.zeros(()), x.shape) for x in arrays]
        path = optimize if isinstance(optimize, list | tuple) else "greedy"
        steps = np.einsum_path(subscripts, *shapes, optimize=path)[0][1:]
    else:
        steps = [(0, 1)] * (len(terms) - 1)
    for chosen in steps:
        pair = [terms[n] for n in chosen]
        terms = [t for n, t in enumerate(terms) if n not in chosen]
        while len(pair) > 1:
            (one, x), (other, y) = pair.pop(0), pair.pop(0)
            needed = set(result).union(*(labels for labels, _ in (*terms, *pair)))
            pair.append(_multiply(one, x, other, y, needed))
        terms.append(pair[0])
    labels, made = terms[0]
    while len(terms) > 1:
        (one, x), (other, y) = terms.pop(0), terms.pop(0)
        needed = set(result).union(*(each for each, _ in terms))
        terms.insert(0, _multiply(one, x, other, y, needed))
    labels, made = terms[0]
    made = _summed(labels, made, set(result))
    kept = [label for label in labels if label in result]
    made = manipulation.permute_dims(made, [kept.index(label) for label in result])
    return elementwise.astype(made, kind)


def _parsed(operands: tuple[Any, ...]) -> tuple[str, list[Node]]:
    """The labels as one string, and the arrays."""
    if not operands:
        raise InvalidArgument(
            "must specify the einstein sum subscripts string and at least one operand"
        )
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), [node_of(x) for x in operands[1:]]
    rest = list(operands)
    text = []
    arrays = []
    while len(rest) >= 2:
        arrays.append(node_of(rest.pop(0)))
        text.append(_letters(rest.pop(0)))
    return ",".join(text) + (f"->{_letters(rest[0])}" if rest else ""), arrays


def _letters(numbers: Any) -> str:
    return "".join("..." if n is Ellipsis else LETTERS[int(n)] for n in numbers)


def _labels(subscripts: str, arrays: list[Node]) -> tuple[list[Labels], Labels]:
    """The labels of each array's axes and of the result's, without dots."""
    left, arrow, right = subscripts.partition("->")
    inputs = left.split(",")
    used = set(subscripts) - set(".,->")
    free = [letter for letter in LETTERS if letter not in used]
    counts = [
        x.ndim - len(labels.replace("...", "")) if "..." in labels else 0
        for labels, x in zip(inputs, arrays, strict=True)
    ]
    dots = "".join(free[: max(counts, default=0)])
    found = [
        labels.replace("...", dots[len(dots) - count :])
        for labels, count in zip(inputs, counts, strict=True)
    ]
    if arrow:
        return found, right.replace("...", dots)
    letters = "".join(found)
    once = sorted(each for each in set(letters) - set(dots) if letters.count(each) == 1)
    return found, dots + "".join(once)


def _check_lengths(inputs: list[Labels], arrays: list[Node]) -> None:
    lengths: dict[str, int] = {}
    for labels, x in zip(inputs, arrays, strict=True):
        for label, length in zip(labels, x.shape, strict=True):
            known = lengths.get(label, 1)
            if 1 not in (known, length) and known != length:
                raise ChunkMismatch(
                    f"operands could not be broadcast together: label {label!r} has the lengths "
                    f"{known} and {length}"
                )
            lengths[label] = max(known, length) if 0 not in (known, length) else 0


def _without_repeats(labels: Labels, x: Node) -> tuple[Labels, Node]:
    """An array whose labels differ: of a label that comes twice the diagonal."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            one = labels.index(label)
            other = labels.index(label, one + 1)
            if x.shape[one] == 1 != x.shape[other]:
                x = part(x, (slice(None),) * one + (0,))
                labels = labels[:one] + labels[one + 1 :]
                continue
            if x.shape[other] == 1 != x.shape[one]:
                x = part(x, (slice(None),) * other + (0,))
                labels = labels[:other] + labels[other + 1 :]
                continue
            x = diagonal_of_axes(x, 0, one, other)
            rest = "".join(each for n, each in enumerate(labels) if n not in (one, other))
            labels = rest + label
    return labels, x


def _summed(labels: Labels, x: Node, needed: set[str]) -> Node:
    axes = tuple(n for n, label in enumerate(labels) if label not in needed)
    return reductions.sum(x, axis=axes, dtype=x.dtype) if axes else x


def _multiply(
    one: Labels, x: Node, other: Labels, y: Node, needed: set[str]
) -> tuple[Labels, Node]:
    """The product of two arrays, summed over what only they have: a product of matrices."""
    x, y = _summed(one, x, needed | set(other)), _summed(other, y, needed | set(one))
    one = "".join(label for label in one if label in needed | set(other))
    other = "".join(label for label in other if label in needed | set(one))
    x, one = _unit_axes_dropped(x, one, y, other)
    y, other = _unit_axes_dropped(y, other, x, one)
    batch = [label for label in one if label in other and label in needed]
    inner = [label for label in one if label in other and label not in needed]
    rows = [label for label in one if label not in other]
    columns = [label for label in other if label not in one]
    if not inner:
        a = _ordered(x, one, batch + rows)
        b = _ordered(y, other, batch + columns)
        a = part(a, (..., *[None] * len(columns)))
        b = part(b, (*[slice(None)] * len(batch), *[None] * len(rows), ...))
        return "".join(batch + rows + columns), elementwise.call(np.multiply, a, b)
    a, b = _ordered(x, one, batch + rows + inner), _ordered(y, other, batch + inner + columns)
    lead = a.shape[: len(batch)]
    sizes = dict(itertools.chain(zip(one, x.shape, strict=True), zip(other, y.shape, strict=True)))
    shape = (*lead, *(sizes[label] for label in rows + columns))
    count = math.prod(sizes[label] for label in inner)
    a = manipulation.reshape(a, (*lead, math.prod(sizes[label] for label in rows), count))
    b = manipulation.reshape(b, (*lead, count, math.prod(sizes[label] for label in columns)))
    made = manipulation.reshape(products.matmul(a, b), shape)
    return "".join(batch + rows + columns), made


def _unit_axes_dropped(x: Node, one: Labels, y: Node, other: Labels) -> tuple[Node, Labels]:
    """Without axes of length 1 that are longer in the other array: they broadcast."""
    index: list[Any] = []
    kept = ""
    for label, length in zip(one, x.shape, strict=True):
        longer = label in other and y.shape[other.index(label)] != 1
        index.append(0 if length == 1 and longer else slice(None))
        kept += "" if length == 1 and longer else label
    return part(x, tuple(index)), kept


def _ordered(x: Node, labels: Labels, wanted: list[str]) -> Node:
    return manipulation.permute_dims(x, [labels.index(label) for label in wanted])
