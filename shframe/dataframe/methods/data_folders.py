"""Folders that data sets are written to: on this machine, or in a filesystem of Arrow's.

Files are first written under a hidden name. On this machine they are then moved to their place, all
or none. Elsewhere nothing can be moved at once: they are copied under names that are new, and what
was there before goes when the last of them has come.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shframe import session
from shframe.dataframe.kernels.writing import copy_file
from shframe.dataframe.sources.files import StoredFile, list_stored
from shframe.dataframe.sources.parquet_source import ParquetSource, is_data
from shframe.errors import SourceNotFound, WriteFailed
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph

PART = re.compile(r"part-\d{5,}(-\d+)?\.parquet")
_FOOTERS = ("_metadata", "_common_metadata")


def is_part(names: Sequence[str]) -> bool:
    """Whether names of folders and a file below the root are those of a part of ours."""
    return bool(PART.fullmatch(names[-1])) and all("=" in name for name in names[:-1])


def _refuse_others(folder: str, others: list[str]) -> None:
    """Raises: WriteFailed for Parquet files of others."""
    if others:
        shown = ", ".join(map(repr, others[:5])) + (", ..." if len(others) > 5 else "")
        raise WriteFailed(
            f"the folder {folder!r} holds Parquet files that to_parquet() did not write: "
            f"{shown}\n  they would be read with the new ones: write into another folder, or "
            "remove them"
        )


@contextlib.contextmanager
def failure_named(what: str) -> Iterator[None]:
    """Let an error of the filesystem be told as that of the write."""
    try:
        yield
    except OSError as error:
        raise WriteFailed(f"{what} cannot be written to\n  {error}") from error


class LocalFolder:
    """A folder on this machine."""

    def __init__(self, path: Any) -> None:
        self.path = Path(os.path.abspath(os.path.expanduser(os.fspath(path))))

    def __str__(self) -> str:
        return str(self.path)

    def find_parts(self) -> list[Path]:
        """The files of a data set that was written there; raises WriteFailed for files of
        others."""
        folder = self.path
        if folder.exists() and not folder.is_dir():
            raise WriteFailed(
                f"to_parquet() writes a folder, {str(folder)!r} is a file\n"
                "  remove it, or choose another name"
            )
        found = [path for path in sorted(folder.rglob("*")) if is_data(path, str(folder))]
        ours = [path for path in found if is_part(path.relative_to(folder).parts)]
        others = [str(one.relative_to(folder)) for one in found if one not in set(ours)]
        _refuse_others(str(folder), others + [n for n in _FOOTERS if (folder / n).exists()])
        return ours

    def source(self) -> ParquetSource:
        """The data set that is there."""
        return ParquetSource(str(self.path))

    @contextlib.contextmanager
    def hidden(self) -> Iterator[Path]:
        """A folder below that no reader looks into; nothing of it stays."""
        folder = self.path
        made = [one for one in (folder, *folder.parents) if not one.exists()]
        hidden = folder / f".writing-{uuid.uuid4().hex[:12]}"
        try:
            with failure_named(f"the folder {str(folder)!r}"):
                hidden.mkdir(parents=True)
            yield hidden
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
            for one in made:
                with contextlib.suppress(OSError):  # it holds what was written
                    one.rmdir()

    def publish(self, hidden: Path, parts: Sequence[Path], old: Sequence[Path]) -> None:
        """Move the old files away and the new ones in their place; all of it or nothing."""
        moves = [(path, hidden / "old" / path.relative_to(self.path)) for path in old]
        for part in parts:
            moves += [(path, self.path / name) for path, name in _files_below(part)]
        done: list[tuple[Path, Path]] = []
        try:
            for source, goal in moves:
                goal.parent.mkdir(parents=True, exist_ok=True)
                source.rename(goal)
                done.append((source, goal))
        except BaseException:
            for source, goal in reversed(done):
                goal.rename(source)
            raise
        self._remove_empty(old)

    def _remove_empty(self, old: Sequence[Path]) -> None:
        """Folders of keys that are gone."""
        parents = {one for path in old for one in path.parents if self.path in one.parents}
        for one in sorted(parents, key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):
                one.rmdir()


class StoredFolder:
    """A folder of a filesystem of Arrow's."""

    def __init__(self, path: str, filesystem: Any) -> None:
        self.path = path.rstrip("/")
        self.filesystem = filesystem

    def __str__(self) -> str:
        return self.path

    def find_parts(self) -> list[StoredFile]:
        """The files of a data set that was written there; raises WriteFailed for files of
        others."""
        try:
            found, root = list_stored(self.path, self.filesystem)
        except SourceNotFound:
            return []
        if root != self.path:
            raise WriteFailed(
                f"to_parquet() writes a folder, {self.path!r} is a file\n"
                "  remove it, or choose another name"
            )
        names = {one: os.path.relpath(one, root).split(os.path.sep) for one in found}
        shown = [one for one in found if not names[one][-1].startswith((".", "_"))]
        ours = [one for one in shown if is_part(names[one])]
        parquet = [
            one for one in shown if one not in set(ours) and one.endswith((".parquet", ".pq"))
        ]
        footers = [one for one in found if names[one][-1] in _FOOTERS]
        _refuse_others(self.path, [os.path.relpath(one, root) for one in [*parquet, *footers]])
        return ours

    def source(self) -> ParquetSource:
        """The data set that is there."""
        return ParquetSource(self.path, self.filesystem)

    @contextlib.contextmanager
    def hidden(self) -> Iterator[Path]:
        """A folder on this machine; nothing of it stays."""
        with tempfile.TemporaryDirectory(prefix="shframe-writing-") as folder:
            yield Path(folder)

    def publish(self, hidden: Path, parts: Sequence[Path], old: Sequence[StoredFile]) -> None:
        """Copy the new files, each under a name that was not there, and remove the old ones."""
        mark = f"{uuid.uuid4().int % 10**12:012d}"
        copies = {}
        for part in parts:
            for path, name in _files_below(part):
                number, *more = name.stem.split("-")[1:]
                place = name.with_name(f"part-{number}-{mark}{''.join(more)}.parquet")
                copies[str(path)] = f"{self.path}/{place.as_posix()}"
        copy_files(copies, self.filesystem)
        for one in old:
            self.filesystem.delete_file(str(one))


def _files_below(folder: Path) -> list[tuple[Path, Path]]:
    """The files below a folder, and their names in it."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path, path.relative_to(folder)) for path in found]


def copy_files(copies: dict[str, str], filesystem: Any) -> None:
    """Let the workers copy files of this machine to places in a filesystem; all or none.

    Raises: WriteFailed.
    """
    graph = TaskGraph()
    for n, (path, place) in enumerate(copies.items()):
        function = Function(copy_file, path=path, place=place, filesystem=filesystem)
        graph.add([Task(Key("copy-file", (n,)), function)])
    graph.outputs = tuple(graph.tasks)
    try:
        if graph.outputs:
            session.current().run(graph)
    except BaseException:
        for place in copies.values():
            with contextlib.suppress(OSError):
                filesystem.delete_file(place)
        raise
