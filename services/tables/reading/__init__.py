"""Bytes become a table with mapped heads."""
