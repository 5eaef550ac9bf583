"""A value of the settings that was seen somewhere, and one that nobody could see."""

from __future__ import annotations

from msgspec import Struct

Value = str | int | bool | tuple[str, ...]


class Found(Struct, frozen=True):
    """A value of the settings.

    Attributes:
        key: as people write it, such as `domains.site`.
        where: where it was seen, in words.
        doubt: why it may be otherwise; empty where it cannot be.
    """

    key: str
    value: Value
    where: str
    doubt: str = ""


class Unseen(Struct, frozen=True):
    """A value that was not to be seen from here.

    Attributes:
        key: as people write it.
        example: what could stand there, as TOML.
        why: what is missing for it, or how it is had: which token, with which rights, in which file.
        instead_of: a value that may have been found before, and cannot be relied on.
    """

    key: str
    example: str
    why: str
    instead_of: str = ""


Seen = Found | Unseen
