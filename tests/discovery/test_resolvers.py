"""Whom to ask for names where no public resolver answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.discovery.resolvers import instead, own_resolvers
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.dns import Name, Resolution
from pytest_zebu.settings.sections import Domains

ASKED = {"site": "zebu.example.org"}
SILENT = Unknown(Reason.TIMED_OUT, "no answer within 3 s")


def said(*answers: Known[tuple[str, ...]] | Unknown) -> Mapping[str, Known[Any] | Unknown]:
    rows = tuple(Resolution(f"192.0.2.{number}", False, answer) for number, answer in enumerate(answers))
    return {"zebu.example.org": Known(Name("zebu.example.org", rows))}


def test_where_nobody_answers_this_machines_own_are_asked() -> None:
    found = instead(lambda name: Known(said(SILENT, SILENT)), Domains(), ASKED, ("192.0.2.53",))
    assert found is not None
    assert (found.key, found.value) == ("domains.resolvers", ("192.0.2.53",))
    assert "may differ" in found.doubt


@pytest.mark.parametrize("answer", [("198.51.100.7",), ()], ids=["an address", "no such name"])
def test_where_anybody_answers_nobody_else_is_asked(answer: tuple[str, ...]) -> None:
    """Also one that knows no such name: it was asked, and said so."""
    names = said(SILENT, Known(answer))
    assert instead(lambda name: Known(names), Domains(), ASKED, ("192.0.2.53",)) is None


def test_whoever_declared_resolvers_is_asked_no_others() -> None:
    domains = Domains(resolvers=("198.51.100.53",))
    assert instead(lambda name: Known(said(SILENT)), domains, ASKED, ("192.0.2.53",)) is None


def test_those_that_were_asked_are_not_asked_again() -> None:
    assert instead(lambda name: Known(said(SILENT)), Domains(), ASKED, ("1.1.1.1",)) is None
    assert instead(lambda name: Known(said(SILENT)), Domains(), {}, ("192.0.2.53",)) is None
    assert instead(lambda name: SILENT, Domains(), ASKED, ("192.0.2.53",)) is None


def test_own_resolvers_are_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\nnameserver fd00::53\nnameserver 192.0.2.53\nsearch example.org\n")
    import dns.resolver

    real = dns.resolver.Resolver
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: real(str(file)))
    assert own_resolvers() == ("192.0.2.53", "fd00::53")
    file.write_text("")
    assert own_resolvers() == ()
