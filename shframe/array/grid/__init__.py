"""Shapes, chunks, axes, and the views that they make."""
