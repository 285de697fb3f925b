"""The user's own modules: whether one was loaded again, so that workers have old code of it.

Functions of a module are pickled by name, and a worker imports the module when it first needs it.
One in a folder of packages does not change during a session; one beside the script does.
"""

from __future__ import annotations

import sys
import sysconfig
from typing import Any

_PACKAGES = tuple({path for path in sysconfig.get_paths().values()})


class UserModules:
    """Watches the modules that are the user's own. importlib.reload() gives each a new spec.

    grown: whether any module was loaded between the last two looks.
    """

    def __init__(self) -> None:
        self.grown = False
        self._known = -1  # modules that were loaded at the last look
        self._specs: dict[str, Any] = {}
        self.look()

    def look(self) -> bool:
        """Whether a module was loaded again since the last call. Cost: 0.1 us a module."""
        self.grown = len(sys.modules) != self._known
        if self.grown:
            self._known = len(sys.modules)
            for name, module in [*sys.modules.items()]:
                if name not in self._specs and _is_the_users(module):
                    self._specs[name] = module.__spec__
        found = False
        for name, spec in self._specs.items():
            now = getattr(sys.modules.get(name), "__spec__", None)
            if now is not spec and now is not None:
                self._specs[name] = now
                found = True
        return found


def _is_the_users(module: Any) -> bool:
    name = getattr(module, "__name__", "")
    path = getattr(module, "__file__", None)
    if not isinstance(path, str) or name == "__main__" or name.partition(".")[0] == "shframe":
        return False
    return getattr(module, "__spec__", None) is not None and not path.startswith(_PACKAGES)
