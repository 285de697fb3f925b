"""The functions of the array API and of NumPy, one chapter a file."""
