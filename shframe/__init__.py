"""shframe: a lazy pandas- and NumPy-shaped engine over one copy of the data."""
