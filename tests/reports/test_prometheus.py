"""The textfile, read by Prometheus' own parser for Python; and the alerts of the documentation, which ask for what it writes."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports import prometheus
from pytest_zebu.reports.report import HostReport, Report, Word
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY, forbidden
from tests.reports.eight_faults import report as eight_faults
from tests.reports.made_up import AT, FIRST, ITEMS, REPORT, SECOND, THIRD
from tests.reports.test_doors import told

GOLDEN = Path(__file__).parent / "golden/report.prom"
ALERTS = Path(__file__).parents[2] / "docs/prometheus"
WORD = Word("attested", "operations", "seen", date(2026, 3, 1), date(2026, 6, 1))
WHOLE = replace(
    REPORT,
    at=datetime(2026, 3, 29, 2, tzinfo=UTC),
    hosts=(
        replace(
            FIRST, items=tuple(replace(item, word=WORD) if item.outcome is Outcome.ATTESTED else item for item in ITEMS)
        ),
        SECOND,
        THIRD,
    ),
)
"""The made-up report, with all that a metric is made of."""
Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def samples(report: Report) -> Samples:
    """By metric and labels; every one stands once, beside its kind."""
    text = prometheus.render(report)
    assert text.endswith("\n")
    assert not forbidden(text, "\n")
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        assert family.samples
        of_metric = found.setdefault(family.name, {})
        for sample in family.samples:
            assert sample.timestamp is None, "the textfile collector refuses them"
            key = tuple(sorted(sample.labels.items()))
            assert key not in of_metric
            of_metric[key] = sample.value
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(set(names)) == len(names)
    return found


def only(host: HostReport, **changes: Any) -> Samples:
    return samples(replace(REPORT, hosts=(replace(host, **changes),)))


def key(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def test_it_makes_what_it_made() -> None:
    renew = "if this is meant, renew it: python -m tests.reports.test_prometheus"
    assert prometheus.render(WHOLE) == GOLDEN.read_text(encoding="utf-8"), renew


def test_a_stage_is_told_as_it_was_tallied() -> None:
    report = eight_faults()
    found = samples(report)
    (host,) = report.hosts
    for stage, tally in host.stages.items():
        at = key(host="lab", stage=stage.value)
        assert found["zebu_score"][at] == tally.score_with_waivers
        assert found["zebu_score_without_waivers"][at] == tally.score
        assert found["zebu_threshold"][at] == tally.threshold
        assert found["zebu_ready"][at] == tally.ready
        assert found["zebu_partial"][at] == 0
        assert found["zebu_non_negotiable_open"][at] == len(tally.blockers)
        counts = Counter(item.outcome for item in host.items if item.stage is stage)
        for outcome in Outcome:
            assert found["zebu_items"][key(host="lab", stage=stage.value, outcome=outcome.value)] == counts[outcome]
    blockers = {dict(labels)["item"] for labels in found["zebu_non_negotiable_open_info"]}
    assert blockers == set(host.overall.blockers)
    assert {"pre.security.firewall.enabled", "post.recovery.backups.daily"} <= blockers


def test_what_is_not_known_is_no_number() -> None:
    found = only(SECOND)
    pre, deploy = (key(host=SECOND.name, stage=stage.value) for stage in (Stage.PRE, Stage.DEPLOY))
    assert math.isnan(found["zebu_score"][pre])
    assert math.isnan(found["zebu_score_without_waivers"][pre])
    assert found["zebu_ready"] == {deploy: 0}, "a stage that was not judged is neither ready nor not"
    assert found["zebu_partial"][pre] == found["zebu_partial"][deploy] == 1
    nothing = only(THIRD)
    assert "zebu_ready" not in nothing
    gathered = {"zebu_reachable", "zebu_evidence_timestamp_seconds", "zebu_gathering_duration_seconds"}
    assert not gathered & nothing.keys(), "nothing was gathered: the time of the run is not that of evidence"


def test_moments_are_told_in_seconds() -> None:
    found = samples(WHOLE)
    assert found["zebu_run_timestamp_seconds"] == {(): datetime(2026, 3, 29, 2, tzinfo=UTC).timestamp()}
    assert found["zebu_run_duration_seconds"] == {(): REPORT.seconds}
    assert found["zebu_evidence_timestamp_seconds"][key(host="vm")] == AT.timestamp()
    assert found["zebu_reachable"] == {key(host="vm"): 1, key(host=SECOND.name): 0}
    assert found["zebu_simulated_sources"][key(host="vm")] == len(FIRST.simulated)


def test_a_word_ends_with_its_last_day() -> None:
    found = samples(WHOLE)
    assert found["zebu_word_expiry_timestamp_seconds"] == {
        key(host="vm", item="deploy.backend.attested", kind="attested"): datetime(2026, 6, 2, tzinfo=UTC).timestamp(),
        **{
            key(host=host.name, item="deploy.backend.waived", kind="waived"): datetime(
                2026, 4, 2, tzinfo=UTC
            ).timestamp()
            for host in REPORT.hosts
        },
    }
    for_ever = replace(WORD, until=date.max)
    item = replace(ITEMS[4], word=for_ever)
    assert set(only(FIRST, items=(item,))["zebu_word_expiry_timestamp_seconds"].values()) == {math.inf}
    assert "zebu_word_expiry_timestamp_seconds" not in only(
        FIRST, items=(replace(item, word=replace(WORD, until=None)),)
    )


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (1.0, "1"), (79.1, "79.1"), (float("nan"), "NaN"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"),
    (1774749540, "1774749540"), (1e300, "1e+300"), (-0.5, "-0.5"),
])  # fmt: skip
def test_numbers_are_written_as_go_reads_them(value: float, text: str) -> None:
    made = prometheus.render(replace(REPORT, seconds=value))
    assert f"\nzebu_run_duration_seconds {text}\n" in made
    (read,) = samples(replace(REPORT, seconds=value))["zebu_run_duration_seconds"].values()
    assert read == value or (math.isnan(read) and math.isnan(value))


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name", [*DIRTY.values(), 'a"} 1\nzebu_ready{host="b', "back\\slash", "\\", '\\"', "\\n", "", "ä 日本"]
)
def test_a_name_is_a_label_and_nothing_else(name: str) -> None:
    report = replace(REPORT, hosts=(replace(FIRST, name=name), replace(FIRST, name="b")), tool_version=name)
    found, plain = samples(report), samples(replace(REPORT, hosts=(replace(FIRST, name="a"), replace(FIRST, name="b"))))
    assert {metric: len(one) for metric, one in found.items()} == {metric: len(one) for metric, one in plain.items()}
    assert all(len(text) <= prometheus.MOST_LABEL for one in found.values() for labels in one for _, text in labels)


@pytest.mark.parametrize("name", ["ready", 'a "b" \\ c\\n', "back\\slash", "ä 日本"])
def test_a_plain_name_is_read_back_as_it_is(name: str) -> None:
    assert key(host=name) in only(FIRST, name=name)["zebu_reachable"]


def test_hosts_that_look_alike_are_told_apart() -> None:
    """Two samples of one name and labels make the collector refuse the whole file."""
    names = ("vm", "vm\x1b[2J", "vm", "vm (2)")
    found = samples(replace(REPORT, hosts=tuple(replace(FIRST, name=name) for name in names)))
    assert set(found["zebu_reachable"]) == {key(host=name) for name in ("vm", "vm (2)", "vm (3)", "vm (2) (2)")}


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
def test_nothing_that_a_target_says_is_in_it(text: str) -> None:
    assert prometheus.render(told(REPORT, text)) == prometheus.render(told(REPORT, "plain words"))


def test_the_documented_alerts_ask_for_what_is_written() -> None:
    (group,) = yaml.safe_load((ALERTS / "zebu-alerts.yml").read_text())["groups"]
    rules = {rule["alert"]: rule for rule in group["rules"]}
    assert {"ZebuNotReady", "ZebuEvidenceStale", "ZebuNotRun"} <= rules.keys()
    written = samples(WHOLE).keys()
    asked = {
        name for rule in rules.values() for name in re.findall(r"\bzebu_\w+", f"{rule['expr']} {rule['annotations']}")
    }
    assert asked <= written
    tests = yaml.safe_load((ALERTS / "zebu-alerts-test.yml").read_text())
    series = {
        name for test in tests["tests"] for one in test["input_series"] for name in re.findall(r"^\w+", one["series"])
    }
    assert series <= written
    fired = {one["alertname"] for test in tests["tests"] for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert fired == rules.keys(), "each alert is seen to fire"


if __name__ == "__main__":
    GOLDEN.write_text(prometheus.render(WHOLE), encoding="utf-8")
