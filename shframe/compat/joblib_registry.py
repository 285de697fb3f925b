"""register_joblib: registers the backend "shframe" with joblib.

It does not import joblib: the backend is registered when joblib is imported.
"""

from __future__ import annotations

import sys
from typing import Any


def register_joblib() -> None:
    """Make `joblib.parallel_config("shframe")` and `joblib.Parallel(backend="shframe")` known.

    `import shframe` does so already, whichever of the two is imported first; this function is for
    programs that call it explicitly, as with Ray.

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
    from shframe.compat.joblib_backend import register

    register()


def announce() -> None:
    """Have joblib load the backend when it is first used.

    If joblib is not imported yet, this is done when it is.
    """
    parallel = sys.modules.get("joblib.parallel")
    if parallel is None:
        sys.meta_path.insert(0, _Watch())
    else:
        _announce_to(parallel)


def _announce_to(parallel: Any) -> None:
    # not its EXTERNAL_BACKENDS, which Parallel(backend=) does not search
    known = getattr(parallel, "BACKENDS", None)
    if known is not None:
        known.setdefault("shframe", _make_backend)


def _make_backend(**options: Any) -> Any:
    """Called by joblib at first use: loads the backend, which replaces this function."""
    from shframe.compat.joblib_backend import Backend

    register_joblib()
    return Backend(**options)


class _Watch:
    """A meta path finder that notices the import of joblib, once."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of `joblib.parallel` with a loader that calls us; None for other modules."""
        if name != "joblib.parallel":
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec: Any = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _NotifyingLoader(spec.loader)
        return spec


class _NotifyingLoader:
    """A loader that registers the backend when its module has been loaded."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: Any) -> Any:
        """As the loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """As the loader does; then restores the original loader."""
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        _announce_to(module)
