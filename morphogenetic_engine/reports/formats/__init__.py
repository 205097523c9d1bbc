"""The files that a sweep can be exported to: HTML, PDF, notebook, CSV, Parquet, metrics."""
