"""Rewriting of array expressions, one rule a file."""
