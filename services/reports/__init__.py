"""Numbers for dashboards."""
