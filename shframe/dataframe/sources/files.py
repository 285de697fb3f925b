"""Files of data sets: of this machine, or of a filesystem of Arrow's (S3, or any of fsspec's)."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import fs

from shframe.errors import SourceNotFound, UnsupportedType

Stamp = tuple[int, int]  # size and time of change: a file with another one is another file
PAGES = ("http://", "https://")  # whose files have no folders and no times


class StoredFile(str):
    """The path of a file in a filesystem, which workers open there."""

    filesystem: Any

    def __new__(cls, path: str, filesystem: Any) -> StoredFile:
        made = super().__new__(cls, path)
        made.filesystem = filesystem
        return made

    def __reduce__(self) -> Any:
        return StoredFile, (str(self), self.filesystem)

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, StoredFile) and str.__eq__(self, other)
        return same and bool(self.filesystem.equals(other.filesystem))  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __shframe_token__(self) -> str:
        return f"{self!s} {pickle.dumps(self.filesystem)!r}"


@contextlib.contextmanager
def opened(file: str) -> Iterator[Any]:
    """What Arrow reads a file from: its path, or the open file of a filesystem."""
    if not isinstance(file, StoredFile):
        yield file
        return
    with file.filesystem.open_input_file(str(file)) as source:
        yield source


def read_stamp(file: str) -> Stamp:
    """Size and time of change of a file; raises SourceNotFound when it is gone."""
    if isinstance(file, StoredFile):
        return _stamp_of(file.filesystem.get_file_info(str(file)))
    try:
        stat = os.stat(file)
    except FileNotFoundError as error:
        raise SourceNotFound(f"No such file or directory: {file!r}") from error
    return stat.st_size, stat.st_mtime_ns


def read_stamps(files: Sequence[str]) -> tuple[Stamp, ...]:
    """The same of several files, which a filesystem is asked for together."""
    if not files or not isinstance(files[0], StoredFile):
        return tuple(map(read_stamp, files))
    found = files[0].filesystem.get_file_info([str(file) for file in files])
    return tuple(map(_stamp_of, found))


def _stamp_of(info: Any) -> Stamp:
    if info.type is not fs.FileType.File:
        raise SourceNotFound(f"No such file or directory: {info.path!r}")
    return int(info.size or 0), int(info.mtime_ns or 0)


def is_elsewhere(path: Any, filesystem: Any, storage_options: Any) -> bool:
    """Whether files are not those of this machine's own paths."""
    return filesystem is not None or bool(storage_options) or "://" in str(path)


def filesystem_of(path: Any, filesystem: Any, storage_options: Any) -> tuple[Any, str]:
    """The filesystem of Arrow's that a path, a URL or an argument means, and the path in it.

    storage_options: those of fsspec.

    Raises: UnsupportedType for what is no filesystem; ImportError without fsspec, where it is
    needed.
    """
    text = os.fspath(path)
    if filesystem is None and not storage_options:
        try:
            found, inside = fs.FileSystem.from_uri(text)
            return found, inside
        except (pa.ArrowInvalid, TypeError):
            pass  # a protocol of fsspec's
    if filesystem is None:
        import fsspec  # type: ignore[import-untyped]

        filesystem, text = fsspec.core.url_to_fs(text, **(storage_options or {}))
    if isinstance(filesystem, fs.FileSystem):
        return filesystem, text
    if not hasattr(filesystem, "protocol"):
        raise UnsupportedType(
            f"filesystem= takes one of pyarrow.fs or of fsspec, got {type(filesystem).__name__}"
        )
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), filesystem._strip_protocol(text)


def list_stored(path: str, filesystem: Any) -> tuple[list[StoredFile], str]:
    """The files that a path in a filesystem means, a folder or a pattern too, and their folder.

    Raises: SourceNotFound.
    """
    info = filesystem.get_file_info(path)
    if info.type is fs.FileType.File:
        return [StoredFile(path, filesystem)], os.path.dirname(path)
    pattern = any(sign in path for sign in "*?[")
    root = (
        os.path.dirname(path[: min(path.find(s) for s in "*?[" if s in path)]) if pattern else path
    )
    below = filesystem.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    names = sorted(one.path for one in below if one.type is fs.FileType.File)
    if pattern:
        names = [name for name in names if fnmatch.fnmatch(name, path)]
    if not names:
        raise SourceNotFound(f"No such file or directory: {path!r}")
    return [StoredFile(name, filesystem) for name in names], root
