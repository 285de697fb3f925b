"""Small frames take the ways of large ones."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def ranges_of_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sorted partitions be cut into ranges, however few rows they have."""
    monkeypatch.setattr("shframe.dataframe.lower.shuffle.FEW_ROWS", 0)


@pytest.fixture(autouse=True)
def partners_of_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let groups of any number of rows lose those that find no partner."""
    monkeypatch.setattr("shframe.dataframe.rules.filter_partners.LEAST_ROWS", 0)
