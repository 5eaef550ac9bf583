"""The healthy machine with one thing otherwise: what its item makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from lab.recordings import Case
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import key_values
from pytest_zebu.verdict.outcome import Finding, Outcome

FAILED, PASSED, OPEN = Outcome.FAILED, Outcome.PASSED, Outcome.NOT_ASSESSED


@dataclass(frozen=True, slots=True)
class Variation:
    """What is otherwise in one answer.

    Attributes:
        was, now: a piece of the answer, and what stands there instead. In the one, `<moment>` is whatever moment was recorded; in the
            other, `<60 s ago>` is one before the machine's own time.
        reason: a piece of what is said about it.
    """

    item: str
    answer: str
    was: str
    now: str
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.item}: {self.answer}: {self.was!r} is {self.now!r}"[:140]


@pytest.fixture(scope="module")
def healthy() -> Case:
    case = recordings.read_healthy()
    judged = case.answers["zebu.environment"]
    assert isinstance(judged, Said)
    out = judged.out
    for row in ROWS:
        name = row.partition("\t")[0]
        found = rf"(?m)^((?:\.env|container:\w+)\t){name}\t\d+\t\d+\t[^\t]+\town\t\d+"
        out = re.sub(found, lambda at, row=row: at[1] + row, out)  # type: ignore[misc]
    return replace(case, answers={**case.answers, "zebu.environment": Said(0, out)})


Judge = Callable[..., Finding]


@pytest.fixture
def judge(healthy: Case, tmp_path: Path) -> Judge:
    def judged(item: str, answers: Mapping[str, Any]) -> Finding:
        case = replace(healthy, answers={**healthy.answers, **answers})
        return recordings.evidence(case, tmp_path).judge(item)

    return judged


DATABASE, LOGIN = "pre.database.configuration.production-mode", "pre.database.configuration.password"
POOLING, CONNECTIONS = "pre.database.configuration.pooling", "pre.database.configuration.max-connections"
PRICES, PASSWORD = "pre.application.environment.alpha-vantage", "pre.security.secrets.postgres-password"
SECRET_KEY, ENV_FILES = "pre.security.secrets.secret-key", "pre.security.secrets.env-permissions"
REQUIRED = "pre.application.environment.required-variables"
COMMITTED, DEFAULTS = "pre.security.secrets.not-committed", "pre.security.secrets.defaults-changed"
UPDATES, OFF_VM = "post.maintenance.updates.os", "pre.database.backups.off-vm"
DAILY, VERIFIED = "post.recovery.backups.daily", "post.recovery.backups.verified"
DEPLOYED, LOG_LEVEL, DEBUG = (
    "deploy.initial.git-deployed",
    "pre.application.environment.log-level",
    "pre.security.application.app-debug",
)
RESOURCES, NETWORK, ADDRESS = (f"pre.infrastructure.{name}" for name in ("vm-resources", "network", "static-ip"))
LOGS, ROTATION = "post.monitoring.logs.accessible", "post.monitoring.logs.rotation"
TAGGED = "pre.application.quality.tagged-release"
RECORDED, DISKS = "post.monitoring.services.resources", "post.monitoring.disk.usage"
PRICE_KEY, BY_DATABASE = "ALPHA_VANTAGE_API_KEY\t16\t10\tA0\town\t904", "POSTGRES_PASSWORD\t48\t16\ta0\town\t926"
KEY = "SECRET_KEY\t64\t15\ta0\town\t920"
ROWS = (
    PRICE_KEY, BY_DATABASE, KEY, "ALPHA_VANTAGE_RATE_LIMIT_PER_DAY\t2\t2\t-\town\t905", "ALPHA_VANTAGE_RATE_LIMIT_PER_MIN\t1\t1\t-\town\t906",
    "API_KEY_HMAC_SECRET\t64\t16\ta0\town\t908", "APP_DEBUG\t5\t5\ta\town\t909", "CLERK_API_URL\t26\t17\ta0!\town\t912",
    "APP_LOG_LEVEL\t4\t4\tA\town\t910",
)  # fmt: skip
"""How values were judged of which another lab has others: as if they had been those of one lab."""
HBA = '"address" : "all", "netmask" : "", "method" : '
GIB = 2**30
VARIATIONS = tuple(
    Variation(item, answer, *rest)
    for item, answer, rows in (
        (DATABASE, "postgres.state", (
            ('"fsync" : "on"', '"fsync" : "off"', FAILED, "fsync"),
            ('"synchronous_commit" : "on"', '"synchronous_commit" : "local"', PASSED),
            ('"version" : 150020', '"version" : 120022', FAILED, "no longer supported"),
            ('"version" : 150020', '"version" : 990001', PASSED),
            (HBA + '"scram-sha-256"', HBA + '"trust"', FAILED, "without a password"),
            (HBA + '"scram-sha-256"', HBA + '"reject"', PASSED),
        )),
        (LOGIN, "postgres.login", (
            ("\nright accepted", "\nright refused", FAILED, "the configured password: is refused"),
            ("\nwrong refused", "\nwrong accepted", FAILED, "a wrong password: is accepted"),
            ("\nwrong refused", "\nwrong unclear", OPEN),
        )),
        (POOLING, "postgres.state", (
            # 20 + 10 connections for one process, 3 in reserve
            ('"max_connections" : "100"', '"max_connections" : "33"', PASSED),
            ('"max_connections" : "100"', '"max_connections" : "32"', FAILED, "room for 29"),
        )),
        (CONNECTIONS, "postgres.state", (
            ('"max_connections" : "100"', '"max_connections" : "33"', PASSED),
            ('"max_connections" : "100"', '"max_connections" : "32"', FAILED, "max_connections 32"),
            ('"clients" : <moment>', '"clients" : 79', PASSED),
            ('"clients" : <moment>', '"clients" : 80', FAILED, "80%"),
            ('"stuck" : 0', '"stuck" : 1', FAILED, "idle"),
        )),
        *(
            (item, "zebu.environment", (
                (f"container:backend\t{PRICE_KEY}", "container:backend\tALPHA_VANTAGE_API_KEY\t16\t10\tA0\town\t99", FAILED, "another key"),
                (f"container:backend\t{PRICE_KEY}", "container:backend\tALPHA_VANTAGE_API_KEY\t0\t0\t-\town\t904", FAILED, "has no"),
                (f"container:backend\t{PRICE_KEY}\t\n", "", FAILED, "has no"),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t16\t10\tA0\tplaceholder\t904", FAILED, "placeholder"),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t7\t7\tA0\town\t904", FAILED, "does not look like"),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t8\t7\tA0\town\t904", PASSED),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t40\t7\tA0\town\t904", PASSED),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t41\t7\tA0\town\t904", FAILED, "does not look like"),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t16\t9\tA0!\town\t904", FAILED, "does not look like"),
                (f".env\t{PRICE_KEY}", ".env\tALPHA_VANTAGE_API_KEY\t0\t0\t-\town\t904", FAILED, "does not set"),
                (f".env\t{PRICE_KEY}\t\n", "", FAILED, "does not set"),
            ))
            for item in (PRICES, "pre.security.secrets.api-keys")
        ),
        (PRICES, "zebu.environment", (
            ("container:backend\tALPHA_VANTAGE_RATE_LIMIT_PER_DAY\t2\t2\t-\town\t905\t25", "container:backend\tALPHA_VANTAGE_RATE_LIMIT_PER_DAY\t1\t1\t-\town\t905\t0", FAILED, "no limit"),
            ("container:backend\tALPHA_VANTAGE_RATE_LIMIT_PER_MIN\t1\t1\t-\town\t906\t5\n", "", FAILED, "does not reach"),
        )),
        (PASSWORD, "zebu.environment", (
            (f"container:db\t{BY_DATABASE}", "container:db\tPOSTGRES_PASSWORD\t48\t16\ta0\town\t99", FAILED, "another value"),
            (f".env\t{BY_DATABASE}", ".env\tPOSTGRES_PASSWORD\t31\t16\ta0\town\t926", FAILED, "has 31 characters"),
            (f".env\t{BY_DATABASE}", ".env\tPOSTGRES_PASSWORD\t32\t16\ta0\town\t926", PASSED),
            (f".env\t{BY_DATABASE}", ".env\tPOSTGRES_PASSWORD\t48\t9\ta0\town\t926", FAILED, "only 9 distinct"),
            (f".env\t{BY_DATABASE}", ".env\tPOSTGRES_PASSWORD\t48\t10\ta0\town\t926", PASSED),
            (f".env\t{BY_DATABASE}", ".env\tPOSTGRES_PASSWORD\t48\t16\ta0\tplaceholder\t926", FAILED, "known default"),
            (f"container:db\t{BY_DATABASE}", "container:db\tPOSTGRES_PASSWORD\t48\t16\ta0\tplaceholder\t926", FAILED, "known default"),
            (f"container:db\t{BY_DATABASE}\t\n", "", OPEN),
        )),
        (PASSWORD, "postgres.login", (
            ("admin-right accepted", "admin-right refused", FAILED, "another password"),
            ("admin-wrong refused", "admin-wrong accepted", FAILED, "any password"),
            ("admin-wrong refused", "admin-wrong unclear", OPEN),
        )),
        (SECRET_KEY, "zebu.environment", (
            (f"container:backend\t{KEY}", "container:backend\tSECRET_KEY\t64\t15\ta0\town\t99", FAILED, "another value"),
            (f"container:backend\t{KEY}\t\n", "", FAILED, "has no SECRET_KEY"),
            (f".env\t{KEY}\t\n", "", FAILED, "does not set"),
            (".env\tAPI_KEY_HMAC_SECRET\t64\t16\ta0\town\t908", ".env\tAPI_KEY_HMAC_SECRET\t64\t16\ta0\town\t920", FAILED, "API_KEY_HMAC_SECRET"),
            (".env\tCLERK_API_URL\t26\t17\ta0!\town\t912", ".env\tCLERK_API_URL\t26\t17\ta0!\town\t920", PASSED),
        )),
        (ENV_FILES, "zebu.env-files", (
            ("0600\tdeploy", "0400\tdeploy", PASSED),
            ("0600\tdeploy", "0640\tdeploy", FAILED, "has mode 0640"),
            ("0600\tdeploy", "0700\tdeploy", FAILED, "has mode 0700"),
            ("0600\tdeploy", "0600\tmallory", FAILED, "belongs to mallory"),
            ("0600\tdeploy", "0600\troot", PASSED),
            ("0644\tdeploy\tdeploy\tnone\t.env.production.example", "0644\tdeploy\tdeploy\tsecrets\t.env.backup", FAILED, ".env.backup"),
            ("0600\tdeploy\tdeploy\tsecrets\t.env\n", "", OPEN),
            ("walked\t", "0644\tdeploy\tdeploy\tsecrets\t/opt/old/.env\nwalked\t", FAILED, "/opt/old/.env: has mode 0644"),
            ("walked\t", "0600\tci\tci\tsecrets\t/w/.env\ncheckout\tremote\tci\t-\t/w\nwalked\t", PASSED),
            ("walked\t", "0600\tci\tci\tsecrets\t/w/.env\ncheckout\tremote\tci\t-\t/v\nwalked\t", FAILED, "belongs to ci"),
            ("walked\t", "0644\tci\tci\tnone\t/w/.env\ncheckout\tunknown\tci\t-\t/w\nwalked\t", PASSED),
            ("\t0\t-\t\n", "\t3\t-\t3 folders could not be read\n", OPEN, "3 folders could not be read"),
            ("walked\t", "checkout\tremote\tci\t-\t/w\nunknown\t", OPEN),
        )),
        ("pre.security.secrets.api-keys", "leaks", (
            ("@log container:backend whole", "@log container:backend cut", OPEN, "longer than"),
            ("@log container:backend whole", "@log container:backend unreadable", OPEN, "could not be read"),
            ("@log container:backend whole", "@log container:backend whole\n@leak container:backend 13 ALPHA_VANTAGE_API_KEY", FAILED, "the value of ALPHA_VANTAGE_API_KEY in 13 lines"),
            ("@log container:backend whole", "@log container:backend cut\n@leak container:backend 1 shape:login", FAILED, "an address with a password in it"),
            ("@log journal whole", "@log journal whole\n@leak journal:sudo 1 SECRET_KEY", FAILED, "SECRET_KEY"),
            ("@log journal whole", "@log /var/log/nginx/a.log whole\n@leak /var/log/nginx/a.log 1 shape:issued", OPEN, "whose it is"),
            ("@log journal whole", "@log /var/log/nginx/a.log whole\n@leak /var/log/nginx/a.log 1 SECRET_KEY", FAILED, "SECRET_KEY"),
        )),
        (REQUIRED, "required", (
            ("@needs SECRET_KEY refuses", "@needs NEW_KEY refuses", FAILED, "NEW_KEY: is not set"),
            ("@needs SECRET_KEY refuses", "@needs NEW_KEY code", FAILED, "NEW_KEY: is not set"),
            ("@needs SECRET_KEY refuses", "@needs NEW_KEY plain", OPEN, "from the shell"),
            ("@needs SECRET_KEY refuses", "@given NEW_KEY a\n@needs NEW_KEY frontend", OPEN),
            ("@needs SECRET_KEY refuses docker-compose.yml", "@needs NEW_KEY frontend a.ts\n@given NEW_KEY Dockerfile", PASSED),
            ("@read", "@cut more files than are read\n@read", OPEN, "was not read whole"),
        )),
        (REQUIRED, "zebu.environment", (
            (f".env\t{KEY}", ".env\tSECRET_KEY\t9\t9\tA!\tplaceholder\t920", FAILED, "still a placeholder"),
            (f".env\t{KEY}", ".env\tSECRET_KEY\t0\t0\t-\town\t920", FAILED, "is empty"),
        )),
        (REQUIRED, "required", (
            ("@needs SECRET_KEY refuses", "@needs SECRET settings", FAILED, "SECRET: is not set"),
            ("@needs SECRET_KEY refuses", "@needs PATH settings", PASSED),
        )),
        ("deploy.redis.reachable", "redis.ping", (
            ("pong", "limited", PASSED), ("pong", "nodb", FAILED, "does not exist"), ("pong", "tls", FAILED, "certificate"), ("pong", "loading", FAILED, "loads"), ("pong", "refused", FAILED, "the password of its address is not that of Redis"), ("pong", "unreachable gaierror", FAILED, "the name in its address is not known"), ("pong", "unreachable OSError", FAILED, "cannot be connected to (OSError)"),
            ("pong", "unread redis-sentinel", OPEN, "redis-sentinel is not understood"), ("pong", "unread none", OPEN, "was seen"),
        )),
        (COMMITTED, "history", (
            ("ignored=1", "ignored=0", FAILED, "does not cover"), ("tracked=0", "tracked=1", FAILED, "is tracked"),
            ("found=0", "found=1", FAILED, "exact value"), ("shallow=false", "shallow=true", OPEN, "shallow"),
            ("found=0", "found=-", OPEN, "no value"), ("partial=0", "partial=1", OPEN, "partial"), ("missing=0", "missing=2", OPEN, "lacks 2"),
            ("walked=0", "walked=128", OPEN, "cannot read"), ("partial=0", "partial=1\ncommitted=a/.env", FAILED, "a/.env was committed"),
            ("meant=.env", "meant=.env.dist\nmeant=.env", PASSED), ("found=0\n", "found=0\n\ncheckout=/w\nended=timeout 255\n", OPEN, "/w (timeout 255)"),
            ("tracked=0", "tracked=0\nopen=.env", FAILED, "does not cover .env: the next"), ("tracked=0", "tracked=0\nopen=.env.ports", PASSED),
        )),
        (DEPLOYED, "repository", (
            ("@absent 0", "@absent 0\n@left 9", PASSED), ("@absent 0", "@absent 1", FAILED, "lacks 1"), ("@absent 0", "@absent 0\n@submodule lib", OPEN, "lib"),
            ("@absent 0", "@absent 0\n@submodule lib\n@change  M app.py", FAILED, "differs"),
        )),
        (TAGGED, "repository", tuple(
            ("@tag v1.2.0 tag", f"@tag {name} tag", *rest)
            for name, *rest in (
                ("v1.2", PASSED), ("release-1.2.0", PASSED), ("zebu@1.2.0", PASSED), ("2026.11.26", PASSED), ("1.2.0.1", PASSED), ("latest", FAILED, "no tagged release"), ("rc-1.2.0", FAILED, "no tagged release"),
                ("before-1.2.0", OPEN, "whether before-1.2.0 names"), ("v1.0.1", FAILED, "v1.1.0 is newer than v1.0.1"),
            )
        )),
        (TAGGED, "repository", (
            ("@tag v1.1.0 tag", "@tag 2024.10.1 tag", OPEN, "2024.10.1 is counted by years"), ("@tag v1.1.0 tag", "@tag web-v9.0.0 tag", PASSED),
        )),
        ("post.maintenance.deployment.changelog", "repository", tuple(
            ("@tag v1.2.0 tag", f"@tag {name} tag", *rest) for name, *rest in (("v1.2", PASSED), ("release/v1.2.0", PASSED), ("v1.3", FAILED, "no entry for 1.3"), ("latest", OPEN, "no tag names"))
        )),
        (LOG_LEVEL, "zebu.environment", tuple(
            ("container:backend\tAPP_LOG_LEVEL", f"container:backend\tDB_ECHO\t1\t1\ta\town\t99\t{word}\ncontainer:backend\tAPP_LOG_LEVEL", *rest)
            for word, *rest in (
                ("t", FAILED, "echo is on"), ("YES", FAILED, "echo is on"), ("On", FAILED, "echo is on"), ("F", PASSED), ("n", PASSED), ("", PASSED), ("2", OPEN, "neither"),
            )
        )),
        (LOG_LEVEL, "zebu.environment", tuple(
            (
                "container:backend\tAPP_LOG_LEVEL\t4\t4\tA\town\t910\tINFO",
                f"container:backend\tAPP_LOG_LEVEL\t4\t4\tA\town\t910\t{word}", *rest,
            )
            for word, *rest in (
                ("WARN", PASSED), ("fatal", PASSED), ("30", PASSED), ("20", PASSED), ("debug", FAILED, "logs at DEBUG"), ("10", FAILED, "logs at 10"),
                ("trace", FAILED, "TRACE"), ("NOTSET", FAILED, "NOTSET"), ("", OPEN, "set, and empty"), ("chatty", OPEN, "no level that is known"),
            )
        )),
        (DEBUG, "zebu.environment", tuple(
            ("container:backend\tAPP_DEBUG\t5\t5\ta\town\t909\tfalse", f"container:backend\tAPP_DEBUG\t5\t5\ta\town\t909\t{word}", *rest)
            for word, *rest in (("t", FAILED, "APP_DEBUG=t"), ("Yes", FAILED, "Yes"), ("off", PASSED), ("F", PASSED), ("maybe", OPEN, "neither"))
        )),
        (DEFAULTS, "accounts", (
            ("deploy locked", "deploy own", PASSED), ("deploy locked", "deploy empty", FAILED, "has an empty password"),
            ("deploy locked", "deploy default", FAILED, "well-known"), ("deploy locked", "deploy unknown", OPEN),
        )),
        (DEFAULTS, "postgres.login", (
            ("admin-default refused", "admin-default accepted", FAILED, "accepts a well-known password"),
            ("admin-default refused", "admin-default unclear", OPEN),
            ("admin-wrong refused\nadmin-default refused", "admin-wrong accepted\nadmin-default accepted", PASSED),
        )),
        (UPDATES, "updates", (
            ("@package installed", "@package absent", FAILED, "is not installed"),
            ("@periodic 1 1 1", "@periodic 1 0 1", FAILED, "is switched off"),
            ("@timer apt-daily-upgrade.timer active enabled", "@timer apt-daily-upgrade.timer inactive disabled", FAILED, "does not run"),
            ("@service apt-daily-upgrade.service loaded", "@service apt-daily-upgrade.service masked", FAILED, "(masked) does not run"),
            ("debian 12 bookworm", "debian 11 bookworm", FAILED, "no security updates since 2026-08-31"),
            ("@pattern ", "@pattern x", FAILED, "stops at a pattern"), ("codename=${distro_codename}-security", "codename=bullseye-security", FAILED, "leaves out"),
            ("@simulated 0 ", "@simulated 100 Unmet dependencies", OPEN, "Unmet dependencies"), ("@run ", "@run 2026-11-25 22:15:12,321 0\n@run ", PASSED),
        )),
        (DAILY, "backups", (
            (" - zebu-", " w zebu-", FAILED, "there is none"), (" - zebu-", " - daily/zebu-", PASSED),
            ("@copy host", "@unread folder\n@copy host", PASSED),
        )),
        (DAILY, "backups.listing", (
            ("@format custom", "@format html", FAILED, "is a web page"), ("@format custom", "@format checksums", FAILED, "checksums"),
            ("@in zebu\n", "@in zebu2\n", FAILED, "is of zebu2, and not of zebu"), ("@data ", "@defined ", FAILED, "has no table's data"),
            ("@format custom", "@sealed age\n@format unknown", PASSED), ("@format custom", "@format binary", OPEN, "not known"),
            ("@end reached", "@end missing", PASSED),
            ("@data 2000 public.transactions\n", "@data 0 public.transactions\n@data 0 public.portfolios\n", OPEN, "rows of about"),
        )),
        (VERIFIED, "backups.listing", (
            ("@end reached", "@end missing", FAILED, "was cut short"), ("@end reached", "@end unread", PASSED),
            ("@restore 0 ", "@restore 1 pg_restore: error: could not uncompress data", FAILED, "could not uncompress"),
            ("@restore 0 ", "@restore 1 pg_restore: error: unsupported version (1.16) in file header", PASSED),
            ("@data 2000 public.transactions\n", "@data 0 public.transactions\n@data 0 public.portfolios\n", PASSED),
            ("empty public.backfill_tasks", "rows public.fills", FAILED, "has no data of public.fills"),
            ("@in zebu\n", "@in zebu2\n", FAILED, "is of zebu2, and not of zebu"), ("@format custom", "@format empty", FAILED, "is empty"),
            ("@format custom", "@sealed age\n@format unknown", PASSED), ("@format custom", "@format zip", PASSED),
        )),
        (OFF_VM, "backups", (
            ("@copy host other", "@copy host own", FAILED, "is this machine"), ("@copy host other", "@copy host unresolved", OPEN, "could not be seen"),
            ("@copy host other nas.zebu.test", "@copy folder\n@place copy tmpfs 0:9 - - tmpfs", FAILED, "memory"),
            ("@copy host other nas.zebu.test", "@copy folder\n@place copy nfs4 0:9 other - nas:/b", PASSED),
        )),
        (RESOURCES, "resources", (
            ("memory_kib=", "memory_kib=1024000\nwas=", FAILED, "memory"), ("memory_limit=", f"memory_limit={GIB}", FAILED, "memory"),
            ("online=", "online=1\nwas=", FAILED, "CPUs"), ("cpus=", "cpus=32\nwas=", PASSED), ("quota=", "quota=100000 100000", FAILED, "CPUs"),
            ("root=17179869184", f"root={GIB}", FAILED, "disk"), ("root=17179869184", f"disk={2**40}\nroot={GIB}", PASSED),
        )),
        (NETWORK, "connectivity", (
            ("gateway=1", "gateway=0", PASSED), ("https=200\ngateway=1", "https=000\ngateway=0", FAILED, "gateway"), ("names=1", "names=0", FAILED, "does not resolve"),
            ("peer=10.77.0.30:22 1", "peer=10.77.0.30:22 0", FAILED, "10.77.0.30:22 does not answer"),
            ("https=200", "https=000", FAILED, "no answer"), ("gateway=1", "gateway=unseen", PASSED),
        )),
        (ADDRESS, "addressing", (
            ("lifetime=forever", "lifetime=3000sec", FAILED, "comes from a lease"), ("protocol=", "protocol=dhcp", FAILED, "comes from a lease"),
            ("client=", "lease=/run/systemd/netif/leases/2\nclient=", FAILED, "comes from a lease"), ("client=", "client=dhclient", FAILED, "comes from a lease"),
        )),
        (LOGS, "logs", (
            ("@task proxmox-vm:logs\n", "", FAILED, "proxmox-vm:logs"), ("@service db 0 <moment>", "@service db 0 ", FAILED, "is empty"),
            ("@service db 0 2026", "@service db 1 2026", FAILED, "cannot be read"),
        )),
        (LOG_LEVEL, "logs", (
            ("@service redis", "@statements backend 37\n@service redis", FAILED, "asked of the database"),
            ("@service redis", "@statements backend 0\n@statements db 9\n@service redis", PASSED),
            ("@service backend 0 2026", "@service backend 1 2026", OPEN, "statements"),
        )),
        (ROTATION, "rotation", (
            ("SystemMaxUse 200M", "SystemMaxUse 5G", FAILED, "may take 5.0 GiB"), ("SystemMaxUse 200M", "SystemMaxUse 4G", PASSED),
            ("@rotated <moment>", "@rotated <256800 s ago>", FAILED, "last ran 2 days ago"), ("@rotated <moment>\n", "", FAILED, "has never run"),
        )),
        (RECORDED, "monitors", (
            ("@recorded sysstat <moment> 1", "@recorded sysstat <3900 s ago> 1", FAILED, "nothing for"),
            ("@recorded sysstat <moment> 1\n", "", OPEN),
        )),
        (DISKS, "disk", (
            ("@place / ", "@place /data 1000 200 100 100\n@place / ", FAILED, "80 % full"), ("@place / ", "@place /data 1000 201 100 100\n@place / ", PASSED),
            ("@place / ", "@place /data 1000 999 100 20\n@place / ", FAILED, "inodes"), ("@place / ", "@place /data 1000 999 100 21\n@place / ", PASSED),
            ("@place / ", "@silent /mnt/share\n@place / ", OPEN, "/mnt/share"), ("@place / ", "@place /data 1000 100 0 0\n@silent /mnt/share\n@place / ", FAILED, "/data"),
        )),
        ("pre.application.environment.api-base-url", "zebu.environment", tuple(
            (".env\tVITE_API_BASE_URL\t7\t6\ta0!\town\t29\t/api/v1", f".env\tVITE_API_BASE_URL\t9\t9\ta0!\town\t29\t{address}", *rest)
            for address, *rest in (
                ("/api/v1/", PASSED), ("https://zebu.test/api/v1", PASSED), ("https://www.zebu.test/api/v1", FAILED, "says https://www.zebu.test"),
                ("/api", OPEN, "whether the program adds the rest"), ("https://zebu.test", OPEN, "whether the program adds the rest"), ("/api/v2", FAILED, "says /api/v2"), ("/ap", FAILED, "says /ap"),
            )
        )),
    )
    for rest in rows
)  # fmt: skip


AGO = re.compile(r"<(\d+) s ago>")


@pytest.mark.parametrize("one", VARIATIONS, ids=str)
def test_one_thing_is_otherwise(one: Variation, healthy: Case, judge: Judge) -> None:
    said = healthy.answers[one.answer]
    assert isinstance(said, Said)
    was = re.compile(re.escape(one.was).replace("<moment>", r"[\w.:-]+"))
    assert was.search(said.out), "the healthy machine says something else"
    host = healthy.answers["zebu.host"]
    assert isinstance(host, Said)
    clock = int(key_values(host.out)["time"])
    now = AGO.sub(lambda ago: str(clock - int(ago[1])), one.now)
    found = judge(one.item, {one.answer: replace(said, out=was.sub(lambda _: now, said.out))})
    assert found.outcome is one.outcome, found.reason
    assert one.reason in found.reason
