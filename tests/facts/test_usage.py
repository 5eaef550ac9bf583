"""What containers and file systems use."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.facts.usage import FileSystem, Sample
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying


def test_samples_of_a_container(target: Target) -> None:
    gathered = saying({"usage": "@sample db 1048576 4096 2000000000 10.5\n@sample db 1048577 8192 2500000000 11.0\n"})
    assert need(ALL["usage"].read(gathered, target)) == {
        "db": (Sample(1048576, 4096, 2.0, 10.5), Sample(1048577, 8192, 2.5, 11.0))
    }
    garbled = ALL["usage"].read(saying({"usage": "@other db 1 2 3"}), target)
    assert isinstance(garbled, Unknown)
    assert garbled.reason is Reason.GARBLED
    for nothing in ("", "@sample db one 2 3 4", "@sample db 1 2 3"):
        assert isinstance(ALL["usage"].read(saying({"usage": nothing}), target), Unknown)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "number", ["nan", "inf", "1e9", "²", "٣", "9" * 5000, "1_0", "0x1f", "1.5", "+1", "--1", "1e999", "-"]
)
def test_what_is_no_number_of_a_sample(number: str, target: Target) -> None:
    for place in range(3):
        numbers = ["1", "2", "3", "4.5"]
        numbers[place] = number
        gathered = saying({"usage": f"@sample web {' '.join(numbers)}\n@sample db 1 2 3 4.5\n"})
        assert need(ALL["usage"].read(gathered, target)) == {"db": (Sample(1, 2, 3e-9, 4.5),)}


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "line",
    [
        "@place",
        "@place ",
        "@place  ",
        "@place / 1 2 3",
        "@place / nan 1 1 1",
        "@place / -5 1 1 1",
        "@place / 1e9 1 1 1",
        f"@place / {'9' * 5000} 1 1 1",
        "@place / ² 1 1 1",
    ],
    ids=lambda line: line[:20],
)
def test_what_is_no_file_system(line: str, target: Target) -> None:
    odd, root = need(ALL["disk"].read(saying({"disk": f"{line}\n@place / 1000 250 - -\n"}), target))
    assert odd.trouble
    assert (odd.size, odd.free) == (0, 0.0)
    assert root == FileSystem("/", 1000, 250, 0, 0)


def test_one_odd_sample_leaves_the_others(target: Target) -> None:
    """A container may end while it is looked at."""
    gathered = saying({"usage": "@sample web  - - 10.5\n@sample db 1 2 3 4.5\n"})
    assert need(ALL["usage"].read(gathered, target)) == {"db": (Sample(1, 2, 3e-9, 4.5),)}


def test_file_systems_with_and_without_inodes(target: Target) -> None:
    gathered = saying({"disk": "@place / 1000 250 - -\n@place /var/lib/my docker 400 100 50 5\n"})
    assert need(ALL["disk"].read(gathered, target)) == (
        FileSystem("/", 1000, 250, 0, 0),
        FileSystem("/var/lib/my docker", 400, 100, 50, 5),
    )
    assert FileSystem("/", 1000, 250, 0, 0).free == 0.25


def test_one_file_system_that_is_not_understood_leaves_the_others(target: Target) -> None:
    said = "@place / 1000 250 - -\n@silent /mnt/share\n@place /odd much 1 2 3\n@place /short 1\n@place /empty 0 0 - -\n"
    whole, silent, *odd = need(ALL["disk"].read(saying({"disk": said}), target))
    assert whole == FileSystem("/", 1000, 250, 0, 0)
    assert (silent.place, "does not answer" in silent.trouble) == ("/mnt/share", True)
    assert [(one.place, one.trouble[:8]) for one in odd] == [
        ("/odd", "df said:"),
        ("/short", "df said:"),
        ("/empty", "df said:"),
    ]
