"""Text: methods of strings, splitting, replacing, joining, extracting, testing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    return {
        "s": pd.Series(["A", "B", "C", "Aaba", "Baca", None, "CABA", "dog", "cat"]),
        "paths": pd.Series(["a_b_c", "c_d_e", None, "f_g_h", "one"]),
        "spaced": pd.Series([" jack", "jill ", " jesse ", "frank", None]),
        "money": pd.Series(["12", "-$10", "$10,000", None, "x.y"]),
        "codes": pd.Series(["a1", "b2", "c3", "A4b5", None], index=list("vwxyz")),
        "letters": pd.Series(["a", "b", "c", "d"], index=[0, 1, 2, 3]),
        "others": pd.Series(["b", "d", "a", "c"], index=[1, 3, 0, 2]),
        "pair": pd.DataFrame({"x": ["a", "b", None, "d"], "y": ["1", None, "3", "4"]}),
        "piped": pd.Series(["a", "a|b", None, "a|c"]),
        "lists": pd.Series([["x", "y"], ["z"], []]),
        "numbers": pd.Series(["1", "22", "3.5", "x", "½"]),
        "objects": pd.Series(["a", 1, None, "Bc"], dtype=object),
        "plain": pd.Series(["ab", "cd", None], dtype="string"),
        "frame": pd.DataFrame({" Column A ": [1, 2, 3], " Column B ": [4, 5, 6]}),
        "cats": pd.Series(["b", "a", "b", None], dtype="category"),
    }


def _clean(pd: Any, d: Any) -> Any:
    d.frame.columns = d.frame.columns.str.strip().str.lower().str.replace(" ", "_")
    return d.frame


STEPS: dict[str, Step] = {
    "lower": lambda pd, d: [d.s.str.lower(), d.s.str.upper(), d.s.str.title(), d.s.str.swapcase()],
    "len": lambda pd, d: d.s.str.len(),
    "strip": lambda pd, d: [d.spaced.str.strip(), d.spaced.str.lstrip(), d.spaced.str.rstrip()],
    "labels": lambda pd, d: d.codes.index.str.upper(),
    "clean columns": _clean,
    "split": lambda pd, d: d.paths.str.split("_"),
    "get": lambda pd, d: [d.paths.str.split("_").str.get(1), d.paths.str.split("_").str[1]],
    "expand": lambda pd, d: d.paths.str.split("_", expand=True),
    "expand some": lambda pd, d: d.paths.str.split("_", expand=True, n=1),
    "rsplit": lambda pd, d: d.paths.str.rsplit("_", expand=True, n=1),
    "partition": lambda pd, d: d.paths.str.partition("_"),
    "replace": lambda pd, d: d.s.str.replace("^.a|dog", "XX-XX ", case=False, regex=True),
    "replace plain": lambda pd, d: d.money.str.replace("$", "", regex=False),
    "replace escaped": lambda pd, d: d.money.str.replace(r"-\$", "-", regex=True),
    "replace by a function": lambda pd, d: d.s.str.replace(
        r"[a-z]+", lambda m: m.group(0)[::-1], regex=True
    ),
    "replace several": lambda pd, d: d.money.str.replace({"$": "", ",": ""}, regex=False),
    "cat alone": lambda pd, d: [d.letters.str.cat(sep=","), d.letters.str.cat()],
    "cat with missing": lambda pd, d: [d.s.str.cat(sep=","), d.s.str.cat(sep=",", na_rep="-")],
    "cat with a list": lambda pd, d: d.letters.str.cat(["A", "B", "C", "D"]),
    "cat with a series": lambda pd, d: [
        d.pair.x.str.cat(d.pair.y),
        d.pair.x.str.cat(d.pair.y, na_rep="-"),
    ],
    "cat aligned": lambda pd, d: d.letters.str.cat(d.others, join="left"),
    "cat outer": lambda pd, d: d.letters.str.cat(d.others.iloc[:2], join="outer", na_rep="-"),
    "cat of several": lambda pd, d: d.letters.str.cat([d.letters, d.others], sep="+"),
    "index": lambda pd, d: [d.s.str[0], d.s.str[1], d.s.str[1:3]],
    "extract": lambda pd, d: d.codes.str.extract(r"([ab])(\d)", expand=False),
    "extract named": lambda pd, d: d.codes.str.extract(r"(?P<letter>[abc])(?P<digit>\d)"),
    "extract optional": lambda pd, d: d.codes.str.extract(r"([ab])?(\d)"),
    "extract one": lambda pd, d: [
        d.codes.str.extract(r"[ab](\d)", expand=True),
        d.codes.str.extract(r"[ab](\d)", expand=False),
    ],
    "extract of labels": lambda pd, d: d.codes.index.str.extract("(?P<letter>[a-z])"),
    "extractall": lambda pd, d: d.codes.str.extractall("(?P<letter>[a-zA-Z])(?P<digit>[0-9])"),
    "first match": lambda pd, d: d.codes.str.extractall("([a-zA-Z])([0-9])").xs(0, level="match"),
    "contains": lambda pd, d: d.numbers.str.contains(r"[0-9][.]", regex=True),
    "match": lambda pd, d: [d.codes.str.match(r"[a-z]\d"), d.codes.str.fullmatch(r"[a-z]\d")],
    "contains with missing": lambda pd, d: d.s.str.contains("A", na=False),
    "startswith": lambda pd, d: [d.s.str.startswith("A"), d.s.str.endswith("a", na=False)],
    "filter": lambda pd, d: d.s[d.s.str.contains("a", na=False)],
    "filter without case": lambda pd, d: d.s[d.s.str.contains("a", case=False, na=False)],
    "dummies": lambda pd, d: d.piped.str.get_dummies(sep="|"),
    "count and find": lambda pd, d: [d.s.str.count("a"), d.s.str.find("a"), d.s.str.rfind("a")],
    "findall": lambda pd, d: d.s.str.findall("a"),
    "pad": lambda pd, d: [
        d.s.str.pad(6),
        d.s.str.center(6, "*"),
        d.s.str.ljust(5),
        d.s.str.rjust(5, "."),
        d.s.str.zfill(5),
    ],
    "repeat": lambda pd, d: [d.letters.str.repeat(3), d.letters * 2],
    "repeat by rows": lambda pd, d: d.letters.str.repeat([1, 2, 3, 4]),
    "slice": lambda pd, d: [d.s.str.slice(0, 2), d.s.str.slice_replace(0, 1, "_")],
    "wrap": lambda pd, d: d.s.str.wrap(2),
    "tests": lambda pd, d: [
        d.numbers.str.isdigit(),
        d.numbers.str.isnumeric(),
        d.numbers.str.isdecimal(),
        d.numbers.str.isalpha(),
        d.numbers.str.isalnum(),
    ],
    "join": lambda pd, d: d.lists.str.join("-"),
    "length of lists": lambda pd, d: d.lists.str.len(),
    "translate": lambda pd, d: d.s.str.translate(str.maketrans({"a": "b"})),
    "prefix": lambda pd, d: [d.s.str.removeprefix("A"), d.s.str.removesuffix("a")],
    "encode": lambda pd, d: d.letters.str.encode("utf-8").str.decode("utf-8"),
    "normalize": lambda pd, d: d.numbers.str.normalize("NFKD"),
    "casefold": lambda pd, d: d.s.str.casefold(),
    "concatenate": lambda pd, d: [d.s + "_x", "y" + d.s, d.s + d.s],
    "compare": lambda pd, d: [d.s == "dog", d.s != "dog", d.s > "B"],
    "isin": lambda pd, d: d.s.isin(["A", "dog"]),
    "objects": lambda pd, d: [d.objects.str.lower(), d.objects.str.len()],
    "string dtype": lambda pd, d: [d.plain.str.upper(), d.plain.str.len(), d.plain == "ab"],
    "categories": lambda pd, d: [d.cats.str.upper(), d.cats.str.contains("a")],
    "to numbers": lambda pd, d: pd.to_numeric(d.numbers, errors="coerce"),
    "astype": lambda pd, d: d.letters.index.to_series().astype(str) + d.letters,
    "groups": lambda pd, d: d.s.groupby(d.s.str[0].str.lower()).count(),
    "sort": lambda pd, d: d.s.sort_values(key=lambda x: x.str.lower()),
    "unique": lambda pd, d: d.s.str.lower().str[0].unique(),
    "map": lambda pd, d: d.s.map(lambda x: x[::-1], na_action="ignore"),
    "max": lambda pd, d: [d.letters.max(), d.letters.min(), d.letters.sum()],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
