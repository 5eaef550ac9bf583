"""The certificates that are served."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.certificates import looks, origin_looks, public_looks
from pytest_zebu.facts.elsewhere import marked
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why
from tests.facts.test_chains import LEAF_KEY, certificate


def test_names_origin_and_public_address_are_looked_at(target: Target) -> None:
    asked = looks(target)
    assert [look.subject for look in asked] == ["zebu.test", "www.zebu.test", "api.zebu.test"]
    assert all(look.arguments["addresses"] == ["10.99.0.80"] for look in asked)
    assert all(len(look.arguments["resolvers"]) == 3 for look in asked)
    assert origin_looks(target) == ()
    (look,) = public_looks(target)
    assert (look.vantage, look.arguments["address"]) == ("internet", "10.99.0.80")
    lan = target.model_copy(
        update={"settings": target.settings.model_copy(update={"vantages": target.settings.vantages[1:]})}
    )
    assert public_looks(lan) == ()
    assert why("public_certificate", {}, lan) is Reason.NOT_CONFIGURED


def test_a_port_that_refuses_serves_none(target: Target) -> None:
    found = read(
        "certificates", {}, target, {look.key: {"at": {"10.99.0.80": {"refused": "x"}}} for look in looks(target)}
    )
    assert list(found.values()) == [Known(None)] * 3
    (look,) = public_looks(target)
    assert read("public_certificate", {}, target, {look.key: {"refused": "x"}}) == ""


def test_each_address_serves_its_own(target: Target) -> None:
    silent = Unknown(Reason.UNREACHABLE, "no way")
    seen = {"at": {"192.0.2.1": {"refused": "x"}, "2001:db8::1": silent}}
    found = read("certificates", {}, target, {looks(target)[0].key: seen})
    assert {place: one for place, one in found.items() if place.startswith("zebu.test")} == {
        "zebu.test at 192.0.2.1": Known(None),
        "zebu.test at 2001:db8::1": silent,
    }


def test_what_was_served_elsewhere_before_it_was_renewed_is_not_compared(target: Target) -> None:
    """The look is of hours ago, and the certificate of an hour ago: they differ rightly."""

    def chain(key: Any) -> dict[str, Any]:
        encoded = certificate(key, "zebu.test").public_bytes(serialization.Encoding.DER)
        return {"refused": "", "chain": [base64.b64encode(encoded).decode()], "protocol": "h2"}

    (public,), own = public_looks(target), chain(LEAF_KEY)
    now = {look.key: {"at": {"10.99.0.80": own}} for look in looks(target)}
    other = chain(ec.generate_private_key(ec.SECP256R1()))
    begins = (NOON - timedelta(days=1)).timestamp()

    def seen(row: dict[str, Any], at: float) -> dict[str, Any]:
        return {**now, public.key: marked(row, "phone", at)}

    before, after = seen(other, begins - 3600), seen(other, begins + 3 * 3600)
    assert why("public_certificate", {}, target, before) is Reason.UNDECIDABLE
    assert read("public_certificate", {}, target, after), "since then nothing was renewed: it is another one"
    assert read("public_certificate", {}, target, seen(own, begins - 3600)), "it is the same"
    assert read("public_certificate", {}, target, {**now, public.key: other}), "this machine looks now"


@pytest.mark.parametrize("chain", [[], ["AAAA"], ["!"], [1], None])
def test_what_is_no_certificate_is_garbled(chain: Any, target: Target) -> None:
    seen = {"refused": "", "chain": chain, "protocol": "h2"}
    assert why("certificates", {}, target, {looks(target)[0].key: {"at": {"10.99.0.80": seen}}}) is Reason.GARBLED
    assert why("public_certificate", {}, target, {public_looks(target)[0].key: seen}) is Reason.GARBLED


def test_an_authority_that_cannot_be_read_is_garbled(bookworm: Any, target: Target) -> None:
    tls = target.settings.tls.model_copy(update={"ca_file": Path("gone.pem")})
    bad = target.model_copy(update={"settings": target.settings.model_copy(update={"tls": tls})})
    assert why("certificates", {}, bad, bookworm.looks) is Reason.GARBLED
