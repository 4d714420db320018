"""Checklists: scoring, assessing, and the working days that a deadline counts."""
