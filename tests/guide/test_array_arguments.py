"""Arguments and methods as programs pass them: out=, where=, dtype=, operators with any operand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.guide.array_steps import Step, check_arrays

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    r = np.random.default_rng(1)
    return {
        "a": r.random((6, 9)),
        "b": np.where(r.random((6, 9)) > 0.5, 0.0, 2.0),
        "i": r.integers(0, 5, (6, 9)),
        "v": r.random(9),
    }


def _div(m: Any, d: Any) -> Any:
    return m.divide(d.a, d.b, out=m.zeros_like(d.a), where=d.b != 0)


def _log(m: Any, d: Any) -> Any:
    o = m.full(d.a.shape, -1.0)
    m.log(d.b, out=o, where=d.b > 0)
    return o


def _out(m: Any, d: Any) -> Any:
    o = m.empty(d.a.shape)
    m.multiply(d.a, 2, out=o)
    return o


def _out2(m: Any, d: Any) -> Any:
    o = m.empty((6,))
    m.sum(d.a, axis=1, out=o)
    return o


def _cumout(m: Any, d: Any) -> Any:
    o = m.empty(d.a.shape)
    m.cumsum(d.a, axis=1, out=o)
    return o


def _clipout(m: Any, d: Any) -> Any:
    m.clip(d.a, 0.2, 0.4, out=d.a)
    return d.a


def _copyto(m: Any, d: Any) -> Any:
    m.copyto(d.a, d.b, where=d.b > 0)
    return d.a


def _putmask(m: Any, d: Any) -> Any:
    m.putmask(d.a, d.b > 0, 9.0)
    return d.a


def _place(m: Any, d: Any) -> Any:
    m.place(d.a, d.b > 0, [1.0, 2.0])
    return d.a


def _filld(m: Any, d: Any) -> Any:
    x = d.a[:6, :6] + 0
    m.fill_diagonal(x, 0)
    return x


STEPS: dict[str, Step] = {
    "divide where": _div,
    "log where": _log,
    "out": _out,
    "sum out": _out2,
    "cumsum out": _cumout,
    "clip out": _clipout,
    "copyto": _copyto,
    "putmask": _putmask,
    "place": _place,
    "fill_diagonal": _filld,
    "dtype": lambda m, d: m.add(d.i, d.i, dtype="f4"),
    "where everything": lambda m, d: m.add(d.a, 1, where=True),
    "sum where": lambda m, d: m.sum(d.a, where=d.b > 0),
    "mean where": lambda m, d: m.mean(d.a, axis=0, where=d.b > 0),
    "reduceat": lambda m, d: m.add.reduceat(d.a, [0, 3, 5], axis=1),
    "outer": lambda m, d: m.multiply.outer(d.v, d.v),
    "reduce in a dtype": lambda m, d: m.add.reduce(d.i, axis=0, dtype="f4", keepdims=True),
    "sum of columns": lambda m, d: d.a.sum(0, None),
    "mean by position": lambda m, d: d.a.mean(0),
    "std by position": lambda m, d: d.a.std(1, ddof=1),
    "x.argsort": lambda m, d: d.a.argsort(axis=0),
    "x.take": lambda m, d: d.a.take([1, 2], axis=1),
    "x.repeat": lambda m, d: d.v.repeat(2),
    "x.clip": lambda m, d: d.a.clip(0.2, 0.4),
    "x.clip kw": lambda m, d: d.a.clip(max=0.4),
    "x.ptp": lambda m, d: m.ptp(d.a),
    "x.nonzero": lambda m, d: d.i.nonzero(),
    "x.any": lambda m, d: d.b.any(axis=0),
    "x.round": lambda m, d: d.a.round(2),
    "x.compress": lambda m, d: m.compress([True, False] * 3, d.a, axis=0),
    "x.searchsorted": lambda m, d: m.sort(d.v).searchsorted(0.5),
    "x.squeeze": lambda m, d: d.a[:1].squeeze(),
    "x.diagonal": lambda m, d: d.a.diagonal(),
    "x.trace": lambda m, d: d.a.trace(),
    "x.T": lambda m, d: d.a.T.ravel(),
    "x.swap": lambda m, d: d.a.swapaxes(0, 1),
    "x.flatten": lambda m, d: d.a.flatten(),
    "x.cumprod": lambda m, d: d.a.cumprod(axis=0),
    "x.var": lambda m, d: d.a.var(axis=0, ddof=1),
    "x.max init": lambda m, d: d.a.max(axis=0, initial=0.5),
    "x.item2": lambda m, d: d.a.item(1, 2),
    "x.astype kw": lambda m, d: d.a.astype("i4", copy=False),
    "x.reshape order": lambda m, d: d.a.reshape(9, 6),
    "x.real": lambda m, d: d.a.real,
    "len": lambda m, d: len(d.a),
    "iter": lambda m, d: [r.sum() for r in d.a],
    "min ax tuple": lambda m, d: d.a.min(axis=(0, 1)),
    "format": lambda m, d: f"{d.a[0, 0]:.2f} {d.i[0, 0]:d}",
    "int": lambda m, d: int(d.i[1, 1]),
    "range": lambda m, d: list(range(d.i[0, 0])),
    "slice lazy": lambda m, d: d.v[: d.i.max()],
    "idx lazy": lambda m, d: d.v[d.i[0]],
    "abs": lambda m, d: abs(-d.a),
    "pos": lambda m, d: +d.a,
    "inv": lambda m, d: ~d.i,
    "rsub": lambda m, d: 1 - d.a,
    "rpow": lambda m, d: 2**d.i,
    "rdiv": lambda m, d: 1 / (d.a + 1),
    "rfloordiv": lambda m, d: 7 // (d.i + 1),
    "rmod": lambda m, d: 7 % (d.i + 1),
    "rmat": lambda m, d: np.ones((2, 6)) @ d.a,
    "list add": lambda m, d: d.v + [1] * 9,
    "radd list": lambda m, d: [1] * 9 + d.v,
    "np scalar": lambda m, d: np.float32(2) * d.i,
    "cmp chain": lambda m, d: (d.a > 0.2) & (d.a < 0.8),
    "not": lambda m, d: m.logical_not(d.b),
    "divmod": lambda m, d: divmod(d.i, 2),
    "pow3": lambda m, d: pow(d.a, 2),
    "setitem bool": lambda m, d: (d.a.__setitem__(d.b > 0, 0), d.a)[1],
    "setitem row": lambda m, d: (d.a.__setitem__(0, d.v), d.a)[1],
    "setitem bcast": lambda m, d: (d.a.__setitem__((slice(None), 0), 5), d.a)[1],
    "setitem lazy mask arr": lambda m, d: (d.a.__setitem__(d.b > 0, d.a[d.b > 0] * 2), d.a)[1],
    "setitem err": lambda m, d: (d.a.__setitem__(0, [1, 2]), d.a)[1],
    "setitem cast": lambda m, d: (d.i.__setitem__(0, 2.7), d.i)[1],
    "setitem nan int": lambda m, d: (d.i.__setitem__((0, 0), np.nan), d.i)[1],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check_arrays(STEPS[name], _data())
