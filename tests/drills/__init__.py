"""Drills: a real server with real clients, killed, overrun and backed up while they work. ``make drill`` runs them whole."""
