"""Importing sheets: what each line would do, doing it in one transaction, and taking it back."""
