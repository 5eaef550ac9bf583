"""What is signed is read as it was signed, or not at all."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.gather.signing import fingerprint, key_place, opened, own_key, sealed
from pytest_zebu.settings.errors import UsageProblem

KIND = "text/of-a-test"
TEXT = b'{"seen": "everything"}'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_what_is_sealed_is_opened(key: Ed25519PrivateKey) -> None:
    found = opened(sealed(TEXT, KIND, key).encode(), KIND)
    assert (found.text, found.signer) == (TEXT, fingerprint(key.public_key()))


def test_the_key_is_made_once_and_is_its_owners_alone(home: Path) -> None:
    first, second = own_key(), own_key()
    assert fingerprint(first.public_key()) == fingerprint(second.public_key())
    assert key_place().is_relative_to(home)
    assert stat.S_IMODE(key_place().stat().st_mode) == 0o600
    assert stat.S_IMODE(key_place().parent.stat().st_mode) == 0o700


def test_the_fingerprint_is_the_one_that_openssh_prints() -> None:
    own = own_key()
    said = subprocess.run(["ssh-keygen", "-lf", key_place()], capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == fingerprint(own.public_key())


def test_of_several_who_are_the_first_one_makes_the_key() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(fingerprint(own_key().public_key()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({*found}) == 1


@pytest.mark.hostile("files")
@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe", b"-" * 5000, b"other kind"])
def test_what_is_no_key_is_said_to_be_none(content: bytes) -> None:
    if content == b"other kind":
        form = (Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        content = generate_private_key(SECP256R1()).private_bytes(*form)
    key_place().parent.mkdir(parents=True)
    key_place().write_bytes(content)
    key_place().chmod(0o600)
    with pytest.raises(UsageProblem, match="look_ed25519: "):
        own_key()


def test_a_key_that_others_may_read_signs_nothing() -> None:
    own_key()
    key_place().chmod(0o644)
    with pytest.raises(UsageProblem, match="others may read the key that signs: chmod 600"):
        own_key()


def test_a_key_that_cannot_be_kept(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(UsageProblem, match="the key that signs cannot be kept or read"):
        own_key()


def _with(**changed: Any) -> Callable[[dict[str, Any]], object]:
    return lambda envelope: envelope.update(changed)


def _signed(**changed: Any) -> Callable[[dict[str, Any]], object]:
    return lambda envelope: envelope["signatures"][0].update(changed)


OTHER = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
CURVE = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_with(payload=base64.b64encode(TEXT + b" ").decode()), "was altered"),
        (_with(payload=""), "was altered"),
        (_with(payload="?"), "payload is no base64"),
        (_with(payload="é"), "payload is no base64"),
        (_with(payload=7), "payload is not there"),
        (_with(payloadType="text/other"), "is nothing that"),
        (_with(payloadType=None), "is nothing that"),
        (_with(signatures=[]), "has not one signature"),
        (_with(signatures={}), "signatures is not there"),
        (_with(signatures=["x"]), "sig is not there"),
        (_signed(sig=""), "was altered"),
        (_signed(sig=base64.b64encode(bytes(64)).decode()), "was altered"),
        (_signed(sig=None), "sig is not there"),
        (_signed(key=OTHER), "was altered"),
        (_signed(key=CURVE), "key is no Ed25519 key"),
        (_signed(key="ssh-ed25519 AAAA"), "key is no Ed25519 key"),
        (_signed(key="ssh-ed25519 é"), "key is no Ed25519 key"),
        (_signed(key=f"{OTHER} {'x' * 10_000}"), "key is no Ed25519 key"),
        (_signed(key=[OTHER]), "key is not there"),
    ],
)
def test_whatever_was_changed_is_not_opened(
    change: Callable[[dict[str, Any]], object], words: str, key: Ed25519PrivateKey
) -> None:
    envelope = json.loads(sealed(TEXT, KIND, key))
    change(envelope)
    with pytest.raises(Garbled, match=words):
        opened(json.dumps(envelope).encode(), KIND)


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b"\x1f\x8b\x08", b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_envelope_is_not_opened(data: bytes) -> None:
    with pytest.raises(Garbled):
        opened(data, KIND)


def test_one_kind_is_not_taken_for_another(key: Ed25519PrivateKey) -> None:
    """The kind is signed with the text."""
    envelope = json.loads(sealed(TEXT, "text/other", key))
    with pytest.raises(Garbled, match="was altered"):
        opened(json.dumps({**envelope, "payloadType": KIND}).encode(), KIND)


@pytest.mark.hostile("files")
def test_no_byte_of_the_text_can_be_another_one(key: Ed25519PrivateKey) -> None:
    envelope = json.loads(sealed(TEXT, KIND, key))
    for place in range(len(TEXT)):
        altered = bytearray(TEXT)
        altered[place] ^= 1
        with pytest.raises(Garbled, match="was altered"):
            opened(json.dumps({**envelope, "payload": base64.b64encode(altered).decode()}).encode(), KIND)
