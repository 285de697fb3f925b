"""Every plan of an array test is checked after each rule, each stage and each lowering."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def checked_plans() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHFRAME_CHECK", "1")
        yield
