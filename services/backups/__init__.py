"""Backups: one file with the database, the attachments and a sealed list of what is in it; never the keys.

``take`` makes one while people work, ``check`` looks whether a file is whole, ``restore`` puts its contents in the
place of what is there. What the file looks like is in archive.py; what a database does for it, in sqlite.py and
postgres.py.
"""

from services.backups.restore import Restored, restore
from services.backups.take import Taken, check, new_backup

__all__ = ["Restored", "Taken", "check", "new_backup", "restore"]
