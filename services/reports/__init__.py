"""Numbers and tables read from the records; nothing is written here."""
