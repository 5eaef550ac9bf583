"""One module per subject; `ALL` has every fact by the name of its fixture."""

from __future__ import annotations

from typing import Any

from pytest_zebu.facts import (
    browser,
    certificates,
    containers,
    dns,
    environment,
    exposure,
    host,
    http,
    postgres,
    repository,
    sockets,
    sshd,
)
from pytest_zebu.facts.base import Fact

ALL: dict[str, Fact[Any]] = {
    fact.name: fact
    for fact in (
        browser.FACT,
        certificates.FACT,
        containers.FACT,
        dns.FACT,
        environment.FACT,
        environment.FILES,
        exposure.FACT,
        host.FACT,
        http.FACT,
        postgres.MIGRATIONS,
        postgres.PASSWORD,
        postgres.ROLE,
        repository.FACT,
        sockets.FACT,
        sshd.FACT,
    )
}
