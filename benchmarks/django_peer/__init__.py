"""Django's admin over the same tables, as an office that works with Django would set it up."""
