"""docs/own-tests.md: its project runs as it stands there, and its list has all that may be asked for.

`python -m tests.plugin.test_own_tests` writes the list anew.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from msgspec import structs

from pytest_zebu.facts import ALL
from pytest_zebu.plugin import fixtures
from pytest_zebu.plugin.checks import GIVEN
from pytest_zebu.plugin.fixtures import OTHERS, attributes_of, described, values_of
from tests import recorded

PAGE = Path(__file__).parents[2] / "docs/own-tests.md"
BEGIN, END = "<!-- facts -->\n", "<!-- end of facts -->"
NAMES = sorted(GIVEN - {"zebu_item"})


def files() -> dict[str, str]:
    """The files of the project that the page shows, by their paths."""
    return dict(re.findall(r'(?ms)^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE.read_text()))


def table() -> str:
    """What may be asked for, as the page lists it."""
    rows = ["| name | what it is | of which may be asked |", "|---|---|---|"]
    for name in NAMES:
        values = values_of(name)[:1] if name in ALL else ()
        asked = ", ".join(f"`{one}`" for value in values for one in attributes_of(value))
        rows.append(f"| `{name}` | {described(name).replace('|', chr(92) + '|')} | {asked} |")
    return "\n".join(rows) + "\n"


@pytest.fixture
def production(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The project of the page, with the recorded lab's settings, below the folder of another one.

    It runs in processes of its own: which test decides an item is known to the process.
    """
    (pytester.path / "conftest.py").write_text("raise AssertionError('of a folder above, which is none of its own')\n")
    for name, text in files().items():
        path = pytester.path / "production" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (pytester.path / "production/zebu.toml").write_text(recorded.settings())
    monkeypatch.chdir(pytester.path / "production")
    return pytester


REPLAY = f"--zebu-replay={recorded.SNAPSHOT}"


def test_the_page_shows_a_whole_project() -> None:
    assert files().keys() == {"pytest.ini", "tests/conftest.py", "tests/test_ours.py"}


def test_the_project_runs_as_it_stands(production: pytest.Pytester) -> None:
    result = production.runpytest_subprocess(REPLAY, "tests", "--zebu-gate=off")
    result.assert_outcomes(passed=4, skipped=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines([
        f"rootdir: {production.path / 'production'}", "configfile: pytest.ini",
        "SKIPPED * zebu: host: a replay has no machine to ask (--hosts names machines for it; local:// is the one that runs pytest)",
    ])  # fmt: skip


def test_a_rule_of_ones_own_may_fail(production: pytest.Pytester) -> None:
    path = production.path / "production/tests/test_ours.py"
    path.write_text(path.read_text().replace('"root", "deploy", "observer"', '"root"'))
    result = production.runpytest_subprocess(REPLAY, "tests", "--zebu-gate=off", "-m", "ours")
    result.assert_outcomes(failed=1, deselected=4)
    assert result.ret == 1


def test_without_a_host_facts_are_skipped_with_the_remedy(production: pytest.Pytester) -> None:
    result = production.runpytest_subprocess(
        "tests", "--deselect", "tests/test_ours.py::test_costs", "-k", "not kernel"
    )
    result.assert_outcomes(skipped=3, deselected=2)
    result.stdout.fnmatch_lines(["SKIPPED * name what to judge: --zebu-host=HOST*"])


def test_both_suites_run_from_one_look(production: pytest.Pytester) -> None:
    command = re.search(r'(?m)^pytest --zebu-host=vm (--pyargs tests_prod \./tests) -k "([^"]+)"', PAGE.read_text())
    assert command
    chosen = f"({command[2]}) and (no-passwords or key-auth or costs or test_ours)"
    result = production.runpytest_subprocess(REPLAY, *command[1].split(), "-k", chosen, "--zebu-gate=off")
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    assert result.parseoutcomes()["passed"] == 6


def test_what_may_be_asked_for_is_shown_with_what_it_is(production: pytest.Pytester) -> None:
    text = production.runpytest_subprocess(REPLAY, "tests", "--fixtures").stdout.str()
    shown = " ".join(text.split())
    for name in ("sshd", "containers"):
        assert re.search(rf"^{name} -- ", text, re.MULTILINE)
        assert described(name) in shown
    assert not re.search(r"^firewall( |$)", text, re.MULTILINE)


def test_addopts_of_the_project_are_heeded(production: pytest.Pytester) -> None:
    """Its markers are strict: those of the checklist are known beside its own, and no other."""
    tests = production.path / "production/tests"
    (tests / "test_ours.py").write_text(
        "import pytest\n@pytest.mark.pre_deployment\n@pytest.mark.ours\ndef test_marked(): pass\n"
    )
    production.runpytest_subprocess(REPLAY, "tests", "--zebu-gate=off").assert_outcomes(passed=1)
    (tests / "test_ours.py").write_text("import pytest\n@pytest.mark.theirs\ndef test_marked(): pass\n")
    result = production.runpytest_subprocess(REPLAY, "tests", "--zebu-gate=off")
    result.assert_outcomes(errors=1)


# `host`


@pytest.mark.parametrize(("options", "module", "outcome"), [
    ((REPLAY,), "", {"skipped": 1}), ((REPLAY, "--hosts=local://"), "", {"passed": 1}),
    ((REPLAY,), "testinfra_hosts = ['local://']\n", {"passed": 1}), ((), "", {"passed": 1}),
])  # fmt: skip
def test_host_never_asks_another_machine_in_silence(
    options: tuple[str, ...], module: str, outcome: dict[str, int], project: pytest.Pytester
) -> None:
    project.makepyfile(test_own=f"{module}def test_own(host): assert host.file('/').is_directory\n")
    project.runpytest_inprocess(*options, "test_own.py").assert_outcomes(**outcome)


def test_a_host_fixture_of_ones_own_stays(project: pytest.Pytester) -> None:
    project.makeconftest("import pytest\n@pytest.fixture\ndef host(): return 'mine'\n")
    project.makepyfile(test_own="def test_own(host): assert host == 'mine'\n")
    project.runpytest_inprocess(REPLAY, "test_own.py").assert_outcomes(passed=1)


# The list


def test_the_list_is_whole() -> None:
    text = PAGE.read_text()
    assert text.partition(BEGIN)[2].partition(END)[0] == table(), "python -m tests.plugin.test_own_tests writes it"
    assert fixtures.__all__ == NAMES
    assert {*NAMES} == {*ALL, *OTHERS}


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_fact_says_what_it_is(name: str) -> None:
    for value in values_of(name):
        assert not str(inspect.getdoc(value)).startswith(f"{value.__name__}("), "it has none of its own"
        for key in attributes_of(value):
            reckoned = getattr(value, key, None)
            assert not isinstance(reckoned, property) or inspect.getdoc(reckoned)
        known = {field.name for field in structs.fields(value)}
        told = re.findall(r"(?m)^    ([a-z_0-9]+(?:, [a-z_0-9]+)*):", str(inspect.getdoc(value)))
        assert {one for names in told for one in names.split(", ")} <= known, "a name that it has no more"
    assert described(name).endswith((".", ":"))
    assert len(described(name)) > 15


def test_what_is_none_has_no_description() -> None:
    with pytest.raises(KeyError):
        described("nothing")
    with pytest.raises(AttributeError):
        getattr(fixtures, "nothing")  # noqa: B009


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
