"""Columns of records as tables."""
