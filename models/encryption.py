"""Encryption of personal numbers. The key lives apart from the database: in the environment or a file of mode 600."""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
CHUNK_BYTES = 65_536
TAG_BYTES = 16
PREFIX_BYTES = 7
_keys: dict[str, bytes] = {}


class KeyMissing(RuntimeError):
    """Personal data was touched before ``use_key``."""


def new_key() -> str:
    """A fresh key as URL-safe base64 text."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def use_key(text: str) -> None:
    """Take the installation's key (32 bytes, URL-safe base64); raises ValueError when it is anything else."""
    key = base64.urlsafe_b64decode(text)
    if len(key) != KEY_BYTES:
        raise ValueError("the data key must be 32 bytes")
    _keys["encrypt"] = hmac.digest(key, b"encrypt", hashlib.sha256)
    _keys["seal"] = hmac.digest(key, b"seal", hashlib.sha256)
    _keys["look up"] = hmac.digest(key, b"look up", hashlib.sha256)
    _keys["files"] = hmac.digest(key, b"files", hashlib.sha256)
    _keys["backup"] = hmac.digest(key, b"backup", hashlib.sha256)


def _key(purpose: str) -> bytes:
    if purpose not in _keys:
        raise KeyMissing("no data key: set DATA_KEY or let settings.py make a key file")
    return _keys[purpose]


def encrypt(text: str) -> bytes:
    """AES-256-GCM with a random nonce in front."""
    return encrypt_bytes(text.encode())


def decrypt(sealed: bytes) -> str:
    """The text again; raises cryptography's InvalidTag when the key is another or the bytes were changed."""
    return decrypt_bytes(sealed).decode()


def encrypt_bytes(content: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front, of what is no text, such as a file."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key("encrypt")).encrypt(nonce, content, None)


def decrypt_bytes(sealed: bytes) -> bytes:
    """The bytes again; raises cryptography's InvalidTag when the key is another or the bytes were changed."""
    return AESGCM(_key("encrypt")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)


def encrypt_chunks(content: Iterable[bytes]) -> Iterator[bytes]:
    """A long content encrypted piece by piece, so that a piece is all that is held.

    Each piece's nonce is the file's own random beginning, the piece's number and whether it is the last one: pieces
    can't change places, and a file that was cut short is noticed.
    """
    cipher, prefix = AESGCM(_key("files")), os.urandom(PREFIX_BYTES)
    yield prefix
    number, held = 0, bytearray()
    for some in content:
        held += some
        while len(held) > CHUNK_BYTES:
            yield cipher.encrypt(_piece_nonce(prefix, number, False), bytes(held[:CHUNK_BYTES]), None)
            del held[:CHUNK_BYTES]
            number += 1
    yield cipher.encrypt(_piece_nonce(prefix, number, True), bytes(held), None)


def decrypt_chunks(file: BinaryIO) -> Iterator[bytes]:
    """The content again, piece by piece; the file is closed at its end. Raises InvalidTag when it was changed."""
    with file:
        cipher, prefix = AESGCM(_key("files")), file.read(PREFIX_BYTES)
        number, piece = 0, file.read(CHUNK_BYTES + TAG_BYTES)
        while True:
            following = file.read(CHUNK_BYTES + TAG_BYTES)
            yield cipher.decrypt(_piece_nonce(prefix, number, not following), piece, None)
            if not following:
                return
            number, piece = number + 1, following


def _piece_nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def look_up_hash(text: str) -> str:
    """A keyed hash by which equal values are found without being readable."""
    return hmac.digest(_key("look up"), text.encode(), hashlib.sha256).hex()


def new_seal(previous: str) -> "hmac.HMAC":
    """A keyed hash to feed with what is sealed; it begins with the seal before, so that seals make a chain.

    Whoever can write to the database but hasn't the key can't make a seal that fits.
    """
    return hmac.new(_key("seal"), previous.encode(), hashlib.sha256)


def key_fingerprint() -> str:
    """By this an installation knows its key again; it tells nothing of the key."""
    return hmac.digest(_key("backup"), b"fingerprint", hashlib.sha256).hex()


def sealed(content: bytes) -> str:
    """A keyed hash of what is kept outside of the database; whoever hasn't the key can't make one that fits."""
    return hmac.digest(_key("backup"), b"content:" + content, hashlib.sha256).hex()
