"""Interfaces of other libraries: concurrent.futures, multiprocessing, joblib, Dask's schedulers."""
