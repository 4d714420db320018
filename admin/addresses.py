"""Addresses that leave the product: in messages, on cards, in another browser."""

from flask import current_app, request


def public_url() -> str:
    """The address that people type to reach the product."""
    return current_app.config["SETTINGS"].public_url or request.url_root.rstrip("/")
