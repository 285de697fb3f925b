"""How many examples the generated tests try: few by default, more with --soak or --examples."""

SHARE = 1.0  # of what each test says; set by conftest.py before tests are imported


def examples(count: int) -> int:
    """So many examples, as far as the options of this run say nothing else."""
    return max(int(count * SHARE), 3)
