"""django-import-export over the table of companies, as its documentation sets it up; an application of its own beside
benchmarks/django_peer, whose models hold only what lists show.
"""
