"""Functions of other libraries, called with NumPy's arrays and with ours: what test_array_libraries
runs in a process of its own, as SciPy reads SCIPY_ARRAY_API when it is imported. What is not
installed is left out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import shframe as sf
import shframe.array as xp

Calls = dict[str, Callable[..., Any]]


def of_scipy() -> Calls:
    import scipy.fft
    import scipy.integrate
    import scipy.special

    return {
        "logsumexp": lambda m, v, w: scipy.special.logsumexp(m, axis=1),
        "softmax": lambda m, v, w: scipy.special.softmax(m, axis=1),
        "xlogy": lambda m, v, w: scipy.special.xlogy(w, w),
        "fft": lambda m, v, w: scipy.fft.fft(v),
        "trapezoid": lambda m, v, w: scipy.integrate.trapezoid(m, axis=0),
    }


def of_sklearn() -> Calls:
    import sklearn
    from sklearn import metrics, preprocessing

    sklearn.set_config(array_api_dispatch=True)
    return {
        "r2_score": lambda m, v, w: metrics.r2_score(v, w),
        "mean_absolute_error": lambda m, v, w: metrics.mean_absolute_error(v, w),
        "StandardScaler": lambda m, v, w: preprocessing.StandardScaler().fit_transform(m),
        "MinMaxScaler": lambda m, v, w: preprocessing.MinMaxScaler().fit_transform(m),
        "Normalizer": lambda m, v, w: preprocessing.Normalizer().fit_transform(m),
    }


def of_array_api_extra() -> Calls:
    import array_api_extra as extra

    return {
        "cov": lambda m, v, w: extra.cov(m),
        "kron": lambda m, v, w: extra.kron(m, v),
        "pad": lambda m, v, w: extra.pad(v, 2),
        "create_diagonal": lambda m, v, w: extra.create_diagonal(v),
        "at": lambda m, v, w: extra.at(v)[2:4].set(0.0),
    }


def differing(calls: Calls) -> Iterator[str]:
    """Names of functions whose result is another, or is no lazy array where NumPy's is one."""
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(12, 5)), rng.normal(size=30), rng.random(30) + 0.1]
    lazy = [xp.from_array(values, chunks=5) for values in given]
    for name, call in calls.items():
        expected, made = call(*given), call(*lazy)
        kept = isinstance(made, xp.Array) == isinstance(expected, np.ndarray)
        if not kept or not np.allclose(np.asarray(made), expected):
            yield f"{name}: {made!r}"


if __name__ == "__main__":
    sf.init(workers=2, memory="500MB")
    for library in ("scipy", "sklearn", "array_api_extra"):
        if importlib.util.find_spec(library) is not None:
            print(library, list(differing(globals()[f"of_{library}"]())))
    sf.shutdown()
