"""One cause, one finding: on recordings, and on what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from lab import recordings
from lab.faults import deploy_initial
from lab.recordings import JUDGED, Case
from pytest_zebu.catalogue import load
from pytest_zebu.verdict import outcome
from pytest_zebu.verdict.causes import LONGEST_TEXT, MOST_PARTS, Part, causes, essence, parts_of
from pytest_zebu.verdict.outcome import Case as Judged
from pytest_zebu.verdict.outcome import Finding, Outcome, combine
from pytest_zebu.verdict.plan import Cause

CATALOGUE = load()
FAILED, UNSEEN, PASSED = Outcome.FAILED, Outcome.NOT_ASSESSED, Outcome.PASSED


@cache
def healthy() -> Case:
    return recordings.read_healthy()


def recorded(case_id: str, folder: Path) -> list[Finding]:
    """What is found on a recording, of the items that it changes."""
    case = recordings.read(JUDGED / f"{case_id}.json", healthy())
    evidence = recordings.evidence(recordings.over(healthy(), case), folder)
    return [evidence.judge(item) for item in case.outcomes]


def failed(item: str, *cases: tuple[str, str] | Judged) -> Finding:
    """A finding by hand."""
    judged = tuple(one if isinstance(one, Judged) else Judged(one[0], FAILED, one[1]) for one in cases)
    outcome, reason = combine(judged)
    return Finding(item, outcome, reason, cases=judged)


def unseen(item: str, reason: str) -> Finding:
    return Finding(item, UNSEEN, reason)


CERTIFICATE = {
    "pre.security.https.certificate", "pre.infrastructure.certificates", "pre.security.https.auto-renewal",
    "post.monitoring.tls.auto-renewal",
}  # fmt: skip
PAGES = {
    "deploy.frontend.assets", "deploy.frontend.console-clean", "deploy.frontend.mobile",
    "deploy.network.no-mixed-content", "deploy.performance.page-load",
}  # fmt: skip
BY_CI = {"pre.application.quality.tests", "pre.application.quality.linters", "pre.application.quality.types"}
RECORDED = {
    "deploy.frontend.certificate/wrong_name": (
        "certificate of zebu.test",
        {"pre.security.https.certificate", "deploy.frontend.certificate", "deploy.network.www"},
        CERTIFICATE - {"pre.security.https.certificate"} | PAGES,
    ),
    "deploy.backend.api/wrong_name": (
        "certificate of api.zebu.test",
        {"pre.security.https.certificate", "deploy.backend.api"},
        CERTIFICATE - {"pre.security.https.certificate"},
    ),
    "pre.security.https.certificate/another_at_the_second_address": (
        "certificate of zebu.test at 10.99.0.81, www.zebu.test at 10.99.0.81",
        {"pre.security.https.certificate", "deploy.frontend.certificate"},
        CERTIFICATE - {"pre.security.https.certificate"},
    ),
    "field/certificate-second-address-refuses": (
        "certificate of zebu.test at 10.99.0.81, www.zebu.test at 10.99.0.81, api.zebu.test at 10.99.0.81",
        {"pre.security.https.certificate", "deploy.frontend.certificate", "deploy.network.www"},
        set(),
    ),
    "deploy.initial.services-healthy/stopped": (
        "service redis",
        {"deploy.initial.services-healthy", "deploy.redis.running"},
        {"deploy.redis.reachable", "deploy.redis.cache", "deploy.performance.memory", "deploy.performance.cpu"},
    ),
    "deploy.initial.services-healthy/paused": (
        "service redis",
        {"deploy.initial.services-healthy", "deploy.redis.running"},
        {"deploy.redis.reachable", "deploy.redis.cache"},
    ),
    "deploy.initial.services-healthy/ran_once_and_failed": (
        "service migrate",
        {"deploy.initial.services-healthy"},
        {"deploy.performance.memory", "deploy.performance.cpu"},
    ),
    "deploy.initial.git-deployed/unpublished": (
        "commit 9cb0e91cdd33",
        {"deploy.initial.git-deployed"},
        {
            *BY_CI, "pre.application.quality.reviewed", "pre.database.integrity.migrations-staged",
            "post.maintenance.updates.staging",
        },
    ),
    "deploy.initial.git-deployed/without_objects": (
        "repository",
        {"deploy.initial.git-deployed"},
        {"pre.security.secrets.not-committed"},
    ),
    "deploy.performance.page-load/blank": (
        "pages",
        {"deploy.performance.page-load", "deploy.frontend.console-clean", "deploy.frontend.mobile"},
        {"deploy.frontend.assets", "deploy.network.no-mixed-content"},
    ),
    "pre.infrastructure.reverse-proxy/default_page": ("pages", PAGES, set()),
    "pre.application.functionality.authentication/breaks_behind_its_door": (
        "portfolios",
        {"pre.application.functionality.portfolios"},
        {"pre.application.functionality.trades", "pre.application.functionality.transactions"},
    ),
    "deploy.database.reachable/cut_off": (
        "database from the backend",
        {"deploy.database.reachable"},
        {
            "pre.database.configuration.password", "pre.security.secrets.defaults-changed",
            "pre.security.secrets.postgres-password",
        },
    ),
    "deploy.network.domain/one_resolver_lies": (
        "pre.infrastructure.dns-records",
        {"pre.infrastructure.dns-records", "deploy.network.domain", "deploy.network.api-subdomain"},
        set(),
    ),
    "field/cdn-left-behind": (
        "pre.infrastructure.dns-records",
        {"pre.infrastructure.dns-records", "deploy.network.domain", "deploy.network.api-subdomain"},
        set(),
    ),
    "field/api-of-no-words": (
        "pre.infrastructure.reverse-proxy",
        {"pre.infrastructure.reverse-proxy", "deploy.initial.health-api", "deploy.backend.api"},
        set(),
    ),
    "deploy.initial.services-healthy/backend_stopped": (
        "service backend",
        {"deploy.initial.services-healthy"},
        deploy_initial.backend_stopped.flips - {"deploy.initial.services-healthy"},
    ),
    "deploy.initial.services-healthy/frontend_stopped": (
        "service frontend",
        {"deploy.initial.services-healthy"},
        deploy_initial.frontend_stopped.flips - {"deploy.initial.services-healthy"},
    ),
    "deploy.initial.services-healthy/database_stopped": (
        "service db",
        {"deploy.initial.services-healthy", "deploy.database.running"},
        deploy_initial.database_stopped.flips - {"deploy.initial.services-healthy", "deploy.database.running"},
    ),
    "pre.security.firewall.redis-local/ipv6_listener": (
        "pre.security.firewall.redis-local",
        {"pre.security.firewall.redis-local", "pre.security.firewall.required-ports-only"},
        set(),
    ),
    "post.documentation.runbooks.deployment/no_such_command": (
        "post.maintenance.deployment.redeploy-documented",
        {
            "post.documentation.runbooks.deployment", "post.maintenance.deployment.checklist",
            "post.maintenance.deployment.redeploy-documented",
        },
        set(),
    ),
    "pre.security.https.force-ssl/temporary": (
        "pre.security.https.force-ssl",
        {"pre.security.https.force-ssl", "deploy.network.https-redirect"},
        set(),
    ),
    "pre.database.backups.strategy/schema_only": (
        "pre.database.backups.strategy",
        {"pre.database.backups.strategy", "pre.database.backups.scheduled"},
        set(),
    ),
}  # fmt: skip
"""By recording: the cause, what says it itself, what comes of it."""


@pytest.mark.parametrize("case_id", RECORDED)
def test_what_is_recorded_is_said_once(case_id: str, tmp_path: Path) -> None:
    key, items, consequences = RECORDED[case_id]
    found = {cause.key: cause for cause in causes(recorded(case_id, tmp_path), CATALOGUE)}
    assert key in found
    assert set(found[key].items) == items
    assert set(found[key].consequences) == consequences
    assert found[key].text
    assert found[key].root in CATALOGUE


@pytest.mark.parametrize("case_id", ["blinded/without_ssh", "deploy.initial.ssh/refused"])
def test_no_ssh_is_one_cause_of_all_that_the_machine_would_say(case_id: str, tmp_path: Path) -> None:
    case = recordings.read(JUDGED / f"{case_id}.json", healthy())
    evidence = recordings.evidence(recordings.over(healthy(), case), tmp_path)
    findings = [evidence.judge(item) for item in case.outcomes]
    (cause,) = causes(findings, CATALOGUE)
    assert cause.items == ("deploy.initial.ssh",)
    speak = {one.item for one in findings if one.outcome is UNSEEN and "unreachable: ssh" in one.reason}
    # What lacks something else besides is no consequence of this alone.
    assert speak - set(cause.consequences) == {"deploy.backend.authentication"} & speak
    assert len(cause.consequences) > 100


WITHOUT_CAUSE = (
    "field/bullseye-database-off", "field/bullseye-docker-off", "field/bullseye-ssh-passwords", "field/checks-none",
    "field/documents-template-left", "incident.review.record/never_reviewed", "ops.weekly.logs/long_ago",
    "post.monitoring.disk.usage/nearly_full", "pre.database.configuration.pooling/no_limit",
    "pre.security.secrets.postgres-password/one_letter", "pre.database.backups.restore-tested/cut_short",
)  # fmt: skip


@pytest.mark.parametrize("case_id", WITHOUT_CAUSE)
def test_what_only_fails_together_stays_apart(case_id: str, tmp_path: Path) -> None:
    """Several things off at once, each to be mended by itself."""
    findings = recorded(case_id, tmp_path)
    assert sum(one.outcome is FAILED for one in findings) >= 2
    assert causes(findings, CATALOGUE) == ()


def test_a_changed_tree_does_not_hide_what_a_document_lacks(tmp_path: Path) -> None:
    (cause,) = causes(recorded("post.documentation.contacts.dns/left_out", tmp_path), CATALOGUE)
    assert cause.all_items == ("pre.application.quality.tagged-release", "deploy.initial.git-deployed")


def test_one_that_ran_out_does_not_hide_that_nothing_renews_it(tmp_path: Path) -> None:
    found = causes(recorded("pre.security.https.certificate/expired", tmp_path), CATALOGUE)
    (certificate,) = (cause for cause in found if cause.key == "certificate of www.zebu.test")
    assert "post.monitoring.tls.expiry" in certificate.consequences
    assert not {"pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"} & set(certificate.all_items)


# By hand

STOPPED = failed("deploy.initial.services-healthy", ("redis", "is exited"))
REDIS = failed("deploy.redis.running", ("redis", "is exited"))
PING = failed(
    "deploy.redis.reachable",
    ("PING from the backend", "cannot reach Redis: the name in its address is not known to its resolver"),
)


def of(*findings: Finding) -> tuple[Cause, ...]:
    return causes(findings, CATALOGUE)


def test_a_service_that_runs_explains_nothing() -> None:
    unhealthy = failed("deploy.initial.services-healthy", ("redis", "is unhealthy"))
    assert of(unhealthy, PING) == ()
    running = failed("deploy.redis.running", ("redis", "is unhealthy"))
    (cause,) = of(unhealthy, running, PING)
    assert cause.all_items == ("deploy.initial.services-healthy", "deploy.redis.running")  # both say the same


def test_another_stopped_service_does_not_explain_redis() -> None:
    stopped = failed("deploy.initial.services-healthy", ("worker", "is exited"))
    broken = failed("deploy.redis.running", ("data", "was last saved with err"))
    assert of(stopped, broken, PING) == ()


def test_what_more_is_wrong_stays_a_finding() -> None:
    more = failed(
        "deploy.redis.reachable",
        ("PING from the backend", "cannot reach Redis: the name in its address is not known to its resolver"),
        ("its password", "is not that of .env"),
    )
    (cause,) = of(STOPPED, REDIS, more)
    assert cause.all_items == ("deploy.initial.services-healthy", "deploy.redis.running")


def test_a_part_that_was_not_seen_for_another_reason_counts_too() -> None:
    more = failed(
        "deploy.redis.running", ("redis", "is exited"), Judged("data", UNSEEN, "no permission: Redis refuses INFO")
    )
    assert of(STOPPED, more) == ()
    same = failed(
        "deploy.redis.running",
        ("redis", "is exited"),
        Judged("data", UNSEEN, "not there: no running container of Redis was seen"),
    )
    assert of(STOPPED, same)[0].items == ("deploy.initial.services-healthy", "deploy.redis.running")


def test_a_root_that_has_more_wrong_is_not_settled_with_its_cause() -> None:
    root = failed(
        "deploy.initial.services-healthy",
        ("redis", "is exited"),
        ("backend", "has no health check, so nobody knows"),
    )
    (cause,) = of(root, REDIS, PING)
    assert cause.items == ("deploy.redis.running",)
    assert cause.consequences == ("deploy.redis.reachable",)
    assert cause.root == "deploy.initial.services-healthy"


def test_several_stopped_services_are_one_cause() -> None:
    root = failed("deploy.initial.services-healthy", ("redis", "is exited"), ("db", "is exited"))
    database = failed("deploy.database.running", ("db", "is exited"))
    unknown = unseen("deploy.database.pool", "not there: no container of PostgreSQL was seen")
    (cause,) = of(root, REDIS, database, unknown, PING)
    assert cause.key == "service redis, db"
    assert set(cause.consequences) == {"deploy.redis.reachable", "deploy.database.pool"}


# The backend, the frontend and the database

DOWN = "not there: no running container of the backend was seen"
POOL, HEALTH = unseen("deploy.database.pool", DOWN), ("https://api.zebu.test/health", "answers 504")
API = failed("deploy.initial.health-api", HEALTH)


def services(**states: str) -> Finding:
    """The item about services, where those that are not said to be something else are well."""
    cases = [Judged(name, FAILED, reason) if reason else Judged(name, PASSED) for name, reason in states.items()]
    return failed("deploy.initial.services-healthy", *cases)


@pytest.mark.parametrize(("names", "explains"), [
    ({"backend": "is exited"}, True),
    ({"api": "is exited", "redis": ""}, True),
    ({"web": "is exited", "backend": ""}, False),  # of another name, while the backend runs
    ({"web": "is exited", "api": ""}, False),
    ({"worker": "is exited", "backend": ""}, False),
    ({"zebu": "is exited"}, False),  # nobody says that it is the backend
])  # fmt: skip
def test_only_the_backend_explains_what_the_backend_would_say(names: dict[str, str], explains: bool) -> None:
    found = of(services(**names), POOL, API)
    assert bool(found) is explains
    if explains:
        assert set(found[0].consequences) == {POOL.item, API.item}


def test_a_service_called_web_is_the_backend_only_where_the_backend_is_missed() -> None:
    assert of(services(web="is exited"), API) == ()
    assert of(services(web="is exited"), API, POOL) != ()


def test_a_backend_that_hangs_explains_that_nobody_answers() -> None:
    silent = failed("deploy.initial.health-api", ("https://api.zebu.test/health", "answers nothing"))
    cors = unseen("pre.security.application.cors-restricted", "request from null: the API gets no answer (ReadTimeout)")
    (cause,) = of(services(backend="is unhealthy"), silent, cors, POOL)
    # It runs: that no running container was seen has another reason.
    assert set(cause.consequences) == {silent.item, cors.item}


def test_an_error_of_the_applications_own_is_no_consequence_of_a_backend_that_is_down() -> None:
    own = failed("deploy.backend.api", ("https://api.zebu.test/health", "answers 500"))
    signing = failed("deploy.backend.authentication", ("no token", "gets 200"))
    assert set(of(services(backend="is exited"), API, own, signing)[0].consequences) == {API.item}


def test_another_name_than_the_apis_is_not_the_backends() -> None:
    site = failed("pre.infrastructure.reverse-proxy", ("https://zebu.test", "answers 504"))
    assert site.item not in of(services(backend="is exited"), API, POOL, site)[0].all_items
    proxy = failed("pre.infrastructure.reverse-proxy", ("https://api.zebu.test", "answers 504"))
    assert proxy.item in of(services(backend="is exited"), API, POOL, proxy)[0].all_items


def test_of_several_failed_requests_the_others_may_be_something_else() -> None:
    one, two = (
        failed(
            "deploy.frontend.console-clean",
            ("https://zebu.test/", f"{count} failed requests, first: GET 502 https://zebu.test/api/v1/"),
        )
        for count in (1, 2)
    )
    assert one.item in of(services(backend="is exited"), API, one)[0].all_items
    assert two.item not in of(services(backend="is exited"), API, two)[0].all_items


def test_an_api_that_nobody_answers_for_is_one_cause_though_all_runs() -> None:
    """The proxy sends its name to another port."""
    backend = failed("deploy.backend.api", HEALTH)
    docs = unseen(
        "deploy.backend.docs", "the description: https://api.zebu.test/openapi.json: the API is answered with 504"
    )
    (cause,) = of(API, backend, docs, REDIS)
    assert (cause.key, cause.items, cause.consequences) == (
        "API of api.zebu.test",
        (API.item, backend.item),
        (docs.item,),
    )
    assert "docker compose logs backend" in cause.fix
    hung = unseen(
        "deploy.backend.docs",
        "the description: https://api.zebu.test/openapi.json: the API gets no answer (ReadTimeout)",
    )
    assert hung.item not in of(API, backend, hung)[0].all_items  # it answers, with an error


def test_a_page_of_an_error_is_the_stopped_frontends_and_no_other() -> None:
    shows = "shows an error or somebody else's page (504 Gateway Time-out nginx)"
    page = failed("deploy.performance.page-load", ("cold loads", shows))
    www = failed("deploy.network.www", ("https://zebu.test/", "answers 504"))
    (cause,) = of(services(frontend="is exited"), page, www)
    assert set(cause.consequences) == {page.item, www.item}
    assert of(services(worker="is exited"), page, www) == ()
    other = failed("deploy.performance.page-load", ("cold loads", "shows an error or somebody else's page (404 nginx)"))
    assert other.item not in of(services(frontend="is exited"), other, www)[0].all_items


def test_a_database_that_is_down_is_what_logins_and_keys_break_on() -> None:
    database = failed("deploy.database.running", ("db", "is exited"))
    key = failed("deploy.database.reachable", ("a key that nobody has", "gets 500: the backend could not ask"))
    password = unseen("pre.database.configuration.password", "the database did not answer the backend's login clearly")
    (cause,) = of(services(db="is exited"), database, key, password)
    assert set(cause.consequences) == {key.item, password.item}
    # While it runs, that the backend cannot ask it is a thing of its own.
    (other,) = of(key, password)
    assert other.key == "database from the backend"


# Names and ports


def shut(*hosts: str) -> tuple[Finding, ...]:
    """What is said of names of which nobody answers."""
    certificates = [(host, "does not answer a TLS handshake on port 443") for host in hosts]
    proxy = [
        (f"{scheme}://{host}", f"does not answer on port {port}")
        for host in hosts
        for scheme, port in (("http", 80), ("https", 443))
    ]
    return (
        failed("pre.infrastructure.reverse-proxy", *proxy),
        failed("pre.security.https.certificate", *certificates),
        failed("pre.security.https.hsts", *((host, "does not answer over https") for host in hosts)),
        failed("deploy.network.https-redirect", *((f"http://{host}/", "answers nothing") for host in hosts)),
        unseen("pre.security.https.auto-renewal", "no certificate was seen"),
    )


def test_a_proxy_that_is_down_is_one_cause() -> None:
    found = shut("zebu.test", "api.zebu.test")
    api = failed("deploy.initial.health-api", ("https://api.zebu.test/health", "answers nothing"))
    key = failed("deploy.database.reachable", ("a key that nobody has", "gets no answer (ConnectionError)"))
    forwarding = failed("pre.infrastructure.port-forwarding", ("from internet", "port 80 of 192.0.2.1 does not answer"))
    (cause,) = of(*found, api, key, forwarding)
    assert cause.key == "ports of zebu.test, api.zebu.test"
    assert cause.items == (found[0].item, forwarding.item)
    assert set(cause.consequences) == {*(one.item for one in found[1:]), api.item, key.item}
    assert "systemctl status nginx" in cause.fix


def test_a_name_that_shakes_hands_is_not_shut() -> None:
    """Who waits for an answer in vain was connected to: it is not the port."""
    proxy, _, hsts, *_ = shut("api.zebu.test")
    assert of(proxy, hsts) == ()
    (cause,) = of(proxy, hsts, failed("deploy.initial.health-api", ("https://api.zebu.test/health", "answers nothing")))
    assert cause.key == "API of api.zebu.test"
    # Port 80 is another thing than an application that hangs.
    assert cause.all_items == ("deploy.initial.health-api", hsts.item)


def test_the_api_answers_where_only_the_site_is_shut() -> None:
    key = failed("deploy.database.reachable", ("a key that nobody has", "gets no answer (ConnectionError)"))
    assert key.item not in of(*shut("zebu.test"), key)[0].all_items


# Firewall

OFF = failed(
    "pre.security.firewall.enabled", ("IPv4", "lets a stranger in (policy of INPUT)"), ("IPv6", "lets a stranger in (policy of INPUT)")
)  # fmt: skip
ANSWERS = failed("pre.security.firewall.required-ports-only", ("from lan", "10.0.0.1 answers on 8000"))


def of_port(*seen: str, **other: object) -> Finding:
    """What is said of the backend's port, and what was seen of it."""
    found = failed("pre.security.firewall.backend-not-exposed", ("from lan", "10.0.0.1:8000 answers"))
    return replace(found, evidence=seen, **other)  # type: ignore[arg-type]


def test_a_port_of_the_machines_own_answers_because_the_firewall_is_off() -> None:
    (cause,) = of(OFF, ANSWERS, of_port("backend publishes 127.0.0.1:8000->8000 (docker-compose.yml)"))
    assert (cause.key, cause.items) == ("firewall", (OFF.item,))
    assert set(cause.consequences) == {ANSWERS.item, "pre.security.firewall.backend-not-exposed"}


@pytest.mark.parametrize("seen", [
    "backend publishes 0.0.0.0:8000->8000 (docker-compose.yml)", "backend publishes [::]:8000->8000", "backend publishes x",
])  # fmt: skip
def test_what_docker_publishes_answers_past_the_firewall(seen: str) -> None:
    (cause,) = of(OFF, ANSWERS, of_port("backend publishes 127.0.0.1:8000->8000", seen))
    assert OFF.item not in cause.all_items


def test_a_port_of_which_nobody_told_who_publishes_it_is_its_own() -> None:
    port = failed("pre.security.firewall.required-ports-only", ("from lan", "10.0.0.1 answers on 3000, 8000"))
    assert of(OFF, port, Finding(of_port().item, PASSED)) == ()
    assert of(OFF, ANSWERS) == ()
    assert of(OFF, ANSWERS, unseen(of_port().item, "Docker's containers could not be listed")) == ()


def test_one_family_that_is_open_does_not_explain_the_other() -> None:
    v6 = failed("pre.security.firewall.enabled", ("IPv6", "lets a stranger in (policy of INPUT)"))
    known = Finding(of_port().item, PASSED)
    assert of(v6, ANSWERS, known) == ()
    open6 = failed("pre.security.firewall.required-ports-only", ("from lan (IPv6)", "fd00::10 answers on 8000"))
    assert of(v6, open6, known)[0].key == "firewall"


def test_a_listener_is_to_be_mended_whatever_the_firewall_does() -> None:
    local = failed(
        "pre.security.firewall.database-local", ("listening on the machine", "python3 listens on 10.0.0.1"), ("from lan", "10.0.0.1:5432 answers")
    )  # fmt: skip
    port = failed("pre.security.firewall.required-ports-only", ("from lan", "10.0.0.1 answers on 5432"))
    (cause,) = of(OFF, port, local)
    assert cause.all_items == (OFF.item, port.item)


def test_who_knows_of_one_port_how_it_is_shut_leads() -> None:
    (cause,) = of(ANSWERS, of_port("backend publishes 0.0.0.0:8000->8000"))
    assert cause.root == "pre.security.firewall.backend-not-exposed"


# Certificates


def test_a_certificate_explains_only_its_own_name() -> None:
    root = failed(
        "pre.security.https.certificate", ("api.zebu.test", "the certificate is for a.test, not for api.zebu.test")
    )
    site = failed("deploy.frontend.certificate", ("certificate of zebu.test", "is for b.test"))
    page = failed(
        "deploy.frontend.assets",
        ("https://zebu.test/", "did not load: Page.goto: net::ERR_CERT_DATE_INVALID at https://zebu.test/"),
    )
    lookalike = failed("deploy.backend.api", ("certificate of xapi.zebu.test", "is for a.test"))
    assert of(root, site, page, lookalike) == ()


def test_a_page_that_fails_otherwise_is_not_the_certificates() -> None:
    root = failed("pre.security.https.certificate", ("zebu.test", "is not trusted: self-signed certificate"))
    page = failed(
        "deploy.frontend.assets",
        ("https://zebu.test/", "did not load: Page.goto: net::ERR_CONNECTION_REFUSED at https://zebu.test/"),
    )
    assert of(root, page) == ()


def test_a_refused_commit_is_the_same_one() -> None:
    root = failed(
        "deploy.initial.git-deployed",
        ("commit", "9cb0e91cdd33: it was made here (commit), and no branch of the remote has it"),
    )
    other = unseen(
        "pre.application.quality.tests",
        "undecidable: forge: check runs: status 422 No commit found for SHA: aaaaaaaaaaaa",
    )
    assert of(root, other) == ()


def test_the_same_words_of_two_things_are_two() -> None:
    assert (
        of(
            failed("pre.application.docker.health-checks", ("redis", "is wrong")),
            failed("pre.application.docker.restart-policy", ("backend", "is wrong")),
        )
        == ()
    )
    assert (
        of(
            failed("pre.infrastructure.dns-records", ("zebu.test on resolver 1.1.1.1", "has no address")),
            failed("deploy.network.domain", ("zebu.test on resolver 9.9.9.9", "has no address")),
        )
        == ()
    )


def test_tasks_and_steps_are_each_their_own() -> None:
    same = ("fault", "this step is not done")
    assert of(failed("incident.act.fix", same), failed("incident.act.logs", same)) == ()


def test_without_cases_the_same_sentence_is_no_cause() -> None:
    assert (
        of(
            Finding("post.maintenance.updates.staging", FAILED, "it is not so"),
            Finding("pre.database.integrity.migrations-staged", FAILED, "it is not so"),
        )
        == ()
    )


@pytest.mark.parametrize("outcome", [PASSED, Outcome.WAIVED, Outcome.ADVICE, Outcome.ATTESTED, Outcome.NOT_APPLICABLE])
def test_what_is_settled_is_no_consequence(outcome: Outcome) -> None:
    ping = Finding(PING.item, outcome, PING.reason, cases=PING.cases)
    assert PING.item not in of(STOPPED, REDIS, ping)[0].all_items


def test_a_check_that_broke_is_no_consequence() -> None:
    broken = Finding("deploy.redis.cache", UNSEEN, "not there: no running container of Redis was seen", broken=True)
    assert "deploy.redis.cache" not in of(STOPPED, REDIS, broken)[0].all_items


def test_each_item_has_one_cause(tmp_path: Path) -> None:
    for case_id in RECORDED:
        found = causes(recorded(case_id, tmp_path / case_id.replace("/", "-")), CATALOGUE)
        items = [item for cause in found for item in cause.all_items]
        assert len(items) == len(set(items))
        assert len({cause.key for cause in found}) == len(found)


def test_the_graver_cause_comes_first() -> None:
    certificate = failed("pre.security.https.certificate", ("zebu.test", "is not trusted: self-signed certificate"))
    site = failed(
        "deploy.frontend.certificate", ("certificate of zebu.test", "is not trusted: self-signed certificate")
    )
    found = of(STOPPED, REDIS, PING, certificate, site)
    assert [cause.key for cause in found] == ["certificate of zebu.test", "service redis"]


# Parts


def test_a_word_behind_the_reason_is_no_part() -> None:
    cases = (Judged("redis", UNSEEN, "timed out"),)
    lapsed = "the attestation by operations expired on 2026-01-01"
    finding = Finding(REDIS.item, UNSEEN, f"redis: timed out; {lapsed}", cases=cases)
    assert parts_of(replace(finding, lapsed=lapsed)) == (Part("redis", "timed out", False),)
    assert len(parts_of(finding)) == 2  # whose it is, is not known


def test_what_a_person_attests_to_have_failed_is_a_part() -> None:
    cases = (Judged("redis", FAILED, "is exited"),)
    finding = Finding(REDIS.item, FAILED, "attested to have failed by operations; redis: is exited", cases=cases)
    assert [part.case for part in parts_of(finding)] == ["redis", ""]
    assert finding.item not in of(STOPPED, finding, PING)[0].all_items


def test_the_essence_is_of_the_thing() -> None:
    assert essence(Part("from lan", "10.0.0.1 answers on 6379", True), "one") == essence(
        Part("from lan", "10.0.0.1:6379 answers", True), "one"
    )
    assert essence(Part("from lan", "10.0.0.1:6379 answers", True), "one") != essence(
        Part("from internet", "10.0.0.1:6379 answers", True), "one"
    )
    assert essence(Part("https://a.test", "answers 204", True), "one") == essence(
        Part("https://a.test/health", "answers 204", True), "one"
    )
    assert essence(Part("https://a.test/api", "answers 204", True), "one") != essence(
        Part("https://a.test", "answers 204", True), "one"
    )


# Hostile


def test_what_is_too_long_or_too_much_explains_nothing() -> None:
    long = "x" * 5_000
    assert (
        of(failed("deploy.redis.running", (long, "is exited")), failed("deploy.redis.cache", (long, "is exited"))) == ()
    )
    many = [(f"case {number}", "is exited") for number in range(MOST_PARTS + 1)]
    assert of(failed("deploy.redis.running", *many), failed("deploy.redis.cache", *many)) == ()


def test_texts_are_bounded() -> None:
    many = [(f"service-{number}", "is exited") for number in range(200)]
    found = of(failed("deploy.initial.services-healthy", *many), failed("deploy.redis.running", *many))
    for cause in found:
        assert max(len(cause.key), len(cause.text), len(cause.title)) <= LONGEST_TEXT


def test_a_name_is_no_pattern() -> None:
    """What a target calls its services is compared letter by letter."""
    root = failed("deploy.initial.services-healthy", (".*", "is exited"), ("(", "is exited"))
    assert of(root, REDIS) == ()


def test_odd_sentences_take_no_longer_than_their_length() -> None:
    import time

    odd = ("a on resolver " * 80)[:990], ("from a: " * 130)[:990], ("https://" * 130)[:990], ": " * 490, "/" * 990
    findings = [failed(item.id, *((text, "answers 200 " * 5) for text in odd)) for item in CATALOGUE]
    start = time.process_time()
    of(*findings)
    assert time.process_time() - start < 5


def test_a_few_words_are_no_common_cause() -> None:
    """Two settings of one container that are not set are two things."""
    found = [
        Finding(
            item, Outcome.FAILED, "backend: is not set", cases=(outcome.Case("backend", Outcome.FAILED, "is not set"),)
        )
        for item in ("pre.infrastructure.network", "pre.database.backups.strategy")
    ]
    assert causes(found, load()) == ()
