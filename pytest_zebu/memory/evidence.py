"""What a run was judged from, packed to be remembered. What its parts mean, who wrote them knows."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from itertools import accumulate

from msgspec import Struct

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.plainjson import whole_text

HEADING = b"zebu-evidence 1\n"
MOST_PACKED, MOST_RAW = 4 * 2**20, 32 * 2**20
"""Bytes of a run's evidence, packed and unpacked: the lab's has 0.05 and 0.4 MiB. More of it is not kept."""
MOST_PARTS, LONGEST_LIST = 100, 10_000
"""The parts, and the bytes of the line that lists them."""
MOST_MEMORY = 64 * 2**20
"""What unpacking may take, beside what it gives."""
FILTERS = ({"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 2**20},)
"""A sixth of the processor that the default takes, for bytes more by a tenth: of many hosts each is packed in each run."""


class EvidenceBroken(ValueError):
    """What was kept cannot be unpacked, or is none; the text says why."""


class Kept(Struct, frozen=True):
    """What is kept of a run besides its outcomes.

    Attributes:
        tool: the version of pytest-zebu that judged.
        suite: the fingerprint of all that decides: the checks, the facts that they read, what settles and counts.
        parts: texts by name; none where no evidence is kept.
    """

    tool: str
    suite: str
    parts: Mapping[str, str]


def pack(parts: Mapping[str, str]) -> bytes:
    """Texts in few bytes; none where there is nothing, or more than is kept of a run."""
    texts = {name: whole_text(text).encode() for name, text in parts.items()}
    listed = json.dumps({name: len(text) for name, text in texts.items()}).encode()
    raw = b"".join((HEADING, listed, b"\n", *texts.values()))
    if not parts or len(parts) > MOST_PARTS or len(listed) > LONGEST_LIST or len(raw) > MOST_RAW:
        return b""
    packed = lzma.compress(raw, check=lzma.CHECK_CRC32, filters=FILTERS)
    return packed if len(packed) <= MOST_PACKED else b""


def unpack(data: bytes) -> dict[str, str]:
    """The texts again. The bytes may be a stranger's: what they grow to is bounded, and so is what that takes.

    Raises:
        EvidenceBroken: they are cut, damaged, of another format, or larger than anything that is kept.
    """
    if len(data) > MOST_PACKED:
        raise EvidenceBroken("is larger than what is kept of a run")
    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)
    try:
        raw = reader.decompress(data, max_length=MOST_RAW + 1)
    except (lzma.LZMAError, EOFError, MemoryError):
        raise EvidenceBroken("is damaged") from None
    if len(raw) > MOST_RAW or not reader.eof:
        raise EvidenceBroken("is cut short, or grows beyond what is kept of a run")
    if reader.unused_data:
        raise EvidenceBroken("has something behind its end")
    if not raw.startswith(HEADING):
        raise EvidenceBroken("is of another format")
    listed, sizes = _listed(raw)
    ends = [*accumulate(sizes.values(), initial=len(HEADING) + len(listed) + 1)]
    if ends[-1] != len(raw):
        raise EvidenceBroken("is not as long as it says")
    try:
        return {name: raw[begin:end].decode() for name, begin, end in zip(sizes, ends, ends[1:], strict=False)}
    except UnicodeDecodeError:
        raise EvidenceBroken("is no text") from None


def _listed(raw: bytes) -> tuple[bytes, dict[str, int]]:
    """The line that lists the parts, and how many bytes each has."""
    listed, end, _ = raw[len(HEADING) : len(HEADING) + LONGEST_LIST + 1].partition(b"\n")
    try:
        sizes = plainjson.loads(listed.decode())
    except ValueError:
        sizes = None
    if not end or type(sizes) is not dict or len(sizes) > MOST_PARTS:
        raise EvidenceBroken("does not list its parts")
    if not all(type(size) is int and 0 <= size <= MOST_RAW for size in sizes.values()):
        raise EvidenceBroken("does not list its parts")
    return listed, sizes
