"""What is known to make other items fail: rules, as patterns of the sentences that items say."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Role = Literal["", "backend", "frontend", "database", "redis", "api", "front", "IPv4", "IPv6"]
"""What a thing must be, for something to follow from it: one of the services, the API's name, a name of which nobody answers
on the port of https, a family of addresses."""


class Follow(Struct, frozen=True):
    """What is said because of a cause.

    Attributes:
        items: patterns of the ids of those that say it.
        says: what they say; `{subject}` stands for each thing that the cause is about, `{host}` for its name alone, `{api}`
            for the API's name, `{unpublished}` for each port of which it is known that Docker publishes it to nobody.
        role: what the thing must be, for this to be a consequence.
        where: what must be wrong with the thing, for this to be a consequence.
        itself: whether it is the same that is said, and no consequence of it.
    """

    items: tuple[str, ...]
    says: str
    role: Role = ""
    where: str = ""
    itself: bool = False


class Rule(Struct, frozen=True):
    """One kind of cause.

    Attributes:
        root: the item that finds it.
        says: how it says so: `subject` is what is at fault, and the whole of it is what is wrong.
        key: names the cause; `{subjects}` stands for what is at fault.
        title: what is to be done.
        follows: what is said because of it.
        role: what a thing must be, to be at fault in this way.
        fix: how it is mended, where the fix of the item that finds it is for something else.
    """

    root: str
    says: str
    key: str
    title: str
    follows: tuple[Follow, ...]
    role: Role = ""
    fix: str = ""


NOT_RUNNING = r"(?:is|has) (?:exited(?: \(status \d+[^)]*\))?|paused|dead|created|removing|restarting)"
UNHEALTHY = "is unhealthy"
PAGES = ("deploy.frontend.*", "deploy.network.no-mixed-content", "deploy.performance.page-load")
UNTRUSTED = r"(?: \(the browser does not trust its certificate\))?"
NO_LOAD = r"(?:did not load|did not end): (?:Page\.goto: )?"
NOT_THERE = r"Error response from daemon: .* is (?:paused|not running|restarting).*"
SIGNING_IN = ("pre.application.functionality.authentication", "deploy.backend.authentication")
MAY_ENTER = r"who may enter: is not seen to be let in: (?:.+; )?"
"""Each of the reasons behind it would have been enough to see it."""
BROKE = r"the last of \d+ requests of a week broke"
PASSWORDS = ("pre.database.configuration.password", "pre.security.secrets.*")
UNCLEAR = r"(?:[^:]+: )?(?:the database )?did not answer the [\w' -]+ clearly"
GATEWAY = "50[234]"
"""What a proxy says where nobody answers behind it."""
SILENT = r"(?:does not answer|gets no answer) \(\w+\)"

BROKEN_API = (
    Follow(("pre.infrastructure.reverse-proxy",), f"https://{{api}}: answers {GATEWAY}"),
    Follow(("deploy.initial.health-api", "deploy.backend.api"), f"https://{{api}}/health: answers {GATEWAY}"),
    Follow(("pre.security.application.*", "deploy.backend.docs"), rf".+: the API is answered with {GATEWAY}(?:: .+)?"),
    Follow(SIGNING_IN, rf"[^:]+: gets {GATEWAY}|{MAY_ENTER}{BROKE}"),
    Follow(("deploy.database.reachable",), rf"[^:]+: gets {GATEWAY}: the backend could not ask"),
    Follow(("deploy.performance.api",), r"https://\S+: answers with errors of the server"),
    Follow(("deploy.backend.cors-headers",), r"(?:request|preflight) from \S+: is allowed for nobody"),
    Follow(
        ("pre.application.environment.cors-complete",), r"\S+: is not allowed by the API's answer \(no header\)"
    ),
    Follow(
        ("pre.application.environment.api-base-url",),
        rf"\S+: does not reach the backend: \w+ \S+ is answered {GATEWAY} .+",
    ),
    # Of several only the first is named: the others may be something else.
    Follow(("deploy.frontend.console-clean",), rf"\S+: 1 failed requests?, first: \w+ {GATEWAY} https://[^/\s]+/api/\S*"),
)  # fmt: skip
"""What is said where nobody answers behind the API's name."""
SILENT_API = (
    Follow(("deploy.initial.health-api", "deploy.backend.api"), "https://{api}/health: answers nothing"),
    Follow(("pre.security.application.*", "deploy.backend.docs"), rf".+: the API {SILENT}"),
    Follow(
        ("deploy.database.reachable", "deploy.backend.cors-headers", *SIGNING_IN),
        rf"[^:]+(?: https://\S+)?: {SILENT}|{MAY_ENTER}{BROKE}",
    ),
    Follow(("pre.application.environment.cors-complete",), rf"\S+: the API {SILENT}"),
    Follow(
        ("deploy.performance.api",), r"https://\S+: (?:breaks off: \w+|answers with errors of the server)"
    ),
    Follow(
        ("pre.application.environment.api-base-url",),
        r"\S+: \w+ \S+ is not answered to the page \(\w+\): whether the backend is there is not known",
    ),
)  # fmt: skip
"""What is said where the API's name is asked in vain, and not even a proxy answers."""
HUNG_API = (
    *SILENT_API,
    Follow(("pre.infrastructure.reverse-proxy",), "https://{api}: does not answer on port 443"),
    Follow(("pre.security.https.hsts",), "{api}: does not answer over https"),
    Follow(
        ("pre.security.https.force-ssl", "deploy.network.https-redirect"),
        r"http://{api}/\S*: leads to https://{api}/\S*, which does not answer \(\w+\)",
    ),
)
"""What is said where the API's name is connected to in vain: who asks waits."""
WITHOUT_PAGES = (
    Follow(("*",), "(?:.+: )?not there: no container of the frontend with an address was seen"),
    Follow(("deploy.initial.health-site",), rf"https://\S+/health: answers {GATEWAY}"),
    Follow(
        ("deploy.network.www",), rf"https://\S+/: (?:answers {GATEWAY}|ends with {GATEWAY} at https://\S+)"
    ),
    Follow(
        PAGES,
        rf".+: (?:answers {GATEWAY}|asks for no script at all"
        rf"|shows (?:nothing.*|an error or somebody else's page \({GATEWAY} .*\))(?:: what it would ask for was not seen)?)",
    ),
    Follow(
        ("pre.application.environment.api-base-url",),
        "pages ask for nothing before somebody signs in, and no script names the address of an API",
    ),
)  # fmt: skip
"""What is said where nobody answers behind the site's name."""


def _of(role: Role, follows: tuple[Follow, ...], where: str = "") -> tuple[Follow, ...]:
    """The same, of a thing that is something."""
    return tuple(Follow(one.items, one.says, role, where, one.itself) for one in follows)


def _unloaded(error: str, name: Literal["subject", "host"]) -> tuple[Follow, ...]:
    """What a browser says of pages of a name; it names the address, or stands behind it."""
    there = f"https://{{{name}}}/\\S*"
    return (
        Follow(PAGES, f".+: {NO_LOAD}net::ERR_{error} at {there}{UNTRUSTED}"),
        Follow(PAGES, f"{there}: {NO_LOAD}net::ERR_{error}{UNTRUSTED}"),
    )


def _open_ports(family: Role, address: str) -> tuple[Follow, ...]:
    """What is said of ports that are open because nothing shuts a family."""
    ports = "{unpublished}(?:, {unpublished})*"
    return (
        Follow(("pre.security.firewall.required-ports-only",), f"from .+: {address} answers on {ports}", family),
        Follow(("pre.security.firewall.*-not-exposed", "pre.security.firewall.*-local"), f"from .+: {address}:{{unpublished}} answers", family),
    )  # fmt: skip


RULES = (
    Rule(
        "deploy.initial.ssh",
        r"login: (?P<subject>ssh): .+",
        "ssh",
        "Get in by ssh",
        (Follow(("*",), r"(?:.+: )?unreachable: ssh: .+"),),
    ),
    Rule(
        "deploy.initial.services-healthy",
        f"(?P<subject>[^:]+): (?:{NOT_RUNNING}|{UNHEALTHY})",
        "service {subjects}",
        "Get running and healthy: {subjects}",
        (
            Follow(
                ("deploy.database.running", "deploy.redis.running"),
                f"{{subject}}: (?:{NOT_RUNNING}|{UNHEALTHY})",
                itself=True,
            ),
            Follow(
                ("deploy.performance.memory", "deploy.performance.cpu"),
                r"{subject}: has no samples of its (?:memory|processor time)",
                where=NOT_RUNNING,
            ),
            Follow(
                ("deploy.redis.*",),
                r"(?:.+: )?not there: no running container of Redis was seen"
                rf"|(?:.+: )?undecidable: redis\.\w+: {NOT_THERE}"
                r"|PING from the backend: (?:got unreachable \w+|cannot reach Redis: .+)",
                "redis",
                NOT_RUNNING,
            ),
            Follow(
                ("deploy.database.*", "pre.database.*", "pre.security.secrets.*", "ops.*"),
                r"(?:.+: )?not there: no (?:running )?container of PostgreSQL was seen"
                rf"|(?:.+: )?undecidable: [\w.]+: {NOT_THERE}",
                "database",
                NOT_RUNNING,
            ),
            Follow(PASSWORDS, UNCLEAR, "database", NOT_RUNNING),
            Follow(
                ("deploy.database.reachable",), r"[^:]+: gets 5\d\d: the backend could not ask", "database", NOT_RUNNING
            ),
            Follow(SIGNING_IN, rf"[^:]+: gets 5\d\d(?:: .+)?|{MAY_ENTER}{BROKE}", "database", NOT_RUNNING),
            Follow(
                ("deploy.performance.api",),
                r"https://\S+: answers with errors of the server",
                "database",
                NOT_RUNNING,
            ),
            Follow(
                ("*",),
                r"(?:.+: )?not there: no running container of the backend was seen"
                rf"|(?:.+: )?undecidable: [\w.-]+: {NOT_THERE}",
                "backend",
                NOT_RUNNING,
            ),
            Follow(
                SIGNING_IN,
                f"{MAY_ENTER}not there: no running container of the backend was seen",
                "backend",
                NOT_RUNNING,
            ),
            *_of("backend", (*BROKEN_API, *HUNG_API)),
            *_of("frontend", WITHOUT_PAGES),
        ),
    ),
    Rule(
        "pre.security.firewall.enabled",
        r"(?P<subject>IPv[46]): lets a stranger in \(.+\)",
        "firewall",
        "Switch on the firewall",
        # Docker publishes past it: what a container has open is to be mended there.
        (
            *_open_ports("IPv4", r"[\d.]+"),
            *_open_ports("IPv6", r"\[?[0-9a-f:]+\]?"),
        ),
    ),
    Rule(
        "pre.infrastructure.reverse-proxy",
        r"https://(?P<subject>[^\s/:]+): does not answer on port 443",
        "ports of {subjects}",
        "Let {subjects} answer on ports 80 and 443",
        (
            Follow(("pre.infrastructure.reverse-proxy",), "http://{subject}: does not answer on port 80", itself=True),
            Follow(
                ("pre.infrastructure.port-forwarding",),
                r"from [^:]+: port (?:80|443) of \S+ does not answer",
                itself=True,
            ),
            Follow(("pre.infrastructure.port-forwarding",), "the same certificate: is not served by the proxy"),
            Follow(
                (
                    "pre.security.https.*",
                    "pre.infrastructure.certificates",
                    "deploy.frontend.*",
                    "deploy.backend.api",
                    "deploy.network.www",
                    "post.monitoring.tls.*",
                ),
                r"(?:certificate of |renewal of )?{subject}: (?:does not answer (?:a TLS handshake on port 443|over https)"
                r"|nobody answers on port 443)|no certificate was seen",
            ),
            Follow(
                (
                    "pre.security.https.*",
                    "deploy.network.*",
                    "deploy.initial.*",
                    "deploy.frontend.*",
                    "deploy.backend.api",
                ),
                r"https?://{subject}/\S*: (?:answers nothing|does not answer on port (?:80|443))",
            ),
            Follow(("pre.application.environment.api-base-url",), rf"unreachable: https://{{subject}}/\S* {SILENT}"),
            *_unloaded(r"(?:CONNECTION|TIMED_OUT|ADDRESS)\w*", "subject"),
            *_of("api", SILENT_API),
        ),
        "front",
        "where the proxy runs: is it up (`systemctl status nginx`, in NPMplus `docker ps`), does it listen (`ss -ltn`), is its "
        "configuration whole (`nginx -t`)? Then its firewall, and the router's forwarding of TCP 80 and 443.",
    ),
    Rule(
        "deploy.initial.health-api",
        rf"https://(?P<subject>[^\s/]+)/health: answers (?:nothing|{GATEWAY})",
        "API of {subjects}",
        "Let the backend answer for {subjects}",
        (
            Follow(("deploy.backend.api",), rf"https://{{subject}}/health: answers (?:nothing|{GATEWAY})", itself=True),
            *_of("", BROKEN_API, f"answers {GATEWAY}"),
            *_of("", HUNG_API, "answers nothing"),
        ),
        fix="`docker compose ps` and `docker compose logs backend`: does it run, and answer on port 8000? Then where the proxy "
        "sends the API's name to, and the machine's firewall between the two.",
    ),
    Rule(
        "pre.security.https.certificate",
        r"(?P<subject>[^\s:]+(?: at \S+)?): (?:the certificate is for .+|is (?:not trusted|for no host).*"
        r"|does not answer a TLS handshake on port \d+|has expired.*|elliptic curve .+)",
        "certificate of {subjects}",
        "Serve a valid certificate for {subjects}",
        (
            Follow(
                ("deploy.frontend.certificate", "deploy.backend.api", "deploy.network.www"),
                "certificate of {subject}: .+",
                itself=True,
            ),
            Follow(("pre.infrastructure.certificates",), "{subject}: .+"),
            Follow(("post.monitoring.tls.expiry",), "{subject}: has expired", where="is not trusted: .*expired"),
            Follow(
                ("pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"),
                "(?:renewal of )?{subject}: what is served is in no renewal configuration",
                # One that ran out was not renewed: the renewal is what is wrong then, and no consequence.
                where="the certificate is for .+|is for no host.*|is not trusted: self-signed certificate",
            ),
            *_unloaded(r"CERT_\w+", "host"),
        ),
    ),
    Rule(
        "deploy.initial.git-deployed",
        r"commit: (?P<subject>[0-9a-f]{7,40}): it was made here .+",
        "commit {subjects}",
        "Publish commit {subjects}, or deploy one that is",
        (
            Follow(
                ("pre.application.quality.*", "pre.database.integrity.migrations-staged"),
                r"undecidable: forge: .+: status \d+ No commit found for SHA: {subject}[0-9a-f]*",
            ),
            Follow(("pre.application.quality.reviewed",), "no merged pull request has the deployed commit {subject}.*"),
            Follow(("post.maintenance.updates.staging",), "the forge knows no deployment of this commit to .+"),
        ),
    ),
    Rule(
        "deploy.initial.git-deployed",
        r"(?P<subject>commit): the repository lacks \d+ files of its own commit",
        "repository",
        "Clone the repository whole",
        (
            Follow(
                ("pre.security.secrets.not-committed",), r"the history is whole: the repository lacks \d+ objects .+"
            ),
        ),
    ),
    Rule(
        "deploy.performance.page-load",
        r"cold loads: (?P<subject>shows (?:nothing|an error).*)",
        "pages",
        "Let the pages show what they are for",
        (
            Follow(PAGES, ".+: {subject}", itself=True),
            Follow(PAGES, ".+: {subject}: what it would ask for was not seen"),
        ),
    ),
    Rule(
        "deploy.performance.page-load",
        rf"cold loads: {NO_LOAD}(?P<subject>[^\n]+?)(?: at \S+)?",
        "pages",
        "Let the pages load",
        (Follow(PAGES, rf".+: {NO_LOAD}{{subject}}(?: at \S+)?", itself=True),),
    ),
    Rule(
        "pre.application.functionality.portfolios",
        r"(?P<subject>create): answers \d+",
        "portfolios",
        "Let a portfolio be made",
        (Follow(("pre.application.functionality.*",), ".+: was not reached: an earlier step failed"),),
    ),
    Rule(
        "deploy.database.reachable",
        r"(?P<subject>a key that nobody has): gets \d+: the backend could not ask",
        "database from the backend",
        "Let the backend reach its database",
        (
            Follow(
                ("pre.database.configuration.password", "pre.security.secrets.*"),
                UNCLEAR,
            ),
        ),
    ),
)
"""What is known to make other items fail. The first that explains an item has it."""
