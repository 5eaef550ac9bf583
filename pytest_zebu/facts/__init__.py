"""One module per subject; `ALL` has every fact by the name of its fixture."""

from __future__ import annotations

from typing import Any

from pytest_zebu.facts import (
    accounts,
    addressing,
    backups,
    browser,
    bruteforce,
    certificates,
    containers,
    dns,
    dockerd,
    documents,
    environment,
    exposure,
    firewall,
    host,
    http,
    jobs,
    postgres,
    repository,
    resources,
    sockets,
    sshd,
    web,
)
from pytest_zebu.facts.base import Fact

ALL: dict[str, Fact[Any]] = {
    fact.name: fact
    for fact in (
        accounts.FACT,
        addressing.CONNECTIVITY,
        addressing.FACT,
        backups.FACT,
        browser.FACT,
        bruteforce.FACT,
        certificates.FACT,
        certificates.PUBLIC,
        containers.FACT,
        dns.FACT,
        dockerd.FACT,
        documents.FACT,
        environment.FACT,
        environment.FILES,
        exposure.FACT,
        firewall.FACT,
        host.FACT,
        http.FACT,
        jobs.FACT,
        postgres.MIGRATIONS,
        postgres.PASSWORD,
        postgres.LOGIN,
        postgres.ROLE,
        postgres.STATE,
        postgres.WORKERS,
        repository.FACT,
        repository.HISTORY,
        resources.FACT,
        sockets.FACT,
        sockets.UDP,
        sshd.FACT,
        web.FACT,
        web.PAGE,
        web.SCRIPTS,
    )
}
