"""Prometheus' text exposition, as node_exporter's textfile collector reads it from a file.

What is not known is no number: a score is NaN where nothing was assessed, no comparison with which is true, and the time of
evidence, or the verdict of a stage of which nothing was selected, is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from pytest_zebu.reports.report import HostReport, Report
from pytest_zebu.shown import MOST_ENTRIES, clean_line

MOST_LABEL = 200
"""Of characters, in a label's value."""
Labels = dict[str, str]
Sample = tuple[Labels, float]


class _Metric(Struct, frozen=True):
    """A gauge, with what it is and what it is in."""

    name: str
    help: str
    samples: tuple[Sample, ...]

    @property
    def lines(self) -> Iterator[str]:
        """What is told of it; nothing where there is no sample."""
        if self.samples:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} gauge"
        for labels, value in self.samples:
            told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{self.name}{{{told}}} {_number(value)}" if told else f"{self.name} {_number(value)}"


def render(report: Report) -> str:
    """The whole file."""
    hosts = tuple(_named(report.hosts[:MOST_ENTRIES]))
    metrics = (*_of_run(report), *_of_hosts(hosts), *_of_stages(hosts), *_of_items(hosts))
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines)


def _named(hosts: Iterable[HostReport]) -> Iterator[tuple[str, HostReport]]:
    """The hosts by names that are not alike: the collector refuses a file in which a sample stands twice."""
    taken: set[str] = set()
    for host in hosts:
        name, number = clean_line(host.name, MOST_LABEL), 1
        while name in taken:
            number += 1
            name = f"{clean_line(host.name, MOST_LABEL)} ({number})"
        taken.add(name)
        yield name, host


Hosts = tuple[tuple[str, HostReport], ...]


def _of_run(report: Report) -> Iterator[_Metric]:
    yield _Metric(
        "zebu_build_info", "The version of pytest-zebu that wrote this.", (({"version": report.tool_version}, 1),)
    )
    began: tuple[Sample, ...] = (({}, report.at.timestamp()),) if report.at else ()
    yield _Metric("zebu_run_timestamp_seconds", "When the last run began, in seconds since the epoch.", began)
    yield _Metric("zebu_run_duration_seconds", "How long the last run took.", (({}, report.seconds),))


def _of_hosts(hosts: Hosts) -> Iterator[_Metric]:
    asked = [(name, host) for name, host in hosts if host.access.gathered]
    yield _Metric(
        "zebu_reachable",
        "Whether ssh let us in.",
        tuple(({"host": name}, float(host.access.reachable)) for name, host in asked),
    )
    yield _Metric(
        "zebu_evidence_timestamp_seconds",
        "When the evidence was gathered that was judged, in seconds since the epoch; older than the run in a replay.",
        tuple(({"host": name}, host.at.timestamp()) for name, host in asked),
    )
    yield _Metric(
        "zebu_gathering_duration_seconds",
        "How long the gathering of evidence took.",
        tuple(({"host": name}, host.access.seconds) for name, host in asked),
    )
    yield _Metric(
        "zebu_target_processor_seconds",
        "What gathering took of the host's processor, without what Docker took for it.",
        tuple(({"host": name}, host.access.processor) for name, host in asked if host.access.processor is not None),
    )
    yield _Metric(
        "zebu_simulated_sources",
        "Sources of evidence that are stand-ins: what they say is no evidence of a real deployment.",
        tuple(({"host": name}, len(host.simulated)) for name, host in hosts),
    )


def _of_stages(hosts: Hosts) -> Iterator[_Metric]:
    tallies = [
        ({"host": name, "stage": stage.value}, host, tally)
        for name, host in hosts
        for stage, tally in host.stages.items()
    ]
    yield _Metric(
        "zebu_score",
        "The score of a stage in per cent, waivers counted; NaN where nothing was assessed.",
        tuple((labels, _known(tally.score_with_waivers)) for labels, _, tally in tallies),
    )
    yield _Metric(
        "zebu_score_without_waivers",
        "The score of a stage in per cent, waivers left out; NaN where nothing was assessed.",
        tuple((labels, _known(tally.score)) for labels, _, tally in tallies),
    )
    yield _Metric(
        "zebu_threshold",
        "The score in per cent that a stage needs.",
        tuple((labels, tally.threshold) for labels, _, tally in tallies),
    )
    yield _Metric(
        "zebu_ready",
        "Whether a stage is ready: its threshold is met, and nothing non-negotiable is open. Only of stages that were judged.",
        tuple(
            (labels, float(tally.ready)) for labels, host, tally in tallies if labels["stage"] in host.selected_stages
        ),
    )
    yield _Metric(
        "zebu_partial",
        "Whether items of a stage were left out of the run; they count as not assessed.",
        tuple((labels, float(tally.partial)) for labels, _, tally in tallies),
    )
    yield _Metric(
        "zebu_items",
        "Items of a stage by outcome.",
        tuple(
            ({**labels, "outcome": outcome.value}, count)
            for labels, _, tally in tallies
            for outcome, count in tally.counts.items()
        ),
    )
    yield _Metric(
        "zebu_non_negotiable_open",
        "Non-negotiable items of a stage that failed or were not assessed.",
        tuple((labels, len(tally.blockers)) for labels, _, tally in tallies),
    )
    yield _Metric(
        "zebu_non_negotiable_open_info",
        "Each non-negotiable item that failed or was not assessed.",
        tuple(({**labels, "item": item}, 1) for labels, _, tally in tallies for item in tally.blockers),
    )


def _of_items(hosts: Hosts) -> Iterator[_Metric]:
    yield _Metric(
        "zebu_word_expiry_timestamp_seconds",
        "When an attestation, a waiver or an exclusion ends that counts today, in seconds since the epoch.",
        tuple(
            ({"host": name, "item": item.item, "kind": item.word.kind}, _end_of(item.word.until))
            for name, host in hosts
            for item in host.items
            if item.word is not None and item.word.until is not None
        ),
    )


def _end_of(day: date) -> float:
    """The end of the last day on which a word holds, in UTC."""
    if day == date.max:
        return math.inf
    return datetime.combine(day + timedelta(days=1), time(), UTC).timestamp()


def _known(score: float | None) -> float:
    return math.nan if score is None else score


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def _escaped(text: str) -> str:
    return clean_line(text, MOST_LABEL).replace("\\", "\\\\").replace('"', '\\"')
