"""The default budget from faked machines: limits of every control group on the path count."""

from pathlib import Path

import pytest

from shframe.store.limits.budget import SHARE, available_bytes, default_budget

GIB = 1 << 30


def machine(root: Path, available: int, cgroup: str = "", **files: object) -> Path:
    """A file tree with /proc and /sys as asked for; a double underscore is a slash."""
    contents = {
        "proc/meminfo": f"MemTotal: 99 kB\nMemAvailable: {available >> 10} kB\n",
        "proc/self/cgroup": cgroup,
        **{f"sys/fs/cgroup/{name.replace('__', '/')}": text for name, text in files.items()},
    }
    for name, text in contents.items():
        path = root / name.replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_machine_without_limits_gives_what_is_available(tmp_path: Path) -> None:
    root = machine(tmp_path, 10 * GIB, "0::/", memoryDOTmax="max")
    assert available_bytes(root) == 10 * GIB
    assert default_budget(root) == int(SHARE * 10 * GIB)


def test_smallest_v2_limit_on_the_path_counts_less_its_use(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        10 * GIB,
        "0::/outer/inner",
        outer__inner__memoryDOTmax="max",
        outer__memoryDOTmax=4 * GIB,
        outer__memoryDOTcurrent=3 * GIB,
        outer__memoryDOTstat=f"anon 5\ninactive_file {GIB}\nactive_file {GIB // 2}",
    )
    assert available_bytes(root) == 4 * GIB - (3 * GIB - GIB - GIB // 2)


def test_v1_limit_counts_and_its_unlimited_number_does_not(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        10 * GIB,
        "5:cpu,memory:/group\n0::/",
        memory__group__memoryDOTlimit_in_bytes=2 * GIB,
        memory__group__memoryDOTusage_in_bytes=GIB,
        memory__memoryDOTlimit_in_bytes=9223372036854771712,
    )
    assert available_bytes(root) == GIB


def test_container_that_sees_its_own_group_as_the_top_is_limited(tmp_path: Path) -> None:
    root = machine(tmp_path, 10 * GIB, "0::/host/path", memoryDOTmax=3 * GIB)
    assert available_bytes(root) == 3 * GIB


def test_group_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    root = machine(tmp_path, GIB, "0::/", memoryDOTmax=5, memoryDOTcurrent=9)
    assert available_bytes(root) == 0


@pytest.mark.parametrize("files", [{}, {"proc/meminfo": "nothing of use\n"}])
def test_machine_without_proc_counts_its_physical_memory(
    tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    assert available_bytes(tmp_path) > 0


def test_this_machine_has_a_budget() -> None:
    assert 0 < default_budget() < available_bytes()
