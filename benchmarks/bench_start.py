"""How long a new process needs: for the import, and for the first small and large result."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

_SMALL = "{'k': [1, 2, 3] * 1000, 'v': range(3000)}"
_LARGE = "{'k': numpy.arange(10**6) % 9, 'v': numpy.arange(10**6) / 7}"
_SCRIPTS = {
    ("import", "shframe"): "import shframe",
    ("import", "python"): "pass",
    ("import", "pandas"): "import pandas",
}
for _name, _data in (("small", _SMALL), ("large", _LARGE)):
    _SCRIPTS[_name, "shframe"] = (
        "import numpy, pandas, shframe\n"
        f"lazy = shframe.from_pandas(pandas.DataFrame({_data}), npartitions=4)\n"
        "lazy.groupby('k').v.sum().compute()"
    )
    _SCRIPTS[_name, "pandas"] = (
        f"import numpy, pandas\npandas.DataFrame({_data}).groupby('k').v.sum()"
    )


class Cold:
    """A whole process: only the import, or the first group-by of 3,000 or of a million rows."""

    rows = 1_000_000
    quick_rows = 1_000_000
    param_names = ("script", "engine")
    params = (["import", "small", "large"], ["shframe", "pandas", "python"])

    def setup(self, script: str, engine: str) -> None:
        self.code = _SCRIPTS.get((script, engine), "pass")

    def time_answer(self, script: str, engine: str) -> Any:
        subprocess.run([sys.executable, "-c", self.code], check=True)
