"""Formats and servers beside CSV and Parquet: Arrow's own, Delta, Iceberg, PostgreSQL, S3."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import shframe as sf
from shframe.errors import ColumnNotFound, SourceDamaged, SourceNotFound, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import same


def _frame() -> Any:
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "s": ["x", None, "y", "x", "z"]})
    frame["f"] = [0.5, None, 1.5, 2.5, -1.0]
    frame["t"] = pd.date_range("2024-01-01", periods=5, unit="us")
    return frame


def _write_ipc(path: Path, table: Any, *, stream: bool = False) -> None:
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def test_files_of_arrow(session: Session, tmp_path: Path) -> None:
    frame = _frame()
    table = pa.Table.from_pandas(frame)
    _write_ipc(tmp_path / "1.arrow", table)
    _write_ipc(tmp_path / "2.arrow", table, stream=True)
    frame.to_feather(tmp_path / "3.arrow")
    found = sf.read_arrow(f"{tmp_path}/*.arrow", npartitions=3)
    expected = pd.concat([frame] * 3, ignore_index=True)
    same(found.compute(), expected)
    assert found.npartitions == 3
    same(sf.read_arrow(tmp_path / "1.arrow", columns=["s"]).compute(), frame[["s"]])
    (tmp_path / "4.arrow").write_bytes((tmp_path / "1.arrow").read_bytes()[:200])
    with pytest.raises(SourceDamaged, match=r"4\.arrow"):
        sf.read_arrow(tmp_path / "4.arrow")
    with pytest.raises(SourceNotFound, match="none"):
        sf.read_arrow(tmp_path / "none.arrow")


def test_streams_of_arrow(session: Session) -> None:
    frame = _frame()
    table = pa.Table.from_pandas(frame)
    for stream in (table.to_reader(max_chunksize=2), table, frame, pl.from_pandas(frame)):
        found = sf.from_arrow_stream(stream, npartitions=2)
        same(found.compute(), frame)
    same(sf.from_arrow_stream(table.slice(0, 0).to_reader()).compute(), frame.iloc[:0])
    with pytest.raises(UnsupportedType, match="RecordBatchReader"):
        sf.from_arrow_stream([1, 2])


def test_graphs_of_dask(session: Session) -> None:
    frame = _frame()
    lazy = dd.from_pandas(frame, npartitions=3)
    made = sf.from_graph(
        dict(lazy.__dask_graph__()), frame, lazy.divisions, lazy.__dask_keys__(), "frame"
    )
    same(made.compute(), lazy.compute(scheduler="sync"))


def test_tables_of_delta(session: Session, tmp_path: Path) -> None:
    pytest.importorskip("deltalake")
    _run(f"""
import deltalake, pandas as pd, pyarrow as pa, shframe as sf
from tests.dataframe.test_formats import _frame
frame, path = _frame(), "{tmp_path}/table"
deltalake.write_deltalake(path, pa.Table.from_pandas(frame))
deltalake.write_deltalake(path, pa.Table.from_pandas(frame.assign(a=9)), mode="overwrite")
newest, oldest = sf.read_delta(path, npartitions=2), sf.read_delta(path, ["a", "s"], version=0)
pd.testing.assert_frame_equal(newest.compute(), frame.assign(a=9))
pd.testing.assert_frame_equal(oldest.compute(), frame[["a", "s"]])
opened = sf.read_delta(deltalake.DeltaTable(path))
assert opened.a.sum().compute() == 45
assert "In memory" not in opened.explain()
""")


@pytest.mark.parametrize(
    ("keys", "lazily"),
    [
        ("[1, 1, 2, 2, 3]", True),
        ("['a', 'b', 'a', 'c', 'c']", True),
        ("['007', '1', '1', '2', '2']", False),  # words that folders do not tell from numbers
        ("[None, 'a', 'a', 'b', 'b']", False),
        ("[1.5, 2.5, 1.5, 2.5, 1.5]", False),
    ],
)
def test_folders_of_delta(session: Session, tmp_path: Path, keys: str, lazily: bool) -> None:
    pytest.importorskip("deltalake")
    _run(f"""
import deltalake, pandas as pd, pyarrow as pa, shframe as sf
from tests.dataframe.test_formats import _frame
frame, path = _frame().assign(k={keys}), "{tmp_path}/k=9/table"
for part in (frame[:2], frame[2:]):
    table = pa.Table.from_pandas(part, preserve_index=False)
    deltalake.write_deltalake(path, table, mode="append", partition_by=["k"])
whole = deltalake.DeltaTable(path).to_pyarrow_table().to_pandas()
found = sf.read_delta(path)
assert ("In memory" not in found.explain()) == {lazily}
pd.testing.assert_frame_equal(found.compute(), whole)
chosen = found[found.a > 2]
pd.testing.assert_frame_equal(chosen.compute(), whole[whole.a > 2])
later = pa.Table.from_pandas(frame.assign(new=1), preserve_index=False)
deltalake.write_deltalake(path, later, mode="append", schema_mode="merge")
grown = deltalake.DeltaTable(path).to_pyarrow_table().to_pandas()
pd.testing.assert_frame_equal(sf.read_delta(path).compute(), grown)
deltalake.DeltaTable(path).delete("a > 3")
less = deltalake.DeltaTable(path).to_pyarrow_table().to_pandas()
pd.testing.assert_frame_equal(sf.read_delta(path).compute(), less)
""")


def test_delta_says_what_it_needs(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(ImportError, match=r"shframe\[delta\]"):
        sf.read_delta("anywhere")


def test_tables_of_iceberg(session: Session, tmp_path: Path) -> None:
    pytest.importorskip("pyiceberg")
    pytest.importorskip("sqlalchemy")
    program = f"""
import pandas as pd, pyarrow as pa, shframe as sf
from pyiceberg.catalog import load_catalog
how = {{"type": "sql", "uri": "sqlite:///{tmp_path}/catalog.db", "warehouse": "file://{tmp_path}"}}
catalog = load_catalog("here", **how)
catalog.create_namespace("shop")
frame = pd.DataFrame({{"a": [1, 2, 3], "s": ["x", "y", None]}})
table = pa.Table.from_pandas(frame)
catalog.create_table("shop.sales", schema=table.schema).append(table)
found = sf.read_iceberg("shop.sales", "here", catalog_properties=how, npartitions=2)
expected = pd.read_iceberg("shop.sales", "here", catalog_properties=how)
pd.testing.assert_frame_equal(found.compute(), expected)
assert found.a.sum().compute() == 6
"""
    _run(program)


def _run(program: str) -> None:
    """Run a program in a process of its own: libraries of clouds leave threads behind."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int, server: Any) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server has ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of an S3 server on loopback."""
    pytest.importorskip("moto")
    port = _free_port()
    call = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def test_files_on_s3(session: Session, bucket: str) -> None:
    program = f"""
import pandas as pd, shframe as sf
from pyarrow import fs
there = fs.S3FileSystem(
    endpoint_override="{bucket}", scheme="http", access_key="a", secret_key="b", region="x",
    allow_bucket_creation=True,
)
there.create_dir("shop")
frame = pd.DataFrame({{"a": [1, 2, 3], "s": ["x", None, "y"]}})
frame.to_parquet("shop/sales.parquet", filesystem=there)
found = sf.read_parquet("shop/sales.parquet", filesystem=there)
pd.testing.assert_frame_equal(found.compute(), frame)
how = {{"columns": ["a"], "filters": [("a", ">", 1)], "filesystem": there}}
some = sf.read_parquet("shop/sales.parquet", **how)
assert some.a.sum().compute() == 5
assert "In memory" not in found.explain()
url = "s3://a:b@shop/sales.parquet?scheme=http&endpoint_override={bucket}&region=x"
assert len(sf.read_parquet(url)) == 3
# times there are whole seconds: another size tells at once
pd.concat([frame] * 9).to_parquet("shop/sales.parquet", filesystem=there)
try:
    found.compute()
    raise AssertionError("the file has changed")
except sf.errors.SourceDamaged as error:
    assert "sales.parquet" in str(error)
"""
    _run(program)


def test_data_sets_on_s3(session: Session, bucket: str) -> None:
    program = f"""
import pandas as pd, pytest, shframe as sf
from pyarrow import fs
how = {{"endpoint_override": "{bucket}", "scheme": "http", "access_key": "a", "region": "x"}}
there = fs.S3FileSystem(secret_key="b", allow_bucket_creation=True, **how)
there.create_dir("sets")
sf.init(executor="processes", workers=2, memory="1GB", inline_bytes=0)
frame = pd.DataFrame({{"a": range(30), "s": ["x", None, "y"] * 10, "k": [1, 2, 2] * 10}})
lazy = sf.from_pandas(frame, npartitions=3)

def files(folder):
    found = there.get_file_info(fs.FileSelector(folder, recursive=True))
    return {{one.path for one in found if one.is_file}}

lazy.to_parquet("sets/one", filesystem=there)
pd.testing.assert_frame_equal(sf.read_parquet("sets/one", filesystem=there).compute(), frame)
first = files("sets/one")
lazy.assign(a=1).to_parquet("sets/one", filesystem=there)
assert len(files("sets/one")) == 3 and not files("sets/one") & first
lazy.to_parquet("sets/one", filesystem=there, append=True)
found = sf.read_parquet("sets/one", filesystem=there)
assert len(found) == 60 and found.a.sum().compute() == 30 + frame.a.sum()
lazy.to_parquet("sets/folders", filesystem=there, partition_cols=["k"])
expected = pd.read_parquet("sets/folders", filesystem=there)
folders = sf.read_parquet("sets/folders", filesystem=there)
pd.testing.assert_frame_equal(folders.compute(), expected)
pd.testing.assert_frame_equal(folders[folders.k == 1].compute(), expected[expected.k == 1])
assert "prune" in folders[folders.a > 25].explain()
pattern = sf.read_parquet("sets/folders/k=1/*.parquet", filesystem=there)
assert len(pattern) == 10

before = files("sets/one")
wrong = lazy.map_partitions(lambda part: part.assign(a="x" if part.a.min() > 15 else part.a))
with pytest.raises(sf.errors.UnsupportedType):
    wrong.to_parquet("sets/one", filesystem=there)
assert files("sets/one") == before
nowhere = fs.S3FileSystem(secret_key="b", **how)
with pytest.raises(sf.errors.WriteFailed, match="gone/set"):
    lazy.to_parquet("gone/set", filesystem=nowhere)
with pytest.raises(sf.errors.SourceNotFound, match="sets/none"):
    sf.read_parquet("sets/none", filesystem=there)
frame.to_parquet("sets/theirs/file.parquet", filesystem=there)
with pytest.raises(sf.errors.WriteFailed, match="file.parquet"):
    lazy.to_parquet("sets/theirs", filesystem=there)

place = "s3://a:b@sets/{{}}.csv?scheme=http&endpoint_override={bucket}&region=x"
assert lazy.to_csv(place.format("whole"), index=False) is None
with there.open_input_file("sets/whole.csv") as file:
    assert file.read().decode() == frame.to_csv(index=False)
names = lazy.to_csv(place.format("part-*"), index=False)
assert names == [f"sets/part-{{n}}.csv" for n in range(3)] and set(names) <= files("sets")
sf.shutdown()
"""
    _run(program)


def test_files_of_a_filesystem_of_fsspec(session: Session, tmp_path: Path) -> None:
    import fsspec

    frame = _frame()
    frame.to_parquet(tmp_path / "1.parquet")
    local = fsspec.filesystem("file")
    cache = {"simplecache": {"cache_storage": str(tmp_path / "cache")}}
    for found in (
        sf.read_parquet(tmp_path / "1.parquet", filesystem=local),
        sf.read_parquet([str(tmp_path / "1.parquet")], filesystem=local),
        sf.read_parquet(f"file://{tmp_path}/1.parquet"),
        sf.read_parquet(f"simplecache::file://{tmp_path}/1.parquet", storage_options=cache),
    ):
        same(found.compute(), frame)
    sf.from_pandas(frame, npartitions=2).to_parquet(tmp_path / "set", filesystem=local)
    same(pd.read_parquet(tmp_path / "set"), frame)
    with pytest.raises(UnsupportedType, match=r"pyarrow\.fs or of fsspec, got str"):
        sf.read_parquet(tmp_path / "1.parquet", filesystem="local")


BIN = "/usr/lib/postgresql"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of a PostgreSQL server on loopback, which runs as another user than root."""
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("psycopg2")
    versions = sorted(Path(BIN).glob("*/bin/initdb"))
    if not versions:
        pytest.skip("PostgreSQL is not installed")
    programs, port = versions[-1].parent, _free_port()
    folder = tempfile.mkdtemp(prefix="postgres-")
    as_other: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_other = {"user": "postgres", "group": "postgres", "extra_groups": []}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    make = [f"{programs}/initdb", "-D", f"{folder}/data", "-U", "shop", "--auth=trust", "-N"]
    subprocess.run(make, check=True, cwd="/", **quiet, **as_other)
    call = [f"{programs}/postgres", "-D", f"{folder}/data", "-p", str(port)]
    call += ["-h", "127.0.0.1", "-k", folder]
    server = subprocess.Popen(call, cwd="/", **quiet, **as_other)
    try:
        _wait_for(port, server)
        yield f"postgresql+psycopg2://shop@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def test_tables_of_a_database(session: Session, database: str) -> None:
    import sqlalchemy

    frame = _frame()
    engine = sqlalchemy.create_engine(database, poolclass=sqlalchemy.pool.NullPool)
    deadline = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
            break
        except sqlalchemy.exc.OperationalError:  # it listens before it takes anyone in
            assert time.monotonic() < deadline, "the server takes nobody in"
            time.sleep(0.1)
    sf.from_pandas(frame, npartitions=3).to_sql("sales", engine, index=False)
    for read in (
        lambda library: library.read_sql_table("sales", engine),
        lambda library: library.read_sql("SELECT a, s FROM sales WHERE a > 2 ORDER BY a", engine),
        lambda library: library.read_sql_query("SELECT s, count(*) FROM sales GROUP BY 1", engine),
    ):
        same(read(sf).compute(), read(pd))
    found = sf.read_sql_table("sales", engine, npartitions=3)
    assert found.npartitions == 3
    assert found[found.a > 2].f.sum().compute() == frame[frame.a > 2].f.sum()
    _agree_in_ranges(database, engine)
    engine.dispose()


def test_a_table_in_ranges(session: Session, tmp_path: Path) -> None:
    import sqlalchemy

    url = f"sqlite:///{tmp_path}/shop.db"
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    _frame().to_sql("sales", engine, index=False)
    _agree_in_ranges(url, engine)
    with pytest.raises(ValueError, match="Table none not found"):
        sf.read_sql_table("none", url, index_col="a", npartitions=2)
    with pytest.raises(ColumnNotFound, match="'q'"):
        sf.read_sql_table("sales", url, index_col="q", npartitions=2)
    with pytest.raises(UnsupportedType, match="no ranges are made"):
        sf.read_sql_table("sales", url, index_col="s", npartitions=2)
    engine.dispose()


def _agree_in_ranges(url: str, engine: Any) -> None:
    """Assert that ranges of a column are the whole table, whichever they are."""
    whole = pd.read_sql_table("sales", engine, index_col="a")
    for how in ({"npartitions": 3}, {"divisions": [1, 2, 2, 9]}, {"npartitions": 9}):
        found = sf.read_sql_table("sales", url, index_col="a", **how)
        same(found.compute(), whole)
        same(found[found.f > 0].s.compute(), whole[whole.f > 0].s)
    for column in ("t", "f"):  # of f one is missing, and its row is there
        found = sf.read_sql_table("sales", url, index_col=column, npartitions=3, columns=["a"])
        assert sorted(found.a.compute()) == [1, 2, 3, 4, 5]
