"""How long releases of distributions get security updates.

After https://wiki.debian.org/LTS, https://wiki.debian.org/LTS/Extended, https://ubuntu.com/about/release-cycle and Debian's
distro-info-data, as of November 2026. Debian's long-term support comes by the same security suite, so its end counts; what
Ubuntu and Freexian give for longer is for those who subscribe.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

_DEBIAN = {
    "8": date(2020, 6, 30), "9": date(2022, 6, 30), "10": date(2024, 6, 30), "11": date(2026, 8, 31), "12": date(2028, 6, 30),
    "13": date(2030, 6, 30),
}  # fmt: skip
_DEBIAN_EXTENDED = {"8": date(2025, 6, 30), "9": date(2027, 6, 30), "10": date(2029, 6, 30), "11": date(2031, 6, 30)}
_UBUNTU = {
    "14.04": date(2019, 4, 25), "16.04": date(2021, 4, 30), "18.04": date(2023, 5, 31), "20.04": date(2025, 5, 29),
    "22.04": date(2027, 6, 1), "22.10": date(2023, 7, 20), "23.04": date(2024, 1, 25), "23.10": date(2024, 7, 11),
    "24.04": date(2029, 5, 31), "24.10": date(2025, 7, 10), "25.04": date(2026, 1, 15), "25.10": date(2026, 7, 9),
    "26.04": date(2031, 5, 29), "26.10": date(2027, 7, 15),
}  # fmt: skip
_UBUNTU_EXTENDED = {
    "16.04": date(2026, 4, 23), "18.04": date(2028, 4, 26), "20.04": date(2030, 4, 23), "22.04": date(2032, 4, 21),
    "24.04": date(2034, 4, 25), "26.04": date(2036, 4, 23),
}  # fmt: skip
_TABLES = {
    ("debian", False): (_DEBIAN, "eol-lts"),
    ("debian", True): (_DEBIAN_EXTENDED, "eol-elts"),
    ("ubuntu", False): (_UBUNTU, "eol"),
    ("ubuntu", True): (_UBUNTU_EXTENDED, "eol-esm"),
}


def ends(distribution: str, version: str, told: Mapping[str, date], *, is_extended: bool) -> date | None:
    """The last day of a release's security updates; nothing where neither we nor the machine knows it.

    Args:
        distribution: its id, as os-release has it.
        version: the release's number.
        told: what the machine's own table says, by its columns.
        is_extended: the machine gets what only subscribers get.
    """
    known, column = _TABLES.get((distribution, is_extended), ({}, "eol"))
    found = [known.get(version), told.get(column), told.get("eol")]
    if is_extended:
        found.append(ends(distribution, version, told, is_extended=False))
    return next((one for one in found if one is not None), None)
