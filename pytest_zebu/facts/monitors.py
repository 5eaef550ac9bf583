"""What watches the machine: agents that run, and jobs that ask for the health of services or measure its disks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.jobs import PARTS
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

AGENTS = (
    "node_exporter", "prometheus-node", "prometheus", "netdata", "telegraf", "zabbix_agentd", "zabbix_agent2", "monit", "collectd",
    "grafana-agent", "alloy", "datadog-agent", "munin-node", "nrpe", "icinga2", "checkmk-agent", "beszel-agent", "glances",
    "uptime-kuma", "gatus", "cadvisor", "alertmanager", "atopacctd", "atop", "node-exporter", "blackbox-exporter", "blackbox_export",
    "vmagent", "vector", "zabbix-agent", "zabbix-agent2",
)  # fmt: skip
"""Programs that record or watch, by the name of their process, or of a container's image."""
PROBE = Probe(
    "monitors",
    file="monitors.pl",
    uses=PARTS,
    values=(("NAMES", "|".join(AGENTS)),),
    root=True,
    timeout=12,
    takes=0.2,
)
_NAME = re.compile(r"[A-Za-z0-9@_.:\\-]+$")


class Agent(Struct, frozen=True):
    """A program that watches or records all the time.

    Attributes:
        sends: it has a connection to another machine.
        names_site: its files or its settings name the site's address.
    """

    name: str
    sends: bool = False
    names_site: bool = False


class Watcher(Struct, frozen=True):
    """A job that looks at something.

    Attributes:
        does: of health (it asks the site or its services), disk, certificate, logs, and alert (it tells when something is wrong).
        result: how its last run ended, as systemd says it.
    """

    name: str
    result: str
    does: frozenset[str]


class Monitors(Struct, frozen=True):
    """What watches and records.

    Attributes:
        agents: programs that run all the time.
        recorded: by recorder: when it last wrote, and how many files it keeps.
    """

    agents: tuple[Agent, ...]
    recorded: tuple[tuple[str, datetime, int], ...]
    watchers: tuple[Watcher, ...]

    def watching(self, *what: str) -> tuple[Watcher, ...]:
        """The jobs that do all of it, and did not fail the last time."""
        return tuple(one for one in self.watchers if set(what) <= one.does and one.result == "success")


def parse(gathered: Gathered, target: Target) -> Monitors:
    """From processes, recorders' files, and what jobs do."""
    agents, recorded, watchers = [], [], []
    try:
        for one in records(gathered.said("monitors").out, "the monitors probe", ("agent", "recorded", "job")):
            match [one.word, *one.rest.split()]:
                case ["agent", name, *words] if _NAME.match(name) and set(words) <= {"sends", "names"}:
                    agents.append(Agent(name, "sends" in words, "names" in words))
                case ["recorded", name, moment, count]:
                    recorded.append((name, datetime.fromtimestamp(int(moment), UTC), int(count)))
                case ["job", name, result, *does]:
                    watchers.append(Watcher(name, result, frozenset(does)))
                case _:
                    raise one.garbled()
    except (ValueError, OverflowError, OSError):
        raise Garbled("the monitors probe") from None
    return Monitors(tuple(dict.fromkeys(agents)), tuple(recorded), tuple(watchers))


FACT = Fact("monitors", parse, (PROBE,))
