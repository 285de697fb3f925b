"""The eight tables of TPC-H, by `tpchgen-cli` (an implementation of dbgen, from PyPI).

What is written differs from dbgen's tables in types alone: decimals are float64 and dates
timestamps, which is what users of pandas have. Row groups hold 750,000 rows at most.
"""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shframe.benchmarks.datasets.folder import make_once

TABLES = (
    *("region", "nation", "supplier", "customer"),
    *("part", "partsupp", "orders", "lineitem"),
)
ROW_GROUP = 750_000


def tpch_tables(scale: float) -> dict[str, Path]:
    """One Parquet file a table; at scale 1 lineitem has 6 million rows."""
    path = make_once(f"tpch_{scale:g}", lambda path: _write(path, scale))
    return {name: path / f"{name}.parquet" for name in TABLES}


def is_available() -> bool:
    """Whether the generator is installed."""
    return _generator().exists()


def _generator() -> Path:
    return Path(sysconfig.get_path("scripts")) / "tpchgen-cli"


def _write(path: Path, scale: float) -> None:
    made = path / "generated"
    options = ["-s", f"{scale:g}", "--output-dir", str(made), "--quiet"]
    subprocess.run([str(_generator()), "parquet", *options], check=True)
    for name in TABLES:
        _convert(made / f"{name}.parquet", path / f"{name}.parquet")
        (made / f"{name}.parquet").unlink()
    made.rmdir()


def _convert(source: Path, target: Path) -> None:
    file = pq.ParquetFile(source)
    schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in file.schema_arrow])
    with pq.ParquetWriter(target, schema) as writer:
        for batch in file.iter_batches(ROW_GROUP):
            table = pa.Table.from_batches([batch])
            writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)


def _plain(kind: Any) -> Any:
    if pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_date(kind):
        return pa.timestamp("us")
    return pa.string() if pa.types.is_string_view(kind) else kind
