"""Time series: making times, choosing by them, fields, shifting, resampling, zones, periods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    minutes = pd.date_range("2013-01-01", periods=3000, freq="min")
    days = pd.date_range("2011-01-01", "2012-12-31", freq="D")
    seconds = pd.date_range("2012-01-01", freq="s", periods=1000)
    return {
        "texts": pd.Series(["2005/11/23", "2010/12/31", "2018/03/01", None]),
        "european": pd.Series(["04-01-2012 10:00", "14-01-2012 10:00"]),
        "parts": pd.DataFrame(
            {"year": [2015, 2016], "month": [2, 3], "day": [4, 5], "hour": [2, 3]}
        ),
        "epochs": pd.Series([1349720105, 1349806505, 1349892905]),
        "bad": pd.Series(["2009-07-31", "asd", None]),
        "minutes": pd.DataFrame(rng.standard_normal((3000, 1)), columns=["A"], index=minutes),
        "days": pd.Series(rng.standard_normal(len(days)), index=days, name="x"),
        "seconds": pd.Series(rng.integers(0, 500, len(seconds)), index=seconds),
        "frame": pd.DataFrame(
            rng.standard_normal((1000, 3)), index=seconds, columns=["A", "B", "C"]
        ),
        "column": pd.DataFrame(
            {
                "when": days[::30],
                "v": np.arange(float(len(days[::30]))),
                "k": ["a", "b"] * 12 + ["a"],
            }
        ),
        "few": pd.Series(
            [1.0, 2.0, 3.0, 4.0],
            index=pd.to_datetime(["2014-10-01", "2014-10-02", "2014-10-05", "2014-10-06"]),
        ),
        "naive": pd.Series(pd.date_range("2012-03-06", periods=5)),
        "stamps": pd.Series(
            pd.to_datetime(["2020-02-29 12:34:56.789", "2021-12-31 23:59:59.5", None])
        ),
        "spans": pd.Series(pd.to_timedelta(["1 days 02:00:00", "00:00:01", None, "-3 days"])),
        "monthly": pd.Series(
            np.arange(24.0), index=pd.period_range("2011-01", periods=24, freq="M")
        ),
        "unordered": pd.Series(
            [1, 2, 3, 4],
            index=pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-04", "2020-01-02"]),
        ),
    }


STEPS: dict[str, Step] = {
    "to_datetime": lambda pd, d: pd.to_datetime(d.texts),
    "dayfirst": lambda pd, d: pd.to_datetime(d.european, dayfirst=True),
    "format": lambda pd, d: pd.to_datetime(d.european, format="%d-%m-%Y %H:%M"),
    "of columns": lambda pd, d: pd.to_datetime(d.parts),
    "of some columns": lambda pd, d: pd.to_datetime(d.parts[["year", "month", "day"]]),
    "coerce": lambda pd, d: pd.to_datetime(d.bad, errors="coerce"),
    "epochs": lambda pd, d: pd.to_datetime(d.epochs, unit="s"),
    "epochs of an origin": lambda pd, d: pd.to_datetime(
        d.epochs // 100000, unit="D", origin=pd.Timestamp("1960-01-01")
    ),
    "a year": lambda pd, d: d.days["2011"],
    "a month": lambda pd, d: d.days["2011-06"],
    "a day": lambda pd, d: d.days["2011-06-03"],
    "a slice": lambda pd, d: d.days["2011-11-06":"2012-01-15"],
    "open slices": lambda pd, d: [d.days[:"2011-01-05"], d.days["2012-12-20":]],
    "loc of a month": lambda pd, d: d.minutes.loc["2013-01"],
    "loc of an hour": lambda pd, d: d.minutes.loc["2013-01-02 10"],
    "loc of stamps": lambda pd, d: d.minutes.loc[
        pd.Timestamp("2013-01-01 10:12:00") : pd.Timestamp("2013-01-01 11:00:00")
    ],
    "loc of exact": lambda pd, d: d.minutes.loc["2013-01-01 10:12:00"],
    "truncate": lambda pd, d: d.days.truncate(before="2011-11", after="2011-12"),
    "by number": lambda pd, d: d.days.iloc[[0, 2, 6]],
    "fields of labels": lambda pd, d: [
        d.days.index.year,
        d.days.index.month,
        d.days.index.day_of_week,
        d.days.index.quarter,
        d.days.index.is_month_end,
        d.days.index.day_name(),
    ],
    "filter by a field": lambda pd, d: d.days[d.days.index.month == 2],
    "filter by days of week": lambda pd, d: (
        d.days[d.days.index.dayofweek.isin([5, 6])]
        if False
        else d.days[d.days.index.day_of_week.isin([5, 6])]
    ),
    "fields": lambda pd, d: [
        d.stamps.dt.year,
        d.stamps.dt.hour,
        d.stamps.dt.date,
        d.stamps.dt.time,
        d.stamps.dt.day_name(),
        d.stamps.dt.is_leap_year,
        d.stamps.dt.days_in_month,
    ],
    "isocalendar": lambda pd, d: d.stamps.dt.isocalendar(),
    "isocalendar of labels": lambda pd, d: d.days.index.isocalendar(),
    "strftime": lambda pd, d: [d.stamps.dt.strftime("%Y/%m"), d.days.index.strftime("%d.%m")],
    "rounding": lambda pd, d: [
        d.stamps.dt.floor("h"),
        d.stamps.dt.ceil("D"),
        d.stamps.dt.round("min"),
        d.stamps.dt.normalize(),
        d.days.index.normalize(),
        d.frame.index.floor("min"),
    ],
    "offsets": lambda pd, d: [
        d.naive + pd.DateOffset(months=2),
        d.naive - pd.Timedelta("1h"),
        d.naive + pd.offsets.MonthEnd(),
        d.naive + pd.offsets.Day(2),
        d.naive.dt.normalize() + pd.Timedelta(days=1),
    ],
    "differences": lambda pd, d: [
        d.naive - d.naive.iloc[0],
        d.naive.diff(),
        d.naive - d.naive.shift(),
    ],
    "spans": lambda pd, d: [
        d.spans.dt.days,
        d.spans.dt.seconds,
        d.spans.dt.total_seconds(),
        d.spans.dt.components,
        d.spans / pd.Timedelta("1h"),
        d.spans // pd.Timedelta("1h"),
        d.spans.abs(),
        d.spans * 2,
        -d.spans,
    ],
    "sum of spans": lambda pd, d: [d.spans.sum(), d.spans.mean(), d.spans.max(), d.spans.median()],
    "to_timedelta": lambda pd, d: pd.to_timedelta(d.epochs % 1000, unit="s"),
    "shift": lambda pd, d: d.few.shift(1),
    "shift labels": lambda pd, d: [
        d.few.shift(5, freq="D"),
        d.few.shift(2, freq=pd.offsets.BDay()),
    ],
    "asfreq": lambda pd, d: [d.few.asfreq("D"), d.few.asfreq("D", method="pad")],
    "reindex": lambda pd, d: d.few.reindex(pd.date_range("2014-10-01", periods=7)),
    "resample": lambda pd, d: d.seconds.resample("5Min").sum(),
    "resample means": lambda pd, d: [
        d.seconds.resample("5Min").mean(),
        d.seconds.resample("5Min").ohlc(),
        d.seconds.resample("5Min").max(),
        d.seconds.resample("5Min").first(),
        d.seconds.resample("5Min").last(),
        d.seconds.resample("5Min").count(),
        d.seconds.resample("5Min").std(),
        d.seconds.resample("5Min").median(),
        d.seconds.resample("5Min").nunique(),
    ],
    "closed": lambda pd, d: [
        d.seconds.resample("5Min", closed="right").mean(),
        d.seconds.resample("5Min", closed="left").mean(),
    ],
    "label": lambda pd, d: d.seconds.resample("5Min", label="right").mean(),
    "resample months": lambda pd, d: [d.days.resample("ME").sum(), d.days.resample("MS").mean()],
    "resample weeks": lambda pd, d: d.days.resample("W").sum(),
    "resample quarters": lambda pd, d: d.days.resample("QE").agg(["min", "max"]),
    "upsampling": lambda pd, d: [
        d.few.resample("12h").asfreq(),
        d.few.resample("12h").ffill(),
        d.few.resample("12h").ffill(limit=2),
        d.few.resample("12h").interpolate(),
        d.few.resample("12h").bfill(),
    ],
    "sparse": lambda pd, d: d.few.resample("h").sum(),
    "resample agg": lambda pd, d: d.frame.resample("3min").agg(["sum", "mean", "std"]),
    "resample by column": lambda pd, d: d.frame.resample("3min").agg({"A": "sum", "B": "max"}),
    "resample by function": lambda pd, d: d.frame.resample("3min").agg(
        {"A": "sum", "B": lambda x: np.std(x, ddof=1)}
    ),
    "resample a column": lambda pd, d: [
        d.frame.resample("3min")["A"].mean(),
        d.frame.resample("3min")[["A", "B"]].mean(),
    ],
    "resample on": lambda pd, d: d.column.resample("ME", on="when")[["v"]].sum(),
    "resample apply": lambda pd, d: d.days.resample("ME").apply(lambda x: x.max() - x.min()),
    "resample origin": lambda pd, d: [
        d.seconds.resample("17min", origin="start").sum(),
        d.seconds.resample("17min", origin="epoch").sum(),
        d.seconds.resample("17min", offset="23h30min").sum(),
    ],
    "resample unordered": lambda pd, d: d.unordered.resample("2D").first(),
    "resample transform": lambda pd, d: d.days.resample("ME").transform("mean"),
    "groups of months": lambda pd, d: [
        d.days.groupby(d.days.index.month).mean(),
        d.days.groupby([d.days.index.year, d.days.index.month]).sum(),
        d.days.groupby(pd.Grouper(freq="ME")).sum(),
    ],
    "grouper and key": lambda pd, d: d.column.groupby(
        [pd.Grouper(key="when", freq="YE"), "k"]
    ).v.sum(),
    "rolling": lambda pd, d: [
        d.days.rolling(7).mean(),
        d.days.rolling("7D").mean(),
        d.days.rolling(7, min_periods=1, center=True).sum(),
        d.days.expanding().max(),
        d.days.ewm(span=10).mean(),
    ],
    "rolling of a frame": lambda pd, d: d.frame.rolling(20)[["A", "B"]].std(),
    "rolling on": lambda pd, d: d.column.rolling("90D", on="when").v.sum(),
    "zones": lambda pd, d: [
        d.naive.dt.tz_localize("UTC"),
        d.naive.dt.tz_localize("UTC").dt.tz_convert("US/Eastern"),
        d.days.tz_localize("UTC").tz_convert("Europe/Berlin"),
        d.days.index.tz_localize("Asia/Tokyo"),
        d.naive.dt.tz_localize("UTC").dt.tz_localize(None),
    ],
    "ambiguous": lambda pd, d: d.naive.dt.tz_localize("Europe/London", nonexistent="shift_forward"),
    "periods": lambda pd, d: [
        d.naive.dt.to_period("M"),
        d.days.to_period("M"),
        d.days.index.to_period("Q"),
        d.monthly.to_timestamp(),
    ],
    "choose periods": lambda pd, d: [d.monthly["2011"], d.monthly["2011-10":"2012-02"]],
    "fields of periods": lambda pd, d: [d.monthly.index.year, d.monthly.index.quarter],
    "resample periods": lambda pd, d: d.monthly.groupby(d.monthly.index.year).sum(),
    "at_time": lambda pd, d: [
        d.minutes.at_time("10:00"),
        d.minutes.between_time("10:00", "10:05"),
    ],
    "min and max": lambda pd, d: [
        d.stamps.min(),
        d.stamps.max(),
        d.days.index.min(),
        d.days.index.max(),
    ],
    "idxmax": lambda pd, d: [d.days.idxmax(), d.days.idxmin()],
    "sort": lambda pd, d: [d.unordered.sort_index(), d.stamps.sort_values()],
    "between": lambda pd, d: d.naive[d.naive.between("2012-03-07", "2012-03-09")],
    "compare with a string": lambda pd, d: [
        d.naive[d.naive > "2012-03-08"],
        d.days[d.days.index < "2011-01-04"],
    ],
    "query": lambda pd, d: d.column[d.column.when >= "2012-01-01"],
    "describe": lambda pd, d: d.stamps.describe(),
    "first and last": lambda pd, d: [d.days.index[0], d.days.index[-1], len(d.days.index)],
    "pct_change": lambda pd, d: d.few.pct_change(),
    "asof": lambda pd, d: d.few.asof(pd.Timestamp("2014-10-03")),
    "cumsum by year": lambda pd, d: d.days.groupby(d.days.index.year).cumsum(),
    "units": lambda pd, d: [
        d.naive.dt.unit,
        d.naive.dt.as_unit("s"),
        d.naive.astype("datetime64[ms]"),
    ],
    "name of an index": lambda pd, d: _named(d),
}


def _named(d: Any) -> Any:
    d.few.index.name = "when"
    d.few.name = "value"
    return [d.few, d.few.reset_index(), d.few.to_frame()]


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
