"""Run benchmarks by hand: `python -m benchmarks [name ...] [--quick] [--engines a,b]`."""

from __future__ import annotations

import sys

from shframe.benchmarks.run import main

if __name__ == "__main__":
    sys.exit(main())
