"""The product beside Django's admin, Flask-Admin as it comes, and the bare driver, on the same rows in one run."""
