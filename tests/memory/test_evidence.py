"""Evidence is packed small and unpacked again; whatever bytes are unpacked, what they cost is bounded."""

from __future__ import annotations

import json
import lzma
import os
import resource

import pytest

from pytest_zebu.memory import evidence
from pytest_zebu.memory.evidence import HEADING, EvidenceBroken, pack, unpack

PARTS = {"snapshot": '{"a": "é\n"}', "target": "", "records": "[]"}


def packed(raw: bytes) -> bytes:
    return lzma.compress(raw, check=lzma.CHECK_CRC32, filters=evidence.FILTERS)


def listing(**sizes: object) -> bytes:
    return HEADING + json.dumps(sizes).encode() + b"\n"


def test_what_is_packed_is_unpacked() -> None:
    assert unpack(pack(PARTS)) == PARTS
    assert unpack(pack({"half \ud800": "\udfff"})) == {"half \ufffd": "\ufffd"}


def test_texts_that_repeat_take_little_room() -> None:
    assert len(pack({"a": "the same again\n" * 10_000})) < 500


@pytest.mark.parametrize("parts", [
    {}, {str(number): "" for number in range(101)}, {"x" * 10_001: ""}, {"a": "x" * (evidence.MOST_RAW + 1)},
], ids=["nothing", "too many", "a list without end", "too long"])  # fmt: skip
def test_what_is_too_much_is_not_kept(parts: dict[str, str]) -> None:
    assert pack(parts) == b""


def test_what_does_not_get_smaller_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"noise": os.urandom(30_000).hex()}
    assert unpack(pack(parts)) == parts
    monkeypatch.setattr(evidence, "MOST_PACKED", 20_000)
    assert pack(parts) == b""


BYTES: dict[str, tuple[bytes, str]] = {
    "none": (b"", "cut short"), "noise": (b"\x00" * 500, "damaged"), "a beginning": (pack(PARTS)[:-20], "cut short"),
    "something behind it": (pack(PARTS) + b"more", "behind its end"), "twice": (pack(PARTS) * 2, "behind its end"),
    "another format": (packed(b"zebu-evidence 2\n{}\n"), "another format"), "no list": (packed(HEADING), "list"),
    "a list that does not end": (packed(HEADING + b" " * 20_000), "list"), "no JSON": (packed(HEADING + b"{a}\n"), "list"),
    "another kind of list": (packed(HEADING + b"[1, 2]\n"), "list"), "no bytes": (packed(HEADING + b'{"a": 1}\xff\n'), "list"),
    "a size that is none": (packed(listing(a=True)), "list"), "a size below nothing": (packed(listing(a=-1, b=1)), "list"),
    "a size as text": (packed(listing(a="1") + b"x"), "list"), "a size beyond all": (packed(listing(a=10**12)), "list"),
    "two of one name": (packed(HEADING + b'{"a": 1, "a": 2}\nxxx'), "list"),
    "shorter than it says": (packed(listing(a=9) + b"x"), "as long as it says"),
    "longer than it says": (packed(listing(a=1) + b"xx"), "as long as it says"), "no text": (packed(listing(a=1) + b"\xff"), "no text"),
    "a check more": (packed(listing()) [:-4] + b"\0\0\0\0", "damaged"),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("data", "words"), BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_evidence(data: bytes, words: str) -> None:
    with pytest.raises(EvidenceBroken, match=words):
        unpack(data)


@pytest.mark.hostile("parsers")
def test_what_grows_without_end_is_not_unpacked_to_it() -> None:
    """A few kilobytes that grow to a gigabyte: no more is made of them than is ever kept."""
    bomb = lzma.compress(b"\0" * 2**28, preset=1) + b""
    assert len(bomb) < evidence.MOST_PACKED
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(EvidenceBroken, match="grows beyond"):
        unpack(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB; all of it would be 262,144


@pytest.mark.hostile("parsers")
def test_what_asks_for_much_memory_is_not_unpacked() -> None:
    greedy = lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**30}])
    with pytest.raises(EvidenceBroken, match="damaged"):
        unpack(greedy)


@pytest.mark.hostile("parsers")
def test_more_than_is_kept_is_not_looked_at() -> None:
    with pytest.raises(EvidenceBroken, match="larger"):
        unpack(b"\0" * (evidence.MOST_PACKED + 1))
