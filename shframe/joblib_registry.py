"""register_joblib: how joblib learns of the backend "shframe". Imports no joblib by itself."""

from __future__ import annotations

import sys


def register_joblib() -> None:
    """Make `joblib.parallel_config("shframe")` known.

    `import shframe` does so by itself where joblib was imported before. Otherwise call this once.

    Raises: ImportError without joblib.

    Examples
    --------
    >>> import joblib, shframe as sf
    >>> sf.register_joblib()
    >>> with joblib.parallel_config("shframe", n_jobs=2):
    ...     joblib.Parallel()(joblib.delayed(abs)(n) for n in range(-3, 0))
    [3, 2, 1]
    >>> sf.shutdown()
    """
    from shframe.joblib_backend import register

    register()


def announce() -> None:
    """Have joblib load the backend when it is first asked for: as it does with its own for Dask."""
    parallel = sys.modules.get("joblib.parallel")
    known = getattr(parallel, "EXTERNAL_BACKENDS", None)
    if known is not None:
        known.setdefault("shframe", register_joblib)
