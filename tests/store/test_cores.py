"""Cores from faked machines: CPU quotas of both versions of control groups count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shframe.store.limits.cpu_count import available_cores

OURS = len(os.sched_getaffinity(0))


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    files = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        ("0::/", {}, OURS),
        ("0::/", {"cpu.max": "max 100000"}, OURS),
        ("0::/", {"cpu.max": "100000 100000"}, 1),
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "20000 100000"}, 1),
        ("0::/", {"cpu.max": "99900000 100000"}, OURS),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000"}, 1),
        ("0::/of/the/host", {"cpu.max": "50000 100000"}, 1),
        ("0::/", {"cpu.max": "nonsense"}, OURS),
        (
            "4:cpu:/g\n0::/",
            {"cpu/g/cpu.cfs_quota_us": "50000", "cpu/g/cpu.cfs_period_us": "100000"},
            1,
        ),
        (
            "4:cpu,cpuacct:/g",
            {
                "cpu,cpuacct/g/cpu.cfs_quota_us": "-1",
                "cpu,cpuacct/cpu.cfs_quota_us": "90000",
                "cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            1,
        ),
        ("4:cpu:/g", {"cpu/g/cpu.cfs_quota_us": "-1", "cpu/g/cpu.cfs_period_us": "1"}, OURS),
    ],
)
def test_the_least_of_affinity_and_quotas_counts(
    tmp_path: Path, cgroup: str, files: dict[str, str], expected: int
) -> None:
    assert available_cores(machine(tmp_path, cgroup, files)) == min(expected, OURS)


def test_without_any_control_group_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == OURS
