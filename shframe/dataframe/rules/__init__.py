"""Rewriting of frame expressions, one rule a file."""
