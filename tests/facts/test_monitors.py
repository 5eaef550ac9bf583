"""What watches the machine."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import monitors
from pytest_zebu.facts.answer import Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why


def test_what_watches(target: Target) -> None:
    text = f"@agent gatus\n@agent gatus\n@recorded sysstat {AT} 3\n@job w.timer success health disk alert\n@job x.timer exit-code health\n"
    found = read("monitors", text, target)
    assert found.agents == ("gatus",)
    assert found.recorded == (("sysstat", NOON, 3),)
    assert [one.name for one in found.watching("health")] == ["w.timer"]
    assert [one.name for one in found.watching("disk", "alert")] == ["w.timer"]
    assert found.watching("certificate") == ()


def test_no_line_of_a_job_leaves_the_machine() -> None:
    """Addresses of alerts are secrets: the probe prints names, results and words of its own."""
    lines = monitors.PROBE.text.splitlines()
    printed = [line.partition("printf '@job")[2].partition(";")[0] for line in lines if "printf '@job" in line]
    assert len(printed) == 2
    assert all("body" not in line and "$line" not in line for line in printed)


@pytest.mark.parametrize(
    ("what", "watches"), [(("health",), True), (("health", "disk"), True), (("disk", "logs"), False), ((), True)]
)
def test_a_job_watches_what_it_does(what: tuple[str, ...], watches: bool, target: Target) -> None:
    found = read("monitors", "@job w.timer success health disk\n@job x.timer exit-code health disk logs\n", target)
    assert [one.name for one in found.watching(*what)] == (["w.timer"] if watches else [])


@pytest.mark.parametrize(
    "line", ["@agent a b", "@agent $(id)", "@recorded x soon 1", "@recorded x 1", "@job x", "ps: error"]
)
def test_another_line_is_garbled(line: str, target: Target) -> None:
    assert why("monitors", f"{line}\n", target) is Reason.GARBLED
