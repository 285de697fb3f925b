"""`python -m shframe`."""

import sys

from shframe.cli import main

sys.exit(main())
