"""What watches the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts import monitors, scripts
from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.monitors import Agent
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why

LOOKS = """
my %job = (kind => 'cron', name => 'x', user => 'root', env => { MAILTO => $ENV{MAILTO} // '' }, command => join('', <STDIN>));
print join(' ', looks(\\%job)), "\\n";
"""


def looks(script: str, **environment: str) -> str:
    """What a job with this script does, by the probe's own reading."""
    text = scripts.joined(*monitors.PROBE.uses, monitors.PROBE.file)
    # The functions alone: what is asked of the machine comes behind them.
    program = text.partition("\nmy %lingers = lingering();")[0]
    names = {"ZEBU_SET_NAMES": "zebu.test www.zebu.test", "ZEBU_NAMES": "gatus", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["perl", "-e", program + LOOKS],
        input=script,
        capture_output=True,
        text=True,
        check=True,
        env=names | environment,
    )
    assert done.stderr == ""
    return done.stdout.strip()


SLACK = "curl -d down https://hooks.slack.com/x"
PING = "curl -fsS https://hc-ping.com/0"


@pytest.mark.parametrize(("script", "does"), [
    # Who is asked
    (f"curl -fsS https://zebu.test/health || {SLACK}", "health alert"), (f"curl -fsS -m 5 -o /dev/null 'https://WWW.zebu.test:443/api/v1/health?x=1' || {SLACK}", "health alert"),
    (f"wget -q -O /dev/null http://127.0.0.1:8000/healthz || {SLACK}", "health alert"), (f"curl -f localhost/health || {SLACK}", "health alert"), (f"curl -f http://[::1]/health || {SLACK}", "health alert"),
    (f"docker exec zebu-backend-1 curl -f http://backend:8000/health || {SLACK}", "health alert"), (f"curl -f https://zebu.test/ || {SLACK}", "health alert"),
    (f"s=$(curl -s -o /dev/null -w '%{{http_code}}' https://zebu.test/health)\nif [ \"$s\" != 200 ]; then {SLACK}; fi", "health alert"),
    (f"curl -f https://zebu.test.example.org/health || {SLACK}", "alert"), (f"curl -f https://notzebu.test/health || {SLACK}", "alert"), (f"curl -f https://example.org/?zebu.test/health || {SLACK}", "alert"),
    (f"curl -f https://zebu.test@example.org/health || {SLACK}", "alert"), (f"curl -f https://example.org/health || {SLACK}", "alert"), (f"curl -f https://zebu.test/api/v1/prices/refresh || {SLACK}", "alert"),
    (f"curl -f https://zebu.test/healthy-living || {SLACK}", "alert"), (f"curl -f -H 'x: https://zebu.test/health' https://example.org/ || {SLACK}", "alert"),
    ("curl -s 'https://dns.example.net/update?domains=zebu&token=x'", ""), ("# curl -f https://zebu.test/health || mail x", ""), ("echo 'curl https://zebu.test/health'", ""), ("if false; then curl -f https://zebu.test/health || mail x; fi", ""),
    # How it tells
    ("curl -fsS https://zebu.test/health", "health"), ("curl -f https://zebu.test/health || mail -s down ops@example.org", "health alert"), ("curl -f https://zebu.test/health || logger -p daemon.crit down", "health alert"),
    ("curl -f https://zebu.test/health || logger down", "health"), ("curl -f https://zebu.test/health || echo down", "health"), ("curl -f https://zebu.test/health || curl -s https://example.org/", "health"),
    (f"curl -f https://zebu.test/health && {PING}", "health alert"), (f"set -e\ncurl -f https://zebu.test/health\n{PING}", "health alert"), (f"curl -s https://zebu.test/health; {PING}", "health"),
    (f"curl -f https://zebu.test/health || {PING}/fail", "health alert"), ("curl -f https://zebu.test/health || ntfy publish x", "health alert"),
    ("tell() { curl -s -X POST -d \"$1\" https://ntfy.example.org/x; }\ncurl -f https://zebu.test/health || tell down", "health alert"), ("curl -f https://zebu.test/health\nmail -s report ops@example.org", "health"),
    # Disks: shown, or looked at
    ("df -h", ""), ("df -h | mail -s report ops@example.org", ""), ("df -h >> /var/log/disk", ""), ("u=$(df -P / | awk 'NR==2 {print $5}')\n[ ${u%\\%} -lt 80 ] || mail -s full x@y", "disk alert"),
    ("df -P | while read -r a b c d e f; do [ ${e%\\%} -lt 80 ] || mail -s full x@y; done", "disk alert"), ("if [ \"$(df --output=pcent / | tail -n 1 | tr -dc 0-9)\" -gt 80 ]; then echo full; fi", "disk"), ("echo df -h / | grep x || mail y", "alert"),
    (f"set -e\ndf -h /b\npg_dump zebu > /b/x\n{PING}", ""), (f"df / | tail -n 1\npg_dump zebu > /b/x && {PING}", "disk"),
    # Certificates and logs
    ("openssl x509 -checkend 86400 -noout -in /x || mail x", "certificate alert"), ("echo | openssl s_client -connect zebu.test:443 | openssl x509 -noout -enddate", ""), ("e=$(openssl x509 -noout -enddate -in x)\n[ \"$e\" ] || mail x", "certificate alert"),
    ("docker logs --since 1h b | grep -q ERROR && mail x", "logs alert"), ("journalctl -p err --since -1h | grep -q . && mail x", "logs alert"), ("grep -q ERROR /var/log/app.log && mail x", "logs alert"), ("docker logs b > /tmp/x", ""),
])  # fmt: skip
def test_what_a_job_does(script: str, does: str) -> None:
    assert looks(script) == does


def test_what_a_job_prints_is_mailed_by_cron() -> None:
    assert looks("curl -fsS https://zebu.test/health", MAILTO="ops@example.org") == "health alert"


def test_what_watches(target: Target) -> None:
    text = f"@agent gatus names\n@agent gatus names\n@agent telegraf sends\n@recorded sysstat {AT} 3\n@job w.timer success health disk alert\n@job x.timer exit-code health\n"
    found = read("monitors", text, target)
    assert found.agents == (Agent("gatus", names_site=True), Agent("telegraf", sends=True))
    assert found.recorded == (("sysstat", NOON, 3),)
    assert [one.name for one in found.watching("health")] == ["w.timer"]
    assert [one.name for one in found.watching("disk", "alert")] == ["w.timer"]
    assert found.watching("certificate") == ()


def test_no_line_of_a_job_leaves_the_machine() -> None:
    """Addresses of alerts are secrets: the probe prints names, results and words of its own."""
    printed = [line for line in scripts.text("monitors.pl").splitlines() if "@job" in line and not line.startswith("#")]
    assert len(printed) == 2
    assert all("command" not in line and "words" not in line and "$url" not in line for line in printed)


@pytest.mark.parametrize(
    ("what", "watches"), [(("health",), True), (("health", "disk"), True), (("disk", "logs"), False), ((), True)]
)
def test_a_job_watches_what_it_does(what: tuple[str, ...], watches: bool, target: Target) -> None:
    found = read("monitors", "@job w.timer success health disk\n@job x.timer exit-code health disk logs\n", target)
    assert [one.name for one in found.watching(*what)] == (["w.timer"] if watches else [])


@pytest.mark.parametrize(
    "line", ["@agent a b", "@agent $(id)", "@recorded x soon 1", "@recorded x 1", "@job x", "ps: error"]
)
def test_another_line_is_garbled(line: str, target: Target) -> None:
    assert why("monitors", f"{line}\n", target) is Reason.GARBLED


@pytest.mark.parametrize(("text", "found"), [
    ("url: https://zebu.test/health", "1"), ("targets: ['zebu.test:443']", "1"), ("url: https://zebu.test.example.org", "0"), ("url: https://my.zebu.test", "0"), ("url: https://my-zebu.test", "0"), ("", "0"), ("x\0https://WWW.zebu.test\0", "1"),
])  # fmt: skip
def test_whether_files_name_the_site(text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(text)
    program = scripts.joined(*monitors.PROBE.uses, monitors.PROBE.file).partition("\nmy %lingers = lingering();")
    functions = (
        program[0] + "\nsub site_pattern" + program[2].partition("\nsub site_pattern")[2].partition("\nmy @sysstat")[0]
    )
    done = subprocess.run(
        ["perl", "-e", functions + "\nprint site_among($ENV{FOLDER});"], capture_output=True, text=True, check=True,
        env={"ZEBU_SET_NAMES": "zebu.test www.zebu.test", "ZEBU_NAMES": "x", "FOLDER": str(tmp_path), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (found, "")
