"""The steps of a first course in parallel frames: a folder of files read as one frame, questions
about it, joins, times, users' functions, partitions; with pandas for the answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from tests.guide.steps import Step, assert_equal

pytestmark = pytest.mark.usefixtures("session")
YEARS = (2021, 2022, 2023, 2024)


def _trips(year: int) -> Any:
    """The trips of a year; one has none."""
    rng = np.random.default_rng(year)
    count = 0 if year == 2022 else 120
    days = pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(
        np.sort(rng.integers(0, 365, count)), unit="D"
    )
    late = rng.normal(8, 25, count).round()
    return pd.DataFrame(
        {
            "day": days,
            "line": rng.choice(["ferry", "metro", "tram"], count),
            "stop": rng.choice(["Hafen", "Markt", "Zoo", "Nord"], count),
            "delay": np.where(rng.random(count) < 0.1, np.nan, late),
            "km": rng.integers(1, 40, count),
            "cancelled": rng.random(count) < 0.1,
            "seats": rng.choice(["few", "many", None], count),
        }
    )


def _stops() -> Any:
    return pd.DataFrame(
        {"stop": ["Hafen", "Markt", "Zoo", "West"], "zone": [1, 1, 2, 3], "lift": [True, False] * 2}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV and a Parquet file a year."""
    root = tmp_path_factory.mktemp("trips")
    for year in YEARS:
        trips = _trips(year)
        trips.to_csv(root / f"{year}.csv", index=False)
        trips.astype({"seats": "str"}).to_parquet(root / f"{year}.parquet")
    return root


def _whole() -> Any:
    filled = [one for one in map(_trips, YEARS) if len(one)]
    return pd.concat(filled, ignore_index=True).astype({"day": "datetime64[us]", "seats": "str"})


def _late(row: Any) -> str:
    return "late" if row.delay > 15 else "in time"


def _add_columns(pd: Any, d: Any) -> Any:
    t = d.trips
    t["hours"] = (t.delay / 60).round(2)
    t["far"] = t.km > t.km.mean()
    t["label"] = t.line + "/" + t.stop
    t = t.rename(columns={"km": "distance"}).drop(columns=["seats"])
    return t


def _two_results(pd: Any, d: Any) -> Any:
    mean, std = d.trips.delay.mean(), d.trips.delay.std()
    if pd is sf:
        mean, std = sf.compute(mean, std)
    return [mean, std]


def _by_hand(pd: Any, d: Any) -> Any:
    """A mean out of sums and counts, of one graph."""
    return d.trips.groupby("line").delay.sum() / d.trips.groupby("line").delay.count()


def _persisted(pd: Any, d: Any) -> Any:
    ran = d.trips[~d.trips.cancelled]
    if pd is sf:
        ran = ran.persist()
    return [ran.delay.mean(), ran.groupby("stop").delay.mean(), ran.km.sum()]


def _of_partitions(pd: Any, d: Any) -> Any:
    def fill(part: Any, value: float = 0.0) -> Any:
        return part.assign(delay=part.delay.fillna(value))

    filled = fill(d.trips, -1.0) if pd is not sf else d.trips.map_partitions(fill, value=-1.0)
    return filled.delay.sum()


def _repartitioned(pd: Any, d: Any) -> Any:
    trips = d.trips
    if pd is sf:
        trips = trips.repartition(npartitions=7)
        assert trips.npartitions == 7
    return trips.groupby("stop").km.max()


def _aggregation(pd: Any, d: Any) -> Any:
    groups = d.trips.groupby("line").km
    if pd is not sf:
        return groups.max() - groups.min()
    span = sf.Aggregation(
        "span",
        lambda s: (s.max(), s.min()),
        lambda most, least: (most.max(), least.min()),
        lambda most, least: most - least,
    )
    return groups.agg(span)


def _delayed(pd: Any, d: Any) -> Any:
    if pd is not sf:
        return d.trips.km.sum()
    parts = d.trips.to_delayed()
    total = sf.delayed(sum)([sf.delayed(lambda part: part.km.sum())(one) for one in parts])
    return np.int64(total.compute())


def _chunks(pd: Any, d: Any) -> Any:
    """The longest of each partition, then of all."""
    if pd is not sf:
        return d.trips.km.max()
    return d.trips.km.reduction(lambda part: part.max(), lambda found: found.max())


STEPS: dict[str, Step] = {
    "how many": lambda pd, d: len(d.trips),
    "first rows": lambda pd, d: d.trips.head(),
    "last rows": lambda pd, d: d.trips.tail(3),
    "columns": lambda pd, d: list(d.trips.columns),
    "dtypes": lambda pd, d: d.trips.dtypes,
    "largest delay": lambda pd, d: d.trips.delay.max(),
    "not cancelled": lambda pd, d: len(d.trips[~d.trips.cancelled]),
    "not cancelled by stop": lambda pd, d: d.trips[~d.trips.cancelled].groupby("stop").day.count(),
    "mean delay by stop": lambda pd, d: d.trips.groupby("stop").delay.mean(),
    "by day of the week": lambda pd, d: d.trips.groupby(d.trips.day.dt.day_of_week).delay.mean(),
    "the worst day of the week": lambda pd, d: (
        d.trips.groupby(d.trips.day.dt.day_name()).delay.mean().idxmax()
    ),
    "mean and deviation": _two_results,
    "a mean by hand": _by_hand,
    "new columns": _add_columns,
    "kept in memory": _persisted,
    "several questions of groups": lambda pd, d: d.trips.groupby(["line", "stop"]).agg(
        {"delay": ["mean", "max"], "km": "sum"}
    ),
    "named answers": lambda pd, d: d.trips.groupby("line", as_index=False).agg(
        trips=("km", "size"), far=("km", "max"), cancelled=("cancelled", "mean")
    ),
    "different values": lambda pd, d: d.trips.groupby("line").stop.nunique(),
    "most frequent": lambda pd, d: d.trips.stop.value_counts(),
    "medians of groups": lambda pd, d: d.trips.groupby("line").delay.median(),
    "an aggregation of one's own": _aggregation,
    "a function of groups": lambda pd, d: d.trips.groupby("line").apply(
        lambda g: g.nlargest(2, "km")[["stop", "km"]]
    ),
    "a function of rows": lambda pd, d: d.trips.apply(_late, axis=1, **_meta(pd)),
    "a function of values": lambda pd, d: d.trips.km.map(lambda km: km * 0.62),
    "a function of partitions": _of_partitions,
    "less the mean of the group": lambda pd, d: (
        d.trips.delay - d.trips.groupby("stop").delay.transform("mean")
    ),
    "a join by a column": lambda pd, d: d.trips.merge(d.stops, on="stop", how="left"),
    "what a join leaves": lambda pd, d: d.trips.merge(d.stops, on="stop").groupby("zone").km.mean(),
    "a join by the labels": lambda pd, d: d.trips.join(d.stops.set_index("stop"), on="stop"),
    "two results side by side": lambda pd, d: pd.concat(
        [d.trips.groupby("stop").km.sum(), d.trips.groupby("stop").delay.count()], axis=1
    ),
    "one after another": lambda pd, d: pd.concat([d.trips, d.trips]).km.sum(),
    "in order": lambda pd, d: d.trips.sort_values(["km", "day", "line", "stop"]).head(8),
    "the largest": lambda pd, d: d.trips.nlargest(5, "km"),
    "by time": lambda pd, d: d.trips.set_index("day").loc["2023-02":"2023-04"],
    "a month": lambda pd, d: d.trips.set_index("day").loc["2023-02"].km.sum(),
    "sums of months": lambda pd, d: d.trips.set_index("day").km.resample("MS").sum(),
    "means of weeks": lambda pd, d: d.trips.set_index("day")[["delay", "km"]].resample("W").mean(),
    "moving means": lambda pd, d: d.trips.set_index("day").delay.rolling("30D").mean(),
    "moving sums of rows": lambda pd, d: d.trips.km.rolling(10).sum(),
    "differences of rows": lambda pd, d: d.trips.day.diff(),
    "sums up to each row": lambda pd, d: d.trips.km.cumsum(),
    "a table": lambda pd, d: d.trips.pivot_table(
        index="line", columns="stop", values="delay", aggfunc="mean"
    ),
    "categories": lambda pd, d: (
        d.trips.astype({"line": "category"}).groupby("line", observed=False).km.mean()
    ),
    "missing values": lambda pd, d: [d.trips.isna().sum(), d.trips.delay.fillna(0).mean()],
    "without missing values": lambda pd, d: d.trips.dropna().shape,
    "text": lambda pd, d: d.trips[d.trips.stop.str.contains("o")].line.str.upper().value_counts(),
    "a query": lambda pd, d: d.trips.query("km > 30 and not cancelled").stop.value_counts(),
    "described": lambda pd, d: d.trips[["delay", "km"]].describe(),
    "correlated": lambda pd, d: d.trips[["delay", "km"]].corr(),
    "quantiles": lambda pd, d: d.trips.delay.quantile([0.1, 0.5, 0.9]),
    "different rows": lambda pd, d: d.trips.drop_duplicates(["line", "stop"])[["line", "stop"]],
    "other partitions": _repartitioned,
    "delayed values": _delayed,
    "a reduction of one's own": _chunks,
}


def _meta(pd: Any) -> dict[str, Any]:
    """What programs for Dask say of a function's result."""
    return {"meta": ("late", "object")} if pd is sf else {}


@pytest.mark.parametrize("source", ["csv", "parquet", "memory"])
@pytest.mark.parametrize("name", STEPS)
def test_step(name: str, source: str, folder: Path) -> None:
    expected = STEPS[name](pd, SimpleNamespace(trips=_whole(), stops=_stops()))
    if source == "csv":
        trips: Any = sf.read_csv(f"{folder}/*.csv", parse_dates=["day"], blocksize=None)
    elif source == "parquet":
        trips = sf.read_parquet(f"{folder}/*.parquet", engine="pyarrow")
    else:
        trips = sf.from_pandas(_whole(), npartitions=5)
    stops = sf.from_pandas(_stops(), npartitions=2)
    assert_equal(STEPS[name](sf, SimpleNamespace(trips=trips, stops=stops)), expected)


def test_written_and_read_again(folder: Path, tmp_path: Path) -> None:
    trips = sf.read_csv(f"{folder}/*.csv", parse_dates=["day"])
    trips.to_parquet(tmp_path / "all", partition_on=["line"], write_index=False, compute=True)
    again = sf.read_parquet(tmp_path / "all", filters=[("line", "==", "tram")])
    expected = _whole().query("line == 'tram'")
    assert again.km.sum().compute() == expected.km.sum()
    assert len(again) == len(expected)
    trips.to_csv(f"{tmp_path}/part-*.csv", index=False)
    assert_equal(sf.read_csv(f"{tmp_path}/part-*.csv").km.sum(), _whole().km.sum())


def test_partitions_are_looked_at(folder: Path) -> None:
    trips = sf.read_parquet(f"{folder}/*.parquet")
    assert trips.npartitions == len(trips.partitions)
    rows = [len(one) for one in trips.partitions]
    assert sum(rows) == len(_whole())
    assert trips.get_partition(0).compute().km.tolist() == _whole().km.tolist()[: rows[0]]
    assert "Read" in trips.explain()
    assert trips.known_divisions is False
