"""Medians, what was wanted, and the file of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measured import Section, Spread, Wish, percentile, replaced, table, usage, write

OLD = """# Results

A preface.

## Load

old load

| a | b |
|---|---|

## Mutations

kept
"""


def test_a_figure_has_its_median_and_spread() -> None:
    assert Spread.of([3.0, 1.0, 2.25]).text(2) == "2.25 (1.00-3.00)"
    assert Spread.of([1.0, 2.0]).median == 1.5
    assert Spread.of([1.26]).text() == "1.3"


def test_no_figure_is_made_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of([])
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 95)


@pytest.mark.parametrize(("share", "expected"), [(50, 10.0), (95, 19.0), (96, 20.0), (100, 20.0), (0, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(20, 0, -1)], share) == expected


@pytest.mark.parametrize(
    ("value", "shown", "is_met"), [(0.8, "0.80", True), (0.8001, "0.81", False), (0.79, "0.79", True), (12.0, "12.00", False)]
)  # fmt: skip
def test_what_was_wanted_is_not_rounded_in_our_favour(value: float, shown: str, is_met: bool) -> None:
    wish = Wish("the ratio", value, 0.8)
    assert wish.is_met is is_met
    assert wish.text() == f"- the ratio: {shown}, wanted at most 0.80: {'met' if is_met else 'MISSED'}"


def test_what_must_not_be_lost_is_counted_whole() -> None:
    assert Wish("items lost", 0, 0, digits=0).text() == "- items lost: 0, wanted at most 0: met"
    assert not Wish("items lost", 1, 0, digits=0).is_met


def test_a_table_has_its_head() -> None:
    assert table(("", "seconds"), [("one", "1.0"), ("two", "2.0")]) == (
        "|  | seconds |", "|---|---|", "| one | 1.0 |", "| two | 2.0 |",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n", 2.5), ("nice_usec 3\nusage_usec 7\n", 7e-6), ("164212874028\n", 164.212874028)],
)  # fmt: skip
def test_a_control_group_tells_its_processor_time(text: str, seconds: float) -> None:
    assert usage(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "user_usec 1\n", "xusage_usec 5\n"])
def test_a_control_group_that_tells_nothing_has_taken_no_zero(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        usage(text)


def test_only_its_own_section_is_renewed() -> None:
    section = Section("Load", ("new load",), (Wish("ratio", 1.0, 2.0),))
    text = replaced(OLD, [section], ("Load",))
    assert "old load" not in text
    assert "## Load\n\nnew load\n\n- ratio: 1.00, wanted at most 2.00: met\n\n## Mutations\n\nkept\n" in text
    assert text.startswith("# Results\n\nA preface.\n\n")
    assert replaced(text, [section], ("Load",)) == text


def test_sections_have_their_order_and_others_stay_behind() -> None:
    text = replaced(OLD, [Section("Table", ("first",))], ("Table", "Browser", "Load"))
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Table", "## Load", "## Mutations"]


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    write(file, [Section("Table", ("first",))], ())
    write(file, [Section("Browser", ("second",))], ("Browser",))
    assert file.read_text() == "# Results\n\n## Browser\n\nsecond\n\n## Table\n\nfirst\n"
