"""What options and snapshots name, before anything is asked."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from pytest_zebu.plugin import calling
from pytest_zebu.settings.errors import UsageProblem
from tests.hostile_texts import DIRTY, forbidden

LIMITS = {"timeout": 600, "deadline": 3600}


def option(name: str, said: str | None) -> SimpleNamespace:
    return SimpleNamespace(**{f"zebu_{name}": said})


@pytest.mark.hostile("files")
@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    "said",
    ["nan", "inf", "-inf", "0", "-1", "1e9", "3601", "soon", "30s", "1e-400", "9" * 5000, "0x10", "", " ", "\x1b[2J"],
)
def test_a_time_without_an_end_is_none(name: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=f"is no number of seconds above 0 and up to {LIMITS[name]}"):
        calling._seconds(option(name, said), name)


@pytest.mark.parametrize(("said", "seconds"), [(None, None), ("30", 30.0), ("0.5", 0.5), ("600", 600.0)])
def test_a_time_is_a_number_of_seconds(said: str | None, seconds: float | None) -> None:
    assert calling._seconds(option("timeout", said), "timeout") == seconds


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name",
    [
        "clears the screen",
        "newline",
        "right to left",
        "zero width",
        "nul",
        "command of GitHub",
        "script",
        "tags",
        "lone surrogate",
    ],
)
def test_a_strangers_snapshot_names_no_host_that_is_none(name: str, project: pytest.Pytester) -> None:
    """A host's name goes into titles, headings and names of tests."""
    path = project.path / "snapshot.json"
    data = json.loads(path.read_text())
    data["hosts"] = {"lab": data["hosts"]["lab"], f"vm {DIRTY[name]}": data["hosts"]["lab"]}
    path.write_text(json.dumps(data))
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", "-k", "no-passwords")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: zebu: ")]
    assert "snapshot.json: " in line
    assert not forbidden("\n".join((*result.outlines, *result.errlines)))
