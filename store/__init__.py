"""The object store: bytes, objects and the processes that share them; it knows no task.

Imports as `shframe.store`; the folder lies at the top level of the repository.
"""

if __name__ != "shframe.store":
    raise ImportError("this folder imports as shframe.store: write 'import shframe.store'")
