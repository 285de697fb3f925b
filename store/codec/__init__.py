"""How values become bytes and come back: NumPy, Arrow, or pickle."""
