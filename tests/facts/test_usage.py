"""What containers and file systems use."""

from __future__ import annotations

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
    for wrong in ("@other db 1 2 3", "@sample db one 2 3"):
        answer = ALL["usage"].read(saying({"usage": wrong}), target)
        assert isinstance(answer, Unknown)
        assert answer.reason is Reason.GARBLED
    assert isinstance(ALL["usage"].read(saying({"usage": ""}), target), Unknown)


def test_file_systems_with_and_without_inodes(target: Target) -> None:
    gathered = saying({"disk": "/ 1000 250 - -\n/var/lib/my docker 400 100 50 5\n"})
    assert need(ALL["disk"].read(gathered, target)) == (
        FileSystem("/", 1000, 250, 0, 0),
        FileSystem("/var/lib/my docker", 400, 100, 50, 5),
    )
    assert FileSystem("/", 1000, 250, 0, 0).free == 0.25
