"""Interfaces of other libraries: concurrent.futures, multiprocessing, joblib, xarray, Dask's
schedulers."""
