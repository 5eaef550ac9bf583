"""What holds whatever is judged: no secret leaves, one login, nothing changes on the target, the lab keeps to itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jsonschema
import pytest

from lab.blindings import ATTESTED_WITHOUT_HISTORY, BLINDINGS, UNSEEN_WITHOUT_HISTORY
from lab.deployment import Lab
from lab.fault import Fault
from lab.network import LAN
from lab.proofs import load_faults, options_of, outcomes_of, rounds
from lab.settled import settle
from lab.waits import until
from pytest_zebu.gather.drill import LABEL
from tests.gather.canaries import canaries as made_up
from tests.gather.test_filters import TRAPS
from tests.hostile import PAGE, fenced
from tests.reports.eight_faults import FAULTS as EIGHT

from .accounting import Ran, accounted, below
from .conftest import ROOT, Outcomes, Suite, SuiteRun, suite_in
from .manifest import Cause, Manifest, differences, take
from .planted import VARIABLES
from .test_proofs import break_all, mend_all

pytestmark = pytest.mark.lab


@pytest.fixture
def canaries(lab: Lab) -> Iterator[dict[str, str]]:
    """The value of every secret in `.env`, shown by a program whose output the suite reads."""
    lines = lab.vm.shell("cat /opt/zebu/.env").splitlines()
    values = {name: value for name, _, value in (line.partition("=") for line in lines) if name in VARIABLES}
    assert set(values) == set(VARIABLES)
    leaks = " ".join(f"'{value}' '{base64.b64encode(value.encode()).decode()}'" for value in values.values())
    # In forms that nothing but their names or shapes betray: no file of the machine says that they are secrets.
    planted = [one for one in made_up() if re.fullmatch(r"[\w=:.@%+-]{6,}", one.text)]
    values |= {one.text: one.secret for one in planted}
    leaks += "".join(f" '{one.text}'" for one in planted)
    script = f'for leak in {leaks}; do runuser -u deploy -- touch "/opt/zebu/leak-$(printf %s "$leak" | tr / _)"; done'
    lab.vm.shell(script)
    yield values
    lab.vm.shell("rm -f /opt/zebu/leak-*")


def _forms(value: str) -> set[str]:
    plain = base64.b64encode(value.encode()).decode().rstrip("=")
    return {value, quote(value, safe=""), plain[:-1], value.encode().hex()}


def test_no_secret_leaves_the_machine(canaries: dict[str, str], lab: Lab, suite: Suite, tmp_path: Path) -> None:
    """The checkout's listing names every secret, plainly and in base64: the item fails, and shows none of them."""
    run = suite(
        f"--zebu-save={tmp_path}/snapshot.json",
        f"--html={tmp_path}/report.html",
        f"--junit-xml={tmp_path}/junit.xml",
        "-o",
        "cache_dir=cache",
        "-p",
        "cacheprovider",
        "--full-trace",
        "-l",
    )
    assert run.outcomes["pre.application.quality.tagged-release"] == "failed"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"snapshot.json", "report.html", "junit.xml", "report.json"} <= {path.name for path in files}
    files.append(lab.history)
    texts = {"terminal": run.output} | {str(path): path.read_text(errors="replace") for path in files}
    for name, value in canaries.items():
        for form in _forms(value):
            assert [place for place, text in texts.items() if form in text] == [], name
    assert len(canaries) > len(VARIABLES) + 5
    assert "leak-[redacted]" in texts[str(tmp_path / "snapshot.json")]


ACCEPTED = "grep -c 'Accepted publickey' /var/log/auth.log || true"
"""How many logins the machine's own server counts."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A run of all that needs no browser, which several promises are about.

    Attributes:
        run: what came of it.
        junit: pytest's own report.
        logins: how many the machine counted meanwhile.
    """

    run: SuiteRun
    junit: str
    logins: int


@pytest.fixture(scope="module")
def plain(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Plain:
    folder = tmp_path_factory.mktemp("plain")
    before = int(lab.vm.shell(ACCEPTED))
    run = suite_in(lab, folder)(f"--junit-xml={folder}/junit.xml", "-m", "not browser")
    return Plain(run, (folder / "junit.xml").read_text(), int(lab.vm.shell(ACCEPTED)) - before)


def test_the_report_keeps_its_schema_and_junit_its_properties(plain: Plain) -> None:
    schema = json.loads((ROOT / "pytest_zebu/reports/report.schema.json").read_text())
    jsonschema.validate(plain.run.report, schema)
    junit = plain.junit
    assert '<property name="id" value="pre.security.ssh.no-passwords" />' in junit
    assert '<property name="stage" value="pre_deployment" />' in junit
    assert '<property name="category" value="security" />' in junit


def _states(lab: Lab) -> dict[str, Manifest]:
    """All that can be listed of the machines, and what the stand-ins take for true."""
    with ThreadPoolExecutor() as pool:
        machines = dict(zip(lab.machines, pool.map(take, lab.machines.values()), strict=True))
    beside = {
        ("stand-in", path.name): (hashlib.sha256(path.read_bytes()).hexdigest(),)
        for path in lab.daemons.state("").parent.iterdir()
    }
    return {**machines, "stand-ins": beside}


CHANGES: tuple[tuple[str, tuple[str, ...], tuple[Cause, ...]], ...] = (
    ("plainly", (), ()),
    ("with workers", ("-n", "2", "-m", "not browser"), ()),
    ("functional", ("--zebu-active=functional", "-m", "active"), ("functional",)),
    ("restore", ("--zebu-active=restore", "-m", "active"), ("restore",)),
    ("attack", ("--zebu-active=attack", "-m", "active"), ("attack",)),
)


@pytest.fixture(scope="module")
def seen() -> list[dict[str, Manifest]]:
    """What the machines were like when the run before this one had ended: nothing is done to them in between."""
    return []


@pytest.mark.hostile("programs")
@pytest.mark.parametrize(("options", "causes"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_nothing_changes(
    options: tuple[str, ...], causes: tuple[Cause, ...], lab: Lab, suite: Suite, seen: list[dict[str, Manifest]]
) -> None:
    """On the machine, on those beside it, and with the services: but for what `EXEMPT` says of a visit, and of each probe."""
    before = seen.pop() if seen else _states(lab)
    run = suite(*options)
    after = _states(lab)
    seen.append(after)
    changed = {
        where: found
        for where in before
        if (found := differences(before[where], after[where], ("visit", "machine", *causes)))
    }
    assert changed == {}
    assert run.host["reachable"]
    assert {kind for kind, _ in before["vm"]} >= {"file", "content", "unit", "sysctl", "container", "table", "key"}


@pytest.mark.hostile("services")
def test_a_drill_leaves_nothing_and_clears_away_what_a_cut_off_one_left(lab: Lab, suite: Suite) -> None:
    """By name and label: what only looks like one of ours is not ours."""
    make = "docker create --network none --name"
    theirs = f"{make} zebu-drill-mine zebu/db:15 true; {make} mine --label {LABEL}=1 zebu/db:15 true"
    ours = f"{make} zebu-drill-old --label {LABEL}=1 zebu/db:15 true"
    try:
        lab.vm.shell(theirs)
        before = lab.vm.shell("docker volume ls -q").split()
        lab.vm.shell(ours)
        assert (
            suite("--zebu-active=restore", "-m", "active").outcomes["pre.database.backups.restore-tested"] == "passed"
        )
        left = lab.vm.shell("docker ps -a --format '{{.Names}}'").split()
        assert {name for name in left if not name.startswith("zebu-") or "drill" in name} == {"mine", "zebu-drill-mine"}
        assert lab.vm.shell("docker volume ls -q").split() == before
    finally:
        lab.vm.shell("docker rm -f -v zebu-drill-old zebu-drill-mine mine >/dev/null 2>&1 || true")


def test_one_login_by_the_servers_own_count(plain: Plain) -> None:
    assert plain.logins == plain.run.host["ssh_logins"] == 1


def test_runs_are_remembered(suite: Suite) -> None:
    """The next run knows of this one, and says what changed since."""
    first, second = (suite("-k", "no-passwords") for _ in range(2))
    since = [run.host["changes"]["since"] for run in (first, second)]
    assert None not in since
    assert since[0] < since[1]


@pytest.mark.parametrize("marker", ["operations", "incident"])
def test_tasks_and_incidents_open_the_gate(marker: str, suite: Suite) -> None:
    """On the healthy lab nothing is overdue, and no incident is on record."""
    run = suite("-m", marker)
    assert run.status == 0, run.output


@pytest.fixture
def least(lab: Lab) -> Iterator[str]:
    """An account that may do what docs/security.md lets it, and no more."""
    name = "readiness"
    key = (lab.place.keys / "runner.pub").read_text().split()
    line = (
        fenced("authorized_keys").replace("192.0.2.9", LAN.format(9)).replace("ssh-ed25519 AAAA...", " ".join(key[:2]))
    )
    rules = f"/etc/sudoers.d/{name}"
    lab.vm.shell(
        f"useradd --create-home --shell /bin/sh {name} && install -d -m 700 -o {name} -g {name} /home/{name}/.ssh"
    )
    try:
        for path, text, mode in ((f"/home/{name}/.ssh/authorized_keys", line, 644), (rules, fenced("sudoers"), 440)):
            lab.vm.run(["sh", "-euc", 'cat > "$1"; chmod "$2" "$1"', "sh", path, str(mode)], stdin=text.encode())
        yield name
    finally:
        lab.vm.shell(f"rm -f {rules}; userdel -f -r {name} 2>/dev/null || true")


def as_others(lab: Lab, config: Callable[..., str], **users: str) -> tuple[str, str]:
    """Options for the same machine under several names, each with another account."""
    text = (lab.place.folder / "zebu.toml").read_text()
    block = text[text.index("[hosts.lab]") : text.index("[hosts.proxy]")]
    others = [
        block.replace("[hosts.lab]", f"[hosts.{name}]").replace('user = "deploy"', f'user = "{user}"')
        for name, user in users.items()
    ]
    return config(("[domains]", "\n".join([*others, "[domains]"]))), f"--zebu-host={','.join(['lab', *users])}"


def test_several_hosts_are_judged_each_for_itself(
    lab: Lab, suite: Suite, config: Callable[..., str], least: str
) -> None:
    """The same machine under three names: by an account that may see nothing of root's, and by one that may do only what is needed."""
    said = lab.vm.run(["visudo", "-c", "-s", "-f", f"/etc/sudoers.d/{least}"], check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    settings, hosts = as_others(lab, config, monitor="observer", readiness=least)
    run = suite(settings, "-m", "not browser", host=hosts)
    assert [host["name"] for host in run.report["hosts"]] == ["lab", "monitor", "readiness"]
    assert [host["ssh_logins"] for host in run.report["hosts"]] == [1, 1, 1]
    first, other, third = ({item["id"]: item["outcome"] for item in host["items"]} for host in run.report["hosts"])
    root_only = "pre.security.ssh.root-restricted"
    assert (first[root_only], other[root_only]) == ("passed", "not_assessed")
    assert (first["pre.infrastructure.dns-records"], other["pre.infrastructure.dns-records"]) == ("passed", "passed")
    by_history = UNSEEN_WITHOUT_HISTORY | ATTESTED_WITHOUT_HISTORY  # runs are remembered by the name of the host
    different = {item: (first[item], third[item]) for item in first if first[item] != third[item]}
    assert different.keys() <= by_history, different


@pytest.mark.hostile("ssh")
def test_the_rule_lets_nothing_else_run(lab: Lab, least: str) -> None:
    """Another program, a shell, perl with a program of its own: what is not in the rule is refused."""
    for words in ("id", "sh -c id", "perl -e exit", "docker ps", "perl", "perl /dev/stdin", "-u deploy perl - x"):
        done = lab.vm.run(["runuser", "-u", least, "--", "sh", "-c", f"sudo -n {words} </dev/null"], check=False)
        assert done.returncode == 1, words
    assert (
        lab.vm.run(
            ["runuser", "-u", least, "--", "sudo", "-n", "perl", "-", "x"], stdin=b"exit 7", check=False
        ).returncode
        == 7
    )


def telling() -> tuple[Fault, ...]:
    """The round of faults that makes most items fail of those that nobody but root sees."""

    def seen(faults: tuple[Fault, ...]) -> int:
        outcomes = [pair for fault in faults for pair in outcomes_of(fault).items()]
        return sum(outcome == "failed" and item in BLINDINGS["without root"] for item, outcome in outcomes)

    plain = [
        faults
        for faults in rounds(load_faults())
        if not options_of(faults) and not any(fault.settings for fault in faults)
    ]
    return max(plain, key=seen)


@pytest.mark.hostile("ssh")
def test_what_fails_with_root_does_not_pass_without(lab: Lab, suite: Suite, config: Callable[..., str]) -> None:
    """The machine is broken in many ways, and asked by an account with and by one without sudo."""
    faults = telling()
    settings, hosts = as_others(lab, config, monitor="observer")
    try:
        break_all(lab, faults)
        settle(lab, {service: state for fault in faults for service, state in fault.settles.items()})
        run = suite(settings, "-m", "not browser", host=hosts)
    finally:
        mend_all(lab, faults)
    first, other = ({item["id"]: item["outcome"] for item in host["items"]} for host in run.report["hosts"])
    failed = [item for item, outcome in first.items() if outcome == "failed"]
    assert len(failed) > 5
    # Of what is not seen, people's word counts.
    assert {item: other[item] for item in failed if other[item] not in ("failed", "not_assessed", "attested")} == {}
    assert [item for item, outcome in other.items() if outcome == "failed" and first[item] != "failed"] == []


def test_eight_faults_are_read_in_ten_seconds(lab: Lab, suite: Suite, tmp_path: Path) -> None:
    """Fewer than 60 lines on the terminal; each of the eight is named once among what failed; nothing else fails but what they declare."""
    by_id = {fault.id: fault for fault in load_faults()}
    faults = tuple(by_id[name] for name in EIGHT)
    try:
        break_all(lab, faults)
        settle(lab, {service: state for fault in faults for service, state in fault.settles.items()})
        run = suite(f"--html={tmp_path}/report.html")
    finally:
        mend_all(lab, faults)
    declared = {pair for fault in faults for pair in outcomes_of(fault).items()}
    failed = {item for item, outcome in run.outcomes.items() if outcome == "failed"}
    assert {fault.item for fault in faults} <= failed
    assert failed == {item for item, outcome in declared if outcome == "failed"}
    lines = run.output.splitlines()
    assert len(lines) < 60, run.output
    _, _, told = run.output.partition(f"\n{len(failed)} failed")
    told, _, _ = told.partition(" not assessed")
    # What is the cause of others is told by what it is, where there is no room for all that come of it.
    texts = {item: cause["text"] for cause in run.host["causes"] for item in cause["items"]}
    for fault in faults:
        named = re.findall(rf"(?<![\w.-]){re.escape(fault.item)}(?![\w.-])", told)
        assert len(named) == 1 or (not named and told.count(texts[fault.item][:30]) == 1), (fault.item, run.output)


POINTED: tuple[tuple[str, str, str], ...] = (
    ("pre.security.ssh.no-passwords/dropin_sorts_first", "vm", r"PasswordAuthentication yes"),
    ("pre.security.firewall.backend-not-exposed/docker_past_ufw", "vm", r"""- ["']?[^ ]*8000"""),
    ("pre.security.application.rate-limit/none", "proxy", r"server \{"),
)
"""Faults, the machine on which each is mended, and what stands in the line."""


def test_alerts_stand_at_the_line_that_is_wrong(lab: Lab, suite: Suite, tmp_path: Path) -> None:
    """The line of the machine's own file, read there."""
    by_id = {fault.id: fault for fault in load_faults()}
    faults = tuple(by_id[name] for name, *_ in POINTED)
    items = " or ".join(f"[{fault.item}]" for fault in faults)
    try:
        break_all(lab, faults)
        suite(f"--zebu-report=sarif:{tmp_path}/found.sarif", "-k", items)
        (found,) = json.loads((tmp_path / "found.sarif").read_text())["runs"]
        for name, machine, text in POINTED:
            alerts = [one for one in found["results"] if one["ruleId"] == by_id[name].item]
            places = [one["locations"][0]["physicalLocation"] for one in alerts]
            (file,) = {place["artifactLocation"]["uri"] for place in places}
            folder = "/opt/zebu" if places[0]["artifactLocation"]["uriBaseId"] == "%SRCROOT%" else ""
            lines = {place["region"]["startLine"] for place in places}
            for line in lines:
                said = lab.machines[machine].shell(f"sed -n {line}p {shlex.quote(f'{folder}/{file}')}")
                assert re.search(text, said), (name, file, line, said)
    finally:
        mend_all(lab, faults)


def documented() -> set[str]:
    """The programs that docs/security.md names, as the kernel calls them."""
    text = PAGE.read_text(encoding="utf-8").partition("### Programs")[2].partition("\n### ")[0]
    return {words.split()[0][:15] for words in re.findall(r"`([a-z0-9][^`]*)`", text)}


ALIASES = {"iptables-nft-sa": "iptables-save", "ip6tables-nft-s": "ip6tables-save"}
"""What Debian has under another name, as far as the kernel keeps it."""


TRAP = """
cd /opt/zebu; cp -p .git/config /home/deploy/config.kept; mkdir -m 777 /home/deploy/marks
mkdir /home/deploy/hooks; printf '%s\\n' '#!/bin/sh' ': > "/home/deploy/marks/$$"' 'exit 1' > /home/deploy/trap; chmod 755 /home/deploy/trap
for hook in post-index-change post-checkout reference-transaction pre-commit; do ln -s ../trap "/home/deploy/hooks/$hook"; done
printf '* filter=trap diff=trap\\n' > .git/info/attributes
while IFS='	' read -r key value; do git config "$key" "$value"; done
touch README.md
"""
UNTRAP = """
cd /opt/zebu; cat /home/deploy/config.kept > .git/config; rm .git/info/attributes
rm -r /home/deploy/config.kept /home/deploy/trap /home/deploy/hooks /home/deploy/marks; git status > /dev/null
"""
MARKS = "ls /home/deploy/marks | wc -l"


ELSEWHERE = (
    "core.attributesFile",
    "filter.far",
    "filter.Far",
    "filter.lfs",
    "include",
    "submodule",
    "remote",
    "core.repo",
    "extensions",
)
"""What needs another file, a submodule or a remote: tests/gather/test_filters.py tries these on checkouts of their own."""


@dataclass(frozen=True, slots=True)
class AmongTraps:
    """A run over a checkout that names a program at every place at which git takes one from a repository's own settings.

    Attributes:
        outcomes: what came of it.
        ran: what the kernel saw our session start.
        sprung: how many of the checkout's programs ran.
        sprung_by_owner: how many when the checkout's owner asks git, without a thought.
    """

    outcomes: Outcomes
    ran: Sequence[Ran]
    sprung: int
    sprung_by_owner: int


@pytest.fixture(scope="module")
def among_traps(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> AmongTraps:
    settings = {key: value for trap in TRAPS for key, value in trap.settings if not key.startswith(ELSEWHERE)}
    lines = (f"{key}\t{value}" for key, value in settings.items())
    places = {"program": "/home/deploy/trap", "hooks": "/home/deploy/hooks"}
    told = "".join(f"{line.format(**places)}\n" for line in lines)
    owner = ["runuser", "-u", "deploy", "--", "sh", "-euc"]
    try:
        lab.vm.run([*owner, TRAP], stdin=told.encode())
        with accounted(lab.vm) as ran:
            outcomes = suite_in(lab, tmp_path_factory.mktemp("trapped"))("-m", "not browser").outcomes
            # sshd, from which all of it is counted, has its place in the account when it has ended.
            until(
                "the login is over",
                lambda: lab.vm.shell("pgrep -f '^sshd: deploy' || true"),
                lambda left: not left.strip(),
            )
        sprung = int(lab.vm.shell(MARKS))
        lab.vm.shell("runuser -u deploy -- git -C /opt/zebu status || true")
        return AmongTraps(outcomes, below(ran, "sshd"), sprung, int(lab.vm.shell(MARKS)))
    finally:
        lab.vm.run([*owner, UNTRAP])


@pytest.mark.hostile("programs")
def test_no_other_program_runs_there(lab: Lab, among_traps: AmongTraps) -> None:
    """By the kernel's own account of what our session started; what runs in containers, Docker starts."""
    names = {ALIASES.get(one.name, one.name) for one in among_traps.ran}
    assert names - documented() == set()
    assert names >= {"perl", "sudo", "docker", "git", "systemctl", "iptables-save", "sort"}
    owner = int(lab.vm.shell("stat -c %u /opt/zebu"))
    assert {one.user for one in among_traps.ran if one.name == "git"} == {owner}


@pytest.mark.hostile("programs")
def test_no_program_of_the_checkout_runs(among_traps: AmongTraps) -> None:
    """Nothing of it is started, whatever git is asked; and its owner, who asks without a thought, starts it."""
    outcomes = among_traps.outcomes
    assert among_traps.sprung == 0
    assert outcomes["pre.application.quality.tagged-release"] == outcomes["deploy.initial.git-deployed"] == "passed"
    assert among_traps.sprung_by_owner > 0


def test_workers_share_one_gathering(plain: Plain, lab: Lab, suite: Suite) -> None:
    before = int(lab.vm.shell(ACCEPTED))
    shared = suite("-n", "2", "-m", "not browser")
    assert int(lab.vm.shell(ACCEPTED)) - before == 1
    assert plain.run.outcomes == shared.outcomes
    assert plain.run.host["stages"] == shared.host["stages"]


FEW = (
    "no-passwords", "root-restricted", "database-local", "env-permissions", "postgres-password", "force-ssl",
    "https.certificate", "dns-records", "restart-policy", "tagged-release", "least-privilege", "services-healthy",
    "database.migrations", "capacity.costs",
)  # fmt: skip
"""A dozen items of every kind, the browser's left out."""


@pytest.mark.parametrize(
    ("selection", "seconds"),
    [
        (("-k", " or ".join(FEW)), 25),
        (("-m", "pre_deployment and not browser"), 40),
        (("-m", "deployment_verification and not browser"), 30),
        (("-m", "deployment_verification"), 60),
    ],
    ids=["a dozen items", "pre-deployment", "verification without browser", "verification"],
)
def test_quick_enough(selection: tuple[str, str], seconds: float, suite: Suite) -> None:
    expect_quick(suite(*selection), seconds)


def expect_quick(run: SuiteRun, seconds: float) -> None:
    """One round trip, and nothing that waits: several times what it takes where nothing else runs."""
    assert run.report["seconds"] < seconds
    assert run.host["ssh_round_trips"] == 1


def test_without_a_browser_it_is_quick_enough(plain: Plain) -> None:
    expect_quick(plain.run, 60)


def test_a_snapshot_is_judged_again_without_the_host(suite: Suite, config: Callable[..., str], tmp_path: Path) -> None:
    settings = config()
    live = suite(settings, f"--zebu-save={tmp_path}/snapshot.json")
    expect_quick(live, 90)
    replayed = suite(settings, host=f"--zebu-replay={tmp_path}/snapshot.json")
    assert replayed.outcomes == live.outcomes


def test_users_tests_get_the_host_over_the_same_connection(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from pytest_zebu.plugin.fixtures import *\n")
    (tmp_path / "test_own.py").write_text(
        "def test_own(host, sshd):\n    assert host.check_output('id -un') == 'deploy'\n    assert 'deploy' in sshd.users\n"
    )
    run = suite("test_own.py", str(ROOT / "tests_prod/pre_deployment/test_security_ssh.py"))
    assert run.status == 0, run.output
    assert run.host["ssh_logins"] == 1


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(("old", "new", "reason"), [
    ('user = "deploy"', 'user = "nobody-there"', "the key was refused"),
    ('identity = "', 'identity = "/nonexistent', "the identity file does not exist"),
    ('known_hosts = "', 'known_hosts = "/nonexistent', "the host key is not known"),
    ('address = "10.77.0.10"', 'address = "10.77.0.10"\nport = 2222', "no answer in time"),
], ids=["wrong user", "no key", "unknown host key", "wrong port"])  # fmt: skip
def test_no_way_in_is_one_clear_line(old: str, new: str, reason: str, suite: Suite, config: Callable[..., str]) -> None:
    run = suite(config((old, new)), "--zebu-timeout=4", "-k", "no-passwords")
    assert run.status == 1
    assert reason in run.host["trouble"], run.host["trouble"]
    assert "Traceback" not in run.output


@pytest.mark.hostile("ssh")
def test_a_changed_host_key_is_refused(lab: Lab, suite: Suite, config: Callable[..., str], tmp_path: Path) -> None:
    other = (lab.place.folder / "known_hosts").read_text().splitlines()[1].split(" ", 1)[1]
    (tmp_path / "known_hosts").write_text(f"10.77.0.10 {other}\n")
    run = suite(config((str(lab.place.folder / "known_hosts"), str(tmp_path / "known_hosts"))), "-k", "no-passwords")
    assert "the host key has changed" in run.host["trouble"]


@pytest.mark.hostile("lab")
def test_the_lab_reaches_nothing_outside(lab: Lab) -> None:
    """There is no route from any machine to an address that is not the lab's."""
    for machine in lab.machines.values():
        assert machine.run(["ping", "-c", "1", "-W", "1", "1.1.1.1"], check=False).returncode != 0
    assert lab.inside(["ip", "route", "get", "1.1.1.1"]).returncode != 0
