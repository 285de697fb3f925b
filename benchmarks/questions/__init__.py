"""What is asked of the engines: a file a suite and language, a function or statement a question.

`*_frames.py` are functions of pandas' methods, which pandas, shframe and, where it has them,
Dask run as they are; `*_polars.py` are functions of lazy frames of Polars; `*_sql.py` statements.
"""
