"""``python -m benchmarks.importing``: a sheet of 20,000 companies previewed and applied, beside django-import-export."""
