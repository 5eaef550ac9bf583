"""Texts that are signed: DSSE envelopes (https://github.com/secure-systems-lab/dsse) by Ed25519 keys as OpenSSH writes them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)
from msgspec import Struct

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import Garbled, part
from pytest_zebu.files import at_home, locked, make_folder, read_bytes, why, write_whole
from pytest_zebu.settings.errors import UsageProblem

KEY_FILE = Path("pytest-zebu/look_ed25519")
KEY_LIMIT = 4096
KEY_LETTERS = 100
"""Of a public key of this kind in OpenSSH's form, which has 80."""
KIND = "ssh-ed25519 "


class Signed(Struct, frozen=True):
    """A text, and the fingerprint of the key that signed it, as `ssh-keygen -l` prints it."""

    text: bytes
    signer: str


def fingerprint(key: Ed25519PublicKey) -> str:
    """What a key is called: the SHA-256 of it, as OpenSSH writes it."""
    digest = hashlib.sha256(base64.b64decode(_written(key).split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def key_place() -> Path:
    """Where this user's key is.

    Raises:
        UsageProblem: this user has no home.
    """
    try:
        folder = at_home(Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config"))
    except ValueError:
        raise UsageProblem("this user has no home to keep a key in: set XDG_CONFIG_HOME to a folder") from None
    return folder / KEY_FILE


def own_key() -> Ed25519PrivateKey:
    """This user's key, which is made when it is first used; only its owner may read it.

    Raises:
        UsageProblem: it cannot be made or read, is none, or others may read it.
    """
    path = key_place()
    try:
        make_folder(path.parent, 0o700)
        with locked(path.parent):  # of two who are the first, one makes it
            if not os.path.lexists(path):
                made = Ed25519PrivateKey.generate()
                form = (Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
                write_whole(path, made.private_bytes(*form).decode(), is_private=True)
            data, mode = read_bytes(path, KEY_LIMIT), path.stat().st_mode
    except OSError as error:
        raise UsageProblem(f"{path}: the key that signs cannot be kept or read: {why(error)}") from None
    if mode & 0o077:
        raise UsageProblem(
            f"{path}: others may read the key that signs: chmod 600, or remove it and sign with a new one"
        )
    try:
        found = load_ssh_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise UsageProblem(f"{path}: is no Ed25519 key without a password: remove it, and sign with a new one")
    return found


def sealed(text: bytes, kind: str, key: Ed25519PrivateKey) -> str:
    """The envelope of a text: a JSON object with the text, the signature and the public key."""
    public = key.public_key()
    signature = {
        "keyid": fingerprint(public),
        "key": _written(public),
        "sig": base64.b64encode(key.sign(_to_sign(text, kind))).decode(),
    }
    envelope = {"payloadType": kind, "payload": base64.b64encode(text).decode(), "signatures": [signature]}
    return f"{json.dumps(envelope, indent=1)}\n"


def opened(data: bytes, kind: str) -> Signed:
    """The text of an envelope whose signature is right. Who signed is for the reader to compare.

    Raises:
        Garbled: it is none, is of another kind, or was altered.
    """
    try:
        envelope = plainjson.loads(data.decode())
    except (plainjson.NoJson, UnicodeDecodeError):
        raise Garbled("is no JSON, or cut short") from None
    if not isinstance(envelope, dict) or envelope.get("payloadType") != kind:
        raise Garbled("is nothing that `zebu look` wrote")
    signatures = part(envelope, "signatures", list)
    if len(signatures) != 1:
        raise Garbled("has not one signature")
    text, signature = _bytes(envelope, "payload"), _bytes(signatures[0], "sig")
    key = _read(part(signatures[0], "key", str))
    try:
        key.verify(signature, _to_sign(text, kind))
    except InvalidSignature:
        raise Garbled("was altered after it was signed") from None
    return Signed(text, fingerprint(key))


def _to_sign(text: bytes, kind: str) -> bytes:
    """What is signed: the kind beside the text, so that one is never taken for another (DSSE's PAE)."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(text), text)


def _bytes(data: Any, name: str) -> bytes:
    try:
        return base64.b64decode(part(data, name, str), validate=True)
    except (binascii.Error, ValueError):
        raise Garbled(f"{name} is no base64") from None


def _written(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _read(text: str) -> Ed25519PublicKey:
    try:
        if len(text) > KEY_LETTERS or not text.startswith(KIND):
            raise ValueError
        found = load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise Garbled("key is no Ed25519 key of OpenSSH's form")
    return found
