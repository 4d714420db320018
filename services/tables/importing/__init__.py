"""Sheets of the offices become records: what a form's fields are, what a cell means, what would change."""
