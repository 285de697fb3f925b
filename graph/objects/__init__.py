"""Handles to results and stored values, and streams of them."""
