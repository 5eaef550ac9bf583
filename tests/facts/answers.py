"""Answers as tools print them, and what a fact makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""The moment of gathering, unless a test says otherwise."""
AT = int(NOON.timestamp())
Answers = str | Mapping[str, str | Said | Unknown]


def saying(
    said: Mapping[str, str | Said | Unknown], looks: Mapping[str, Any] | None = None, at: float = AT
) -> Gathered:
    """What was gathered: answers by the probe's name, text standing for what a command said that ended well."""
    answers = {name: Said(0, answer) if isinstance(answer, str) else answer for name, answer in said.items()}
    return Gathered(answers, looks or {}, at)


def _gathered(fact: str, said: Answers, looks: Mapping[str, Any] | None) -> Gathered:
    probes = ALL[fact].probes
    return saying({probes[0].name: said} if isinstance(said, str) else said, looks)


def read(fact: str, said: Answers, target: Target, looks: Mapping[str, Any] | None = None) -> Any:
    """The fact's value. Text alone is the answer to its only probe."""
    return need(ALL[fact].read(_gathered(fact, said, looks), target))


def why(fact: str, said: Answers, target: Target, looks: Mapping[str, Any] | None = None) -> Reason:
    """Why the fact is not known, which it must not be."""
    answer = ALL[fact].read(_gathered(fact, said, looks), target)
    assert isinstance(answer, Unknown), answer
    return answer.reason
