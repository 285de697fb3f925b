"""Benchmarks beside pandas, NumPy and others; imports as `shframe.benchmarks`."""
