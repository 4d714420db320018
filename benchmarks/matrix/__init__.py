"""``python -m benchmarks.matrix``: the overview of a round of 200 companies by 60 items, beside its bare queries."""
