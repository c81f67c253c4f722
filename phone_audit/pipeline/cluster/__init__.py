"""Folders of APKs that are read on a Dask cluster, from storage that fsspec reaches."""
