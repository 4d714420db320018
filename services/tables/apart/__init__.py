"""Files of strangers become plain rows, in a process of its own with bounded time and memory.

Started as ``python -m services.tables.apart``: the file comes by standard input, JSON goes to standard output. It imports
the standard library and the reader of workbooks only, so that it starts fast, holds no secret and can come to no harm
that matters: whatever happens in here is, outside, a refusal in plain words (services/tables/reading/files.py).
"""
