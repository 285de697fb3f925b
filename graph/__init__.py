"""Expressions in general, task graphs, the scheduler and the workers; it knows no column.

Imports as `shframe.graph`; the folder is at the top level of the repository.
"""

if __name__ != "shframe.graph":
    raise ImportError("this folder imports as shframe.graph: write 'import shframe.graph'")
