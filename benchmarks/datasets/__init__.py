"""The data of the benchmarks: made on first use, from seeds, and kept outside of git."""
