"""What watches the machine: agents that run, and jobs that ask for the health of services or measure its disks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

AGENTS = (
    "node_exporter", "prometheus-node", "prometheus", "netdata", "telegraf", "zabbix_agentd", "zabbix_agent2", "monit", "collectd",
    "grafana-agent", "alloy", "datadog-agent", "munin-node", "nrpe", "icinga2", "checkmk-agent", "beszel-agent", "glances",
    "uptime-kuma", "gatus", "cadvisor", "alertmanager", "atopacctd", "atop",
)  # fmt: skip
"""Programs that record or watch, by the name of their process, or of a container's image."""
# Of a job's script only what it does is told, never a line of it: addresses of alerts are secrets.
PROBE = Probe(
    "monitors",
    r"""
names='"""
    + "|".join(AGENTS)
    + r"""'
ps -eo comm= | grep -xE "$names" | sort -u | sed 's/^/@agent /'
docker ps --format '{{.Image}}' 2>/dev/null | grep -oE "$names" | sort -u | sed 's/^/@agent /'
newest=$(ls -t /var/log/sysstat/sa[0-9]* 2>/dev/null | head -n 1)
if [ -n "$newest" ]; then
  echo "@recorded sysstat $(stat -c %Y "$newest") $(ls /var/log/sysstat/sa[0-9]* | wc -l)"
fi
for folder in /var/log/atop /var/lib/prometheus /var/cache/netdata /var/lib/collectd/rrd; do
  newest=$(find "$folder" -xdev -type f -printf '%T@ ' 2>/dev/null | tr ' ' '\n' | sort -n | tail -n 1 | cut -d. -f1)
  [ -z "$newest" ] || echo "@recorded ${folder##*/} $newest 1"
done
does() {
  case $1 in /*) ;; *) return ;; esac
  [ -f "$1" ] && [ "$(head -c 2 "$1")" = '#!' ] || return
  body=$(head -c 65536 "$1")
  tags=
  printf '%s' "$body" | grep -qE '(curl|wget)[^|;&]*(/health|/api/v1|https?://)' && tags="$tags health"
  printf '%s' "$body" | grep -qE '(^|[;&|(`])[[:space:]]*df( |$)' && tags="$tags disk"
  printf '%s' "$body" | grep -qE 'openssl (s_client|x509)|checkend|ssl-cert-check' && tags="$tags certificate"
  printf '%s' "$body" | grep -qE '(^|[^a-z])(mail|mailx|sendmail|msmtp|ntfy|logger [^|;&]*-p [a-z0-9]*\.(err|crit|alert|emerg))|hooks\.slack|api\.telegram|discord(app)?\.com/api/webhooks|hc-ping|healthchecks' && tags="$tags alert"
  printf '%s' "$body" | grep -qE 'docker logs|journalctl' && tags="$tags logs"
  [ -z "$tags" ] || printf '@job %s %s%s\n' "$2" "$3" "$tags"
}
systemctl list-timers --no-legend --no-pager 2>/dev/null | awk '{ print $(NF-1), $NF }' | while read -r timer unit; do
  case $unit in *[!A-Za-z0-9@_.:\\-]*|'') continue ;; esac
  shown=$(systemctl show "$unit" -p ExecStart -p Result 2>/dev/null)
  result=$(printf '%s\n' "$shown" | sed -n 's/^Result=//p')
  for program in $(printf '%s\n' "$shown" | grep -o 'path=[^ ;]*' | cut -d= -f2); do does "$program" "$timer" "$result"; done
done
systemctl is-active -q cron 2>/dev/null && for file in /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; do
  [ -f "$file" ] || continue
  grep -aE '^[[:space:]]*[0-9*@]' "$file" | head -n 50 | while IFS= read -r line; do
    set -f; for word in $line; do does "$word" "${file##*/}" success; done; set +f
    case $line in *curl*health*|*wget*health*) printf '@job %s success health\n' "${file##*/}" ;; esac
  done
done
true
""",
    needs=("ROOT",),
    timeout=12,
)
_NAME = re.compile(r"[A-Za-z0-9@_.:\\-]+$")


@dataclass(frozen=True, slots=True)
class Watcher:
    """A job that looks at something.

    Attributes:
        does: of health, disk, certificate, logs, alert.
        result: how its last run ended, as systemd says it.
    """

    name: str
    result: str
    does: frozenset[str]


@dataclass(frozen=True, slots=True)
class Monitors:
    """What watches and records.

    Attributes:
        agents: programs that run all the time.
        recorded: by recorder: when it last wrote, and how many files it keeps.
    """

    agents: tuple[str, ...]
    recorded: tuple[tuple[str, datetime, int], ...]
    watchers: tuple[Watcher, ...]

    def watching(self, *what: str) -> tuple[Watcher, ...]:
        """The jobs that do all of it, and did not fail the last time."""
        return tuple(one for one in self.watchers if set(what) <= one.does and one.result == "success")


def parse(gathered: Gathered, target: Target) -> Monitors:
    """From processes, recorders' files, and what jobs do."""
    agents, recorded, watchers = [], [], []
    try:
        for line in gathered.said("monitors").out.splitlines():
            match line.split():
                case ["@agent", name] if _NAME.match(name):
                    agents.append(name)
                case ["@recorded", name, moment, count]:
                    recorded.append((name, datetime.fromtimestamp(int(moment), UTC), int(count)))
                case ["@job", name, result, *does]:
                    watchers.append(Watcher(name, result, frozenset(does)))
                case _:
                    raise Garbled(f"the monitors probe said: {line[:120]}")
    except (ValueError, OverflowError, OSError):
        raise Garbled("the monitors probe") from None
    return Monitors(tuple(dict.fromkeys(agents)), tuple(recorded), tuple(watchers))


FACT = Fact("monitors", parse, (PROBE,))
