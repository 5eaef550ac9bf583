"""The lab as a whole: up, down, reset, status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from docker import DockerClient

from lab.build import Builder
from lab.daemons import Daemons
from lab.machine import Machine
from lab.network import INTERNET_HOSTS, LAN, PUBLIC_ADDRESS, WAN, Network
from lab.packages import install_on_host
from lab.place import SOURCE, Place
from lab.shell import LabError, Progress, end_all, marked, run
from lab.standins import states
from lab.waits import until

DOCKER_SECONDS = 30
MACHINES = ("vm", "proxy", "nas")
BACKUP_AGES_DAYS = (3, 2, 1, 0)
CARE = ("docker-prune.service", "logrotate.service", "zebu-watch.service", "sysstat-collect.service")
"""Jobs of the machine that have run before it is looked at."""
LATER = """
sed -i "s/^OnCalendar=.*/OnCalendar=*-*-* $(date -d '12 hours' +%H):30:00/" /etc/systemd/system/zebu-backup.timer
touch /var/lib/systemd/timers/stamp-zebu-backup.timer
systemctl daemon-reload
systemctl restart zebu-backup.timer
"""
"""The nightly dump is made at the other end of the day: no proof may meet it."""
CERTIFY = """
certbot certonly --non-interactive --agree-tos --register-unsafely-without-email \
  --server https://acme.zebu.test:14000/dir --webroot -w /var/www/acme --cert-name zebu.test \
  -d zebu.test -d www.zebu.test -d api.zebu.test --key-type ecdsa --deploy-hook 'systemctl reload nginx'
ln -sf ../sites-available/zebu-tls.conf /etc/nginx/sites-enabled/zebu-tls.conf
nginx -t
systemctl reload nginx
"""
ACTIVITY = """
INSERT INTO portfolios (id, user_id, name, currency, portfolio_type, created_at)
  SELECT gen_random_uuid(), gen_random_uuid(), 'portfolio ' || n, 'USD', 'PAPER_TRADING', now() FROM generate_series(1, 200) n;
INSERT INTO transactions (id, portfolio_id, transaction_type, timestamp, cash_change)
  SELECT gen_random_uuid(), id, 'DEPOSIT', now(), 1000 FROM portfolios;
"""


class Lab:
    """One lab, in one folder.

    Attributes:
        like: which arrangement it is: this one is tidy.
        settings_file: what its deployer declares.
        attestations_file: what its people say, if they say anything.
        outside: the services of others, which say what they say from the beginning.
        user: who logs in to the production machine.
        addresses: what answers by https.
        env_file: where its secrets are.
    """

    like = "tidy"
    settings_file = SOURCE / "files/zebu.toml"
    attestations_file: Path | None = SOURCE / "files/attestations.toml"
    outside: tuple[str, ...] = ("forge", "signin", "prices", "advisories")
    user = "deploy"
    env_file = "/opt/zebu/.env"
    addresses: tuple[str, ...] = ("https://zebu.test/", "https://www.zebu.test/", "https://api.zebu.test/health")

    def __init__(self, place: Place | None = None, progress: Progress | None = None) -> None:
        self.place = place or Place.default()
        self.progress = progress or Progress()
        self.network = Network(self.place)
        self.daemons = Daemons(self.place, self.network)
        self.builder = self._make_builder()
        self.machines = {name: Machine(self.place, self.network, name) for name in MACHINES}

    def _make_builder(self) -> Builder:
        return Builder(self.place, self.network, self.progress)

    @property
    def vm(self) -> Machine:
        """The production machine."""
        return self.machines["vm"]

    @property
    def proxy(self) -> Machine:
        """The reverse proxy's machine."""
        return self.machines["proxy"]

    @property
    def history(self) -> Path:
        """What runs over the lab remember."""
        return self.place.folder / "history.sqlite3"

    @property
    def fault_history(self) -> Path:
        """A history of runs that faults write; the lab's own remembers what really ran, and one run of days ago."""
        return self.place.folder / "fault-history.sqlite3"

    @property
    def _description(self) -> Path:
        return self.place.folder / "lab.json"

    @property
    def is_up(self) -> bool:
        """Whether all of it runs."""
        return self._description.exists() and self.network.is_up() and all(m.is_up for m in self.machines.values())

    @property
    def present(self) -> str:
        """Which arrangement is up in this folder."""
        try:
            return str(json.loads(self._description.read_text()).get("like", "tidy"))
        except FileNotFoundError:
            return ""

    def install_packages(self) -> None:
        """Install the Debian packages that this host lacks.

        Raises:
            LabError: not root, or apt did not install them.
        """
        if os.geteuid() != 0:
            raise LabError("installing Debian packages needs root")
        self.place.make()
        install_on_host(self.progress, self.place.logs / "host-packages.log")

    def build(self) -> None:
        """Build what is missing, and boot nothing: `up` finds it. What is up stays as it is.

        Raises:
            LabError: not root, or something was not built.
        """
        if self._is_startable():
            with marked(self.place.token):
                self.builder.build()

    def up(self) -> None:
        """Build what is missing, boot, and wait until https answers. Does nothing where it is up already.

        Raises:
            LabError: not root, or something did not come up.
        """
        if self._is_startable(lambda: self.present == self.like and self.builder.is_complete()):
            with marked(self.place.token):
                self._up()
            self.progress.say("the lab is up: pytest --zebu-host=lab")

    def _is_startable(self, may_stay: Callable[[], bool] = lambda: True) -> bool:
        """Whether nothing of it is up now; what is up stays so where it may, and is ended otherwise."""
        if os.geteuid() != 0:
            raise LabError("the lab needs root: it makes machines and networks")
        if self.is_up and may_stay():
            self.progress.say("the lab is up")
            return False
        self.down()
        self.place.make()
        return True

    def _up(self) -> None:
        self.builder.build()
        with self.progress.step("network, names and ACME server"):
            self._connect()
        states = {name: f"built-{name}" for name in MACHINES} | {"vm": self.builder.production[0]}
        with ThreadPoolExecutor(max_workers=len(MACHINES)) as pool:
            for job in [pool.submit(self.machines[name].start, state) for name, state in states.items()]:
                job.result()
        self.progress.say("machines booted")
        self._begin()
        self._keep_clean()
        self._description.write_text(
            json.dumps(
                {
                    "namespace": str(self.network.path("run")),
                    "resolv_conf": str(self.place.folder / "resolv.conf"),
                    "config": str(self.place.folder / "zebu.toml"),
                    "trust": str(self.place.folder / "trust.pem"),
                    "like": self.like,
                }
            )
        )

    def _connect(self) -> None:
        self.network.up()
        self.daemons.up()

    def _begin(self) -> None:
        """From machines that booted to a deployment that has been at work for some days."""
        self.write_states(self.outside)
        with ThreadPoolExecutor(max_workers=2) as pool:
            certified = pool.submit(self._certify)
            self.wait_for_application()
            self.progress.say("application healthy")
            self.write_states(("proxmox",))
            certified.result()
        self.write_states(("npm",))
        self.history.unlink(missing_ok=True)  # of another machine
        self.write_access()
        self._expect_https()
        self.progress.say("https answers")
        self._use()
        self._age()

    def _use(self) -> None:
        """Users come: one makes an API key, and looks at a share and at portfolios."""
        self.write_api_key("api-key")
        self.read_price()
        self.read_portfolios()

    def docker(self) -> DockerClient:
        """Docker of the production machine, over its own socket; closing it is the caller's business.

        Raises:
            LabError: the machine is down.
        """
        leader = self.vm.leader()
        if leader is None:
            raise LabError("the production machine is down")
        return DockerClient(base_url=f"unix:///proc/{leader}/root/run/docker.sock", timeout=DOCKER_SECONDS)

    def write_states(self, names: Sequence[str]) -> None:
        """Let stand-ins say what they say when all is well."""
        for name in names:
            self._put_state(name, self._state_of(name))

    def _state_of(self, name: str) -> dict[str, Any]:
        keys, cache = self.place.keys, self.place.cache
        match name:
            case "forge":
                return states.forge(cache / "origin", cache / "checks.json", (keys / "forge.secret").read_text())
            case "proxmox":
                made = self.vm.shell("docker image inspect -f '{{.Created}}' zebu/frontend:1.2.0")
                deployed = int(datetime.fromisoformat(made[:19]).replace(tzinfo=UTC).timestamp())
                return states.proxmox((keys / "proxmox.secret").read_text(), *self._sizes(), deployed)
            case "npm":
                served = self.proxy.run(["cat", "/etc/letsencrypt/live/zebu.test/fullchain.pem"]).stdout
                limits = self.proxy.shell("grep -h '^limit_req' /etc/nginx/sites-enabled/* || true")
                return states.npm((keys / "npm.secret").read_text(), served, limits)
            case "signin":
                return self._signin()
            case "prices":
                return states.prices()
            case _:
                return states.advisories()

    def _sizes(self) -> tuple[int, int, int]:
        """Processors, bytes of memory and of disk of the production machine."""
        said = self.vm.shell("nproc; sed -n 's/^MemTotal: *//p' /proc/meminfo; df -B1 --output=size / | tail -n 1")
        cpus, memory, disk = (int(line.split()[0]) for line in said.splitlines())
        return cpus, memory * 1024, disk

    def environment_of_vm(self) -> dict[str, str]:
        """The variables of its `.env`."""
        lines = self.vm.shell(f"cat {self.env_file}").splitlines()
        return dict(line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#"))

    def _signin(self) -> dict[str, Any]:
        secret = self.environment_of_vm()["CLERK_SECRET_KEY"]
        return states.signin(states.signing_key(self.place.keys / "signin.key"), secret)

    def change_state(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Let a stand-in say something else; a reader sees the old state or the new one."""
        path = self.daemons.state(name)
        self._put_state(name, change(json.loads(path.read_text()) if path.exists() else {}))

    def _put_state(self, name: str, state: dict[str, Any]) -> None:
        path = self.daemons.state(name)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(state))
        fresh.chmod(0o600)
        fresh.replace(path)

    def write_api_key(self, name: str, port: int = 8000) -> None:
        """A user signs in at the backend on a port, and makes an API key for the probes that need one."""
        token = states.session_token(states.signing_key(self.place.keys / "signin.key"), "user_readiness")
        body = json.dumps({"label": "readiness", "scopes": ["read", "trade"]})
        fetch = 'curl -fsS -H @- -H "Content-Type: application/json" -d "$1" "http://127.0.0.1:$2/api/v1/api-keys"'
        header = f"Authorization: Bearer {token}".encode()
        said = json.loads(self.vm.run(["sh", "-euc", fetch, "sh", body, str(port)], stdin=header).stdout)
        path = self.place.folder / name
        path.touch(mode=0o600)
        path.write_text(said["raw_key"])

    def read_price(self) -> None:
        """A user looks at a share: the price comes into the cache. The limit on asking for prices starts anew."""
        limits = " ".join(f"papertrade:ratelimit:alphavantage:{span}" for span in ("minute", "day"))
        self.vm.shell(f"docker exec zebu-redis-1 redis-cli del {limits} >/dev/null")
        self._ask_with_key("prices/IBM")

    def read_portfolios(self) -> None:
        """A user looks at the portfolios."""
        self._ask_with_key("portfolios")

    def _ask_with_key(self, path: str, *, check: bool = True) -> None:
        key = f"X-API-Key: {(self.place.folder / 'api-key').read_text()}"
        # The first request after its database began anew may meet a connection that broke.
        again = "--retry 5 --retry-delay 1 --retry-all-errors" if check else ""
        fetch = f"curl -fsS -m 30 {again} -H @- http://127.0.0.1:8000/api/v1/{path} >/dev/null"
        self.vm.run(["sh", "-euc", fetch], stdin=key.encode(), check=check)

    def _certify(self) -> None:
        self._expect_nginx()
        self.proxy.run(["env", "REQUESTS_CA_BUNDLE=/etc/ssl/acme-endpoint-ca.pem", "sh", "-euc", CERTIFY])

    def wait_for_application(self, seconds: float = 90) -> None:
        """Wait until all four services are healthy and sshd answers.

        Raises:
            LabError: they are not, in time.
        """
        healthy = (
            "docker ps --filter health=healthy --filter label=com.docker.compose.project=zebu --format '{{.Names}}'"
        )
        until(
            "all four services are healthy",
            lambda: sorted(self.vm.shell(healthy).split()),
            lambda names: len(names) == 4,
            seconds=seconds,
        )
        self.ask_database()
        units = "systemctl is-active ssh zebu-docker-firewall fail2ban"
        until("sshd, firewall and fail2ban are active", lambda: self.vm.shell(units), seconds=30)
        until("the sshd jail is up", lambda: self.vm.shell("fail2ban-client status sshd"), seconds=30)

    def ask_database(self) -> None:
        """Let the backend ask its database for the first time, whatever comes of it: it is ready for use only then.

        It loads the driver, resolves a name and connects. On a busy machine that alone takes seconds.
        """
        key = "zk_" + "labFirstQuestion".ljust(43, "0")
        ask = f"curl -s -m 30 -o /dev/null -H 'X-API-Key: {key}' http://127.0.0.1:8000/api/v1/portfolios"
        self.vm.run(["sh", "-c", ask], check=False)
        # And once as somebody who may: its log then shows it, in a container that was made just now as well.
        if (self.place.folder / "api-key").exists():
            self._ask_with_key("portfolios", check=False)

    def _expect_nginx(self) -> None:
        until("nginx is active on the proxy", lambda: self.proxy.shell("systemctl is-active nginx"), seconds=30)

    def _expect_https(self) -> None:
        fetch = "import sys,urllib.request as u; u.urlopen(sys.argv[1], timeout=5).read()"
        for url in self.addresses:
            until(f"{url} answers", partial(self._succeeds, [sys.executable, "-c", fetch, url]), seconds=20)

    def _age(self) -> None:
        """Give the machine the past of a few days: real dumps of a database that grew, and updates that really ran."""
        script = [LATER, "systemctl start apt-daily.service apt-daily-upgrade.service &"]
        for days in BACKUP_AGES_DAYS:
            script += [
                f"docker exec -i zebu-db-1 psql -q -v ON_ERROR_STOP=1 -U zebu_admin -d zebu <<'SQL'\nSET ROLE zebu_app;{ACTIVITY}SQL",
                "systemctl start zebu-backup.service",
                "newest=$(ls -t /var/backups/zebu/zebu-*.dump | head -n 1)",
                f'then=$(date -u -d "{days} days ago 02:30" +%Y%m%dT%H%M%SZ)'
                if days
                else "then=$(date -u +%Y%m%dT%H%M%SZ)",
                '[ "$newest" = "/var/backups/zebu/zebu-$then.dump" ] || mv "$newest" "/var/backups/zebu/zebu-$then.dump"',
                f'touch -d "{days} days ago" "/var/backups/zebu/zebu-$then.dump"',
            ]
        script += [f"systemctl start {' '.join(CARE)}", "wait"]
        self.vm.shell("\n".join(script))
        self.proxy.run(["systemctl", "start", "certbot.service"])
        self.rehearse_renewal()
        self.progress.say("machine aged: dumps taken and copied, updates installed")

    def rehearse_renewal(self, port: int = 14000, *, check: bool = True) -> None:
        """Let certbot try a renewal, at the lab's own ACME server. At once: it would wait up to eight minutes."""
        words = f"certbot -q renew --dry-run --no-random-sleep-on-renew --server https://acme.zebu.test:{port}/dir"
        trust = "REQUESTS_CA_BUNDLE=/etc/ssl/acme-endpoint-ca.pem"
        self.proxy.run(["env", trust, *words.split()], check=check, timeout=60)

    def _keep_clean(self) -> None:
        for name in MACHINES:
            self.machines[name].run(["sync"])
            self.machines[name].snapshot(name, f"clean-{name}")

    def reset(self, names: Sequence[str] = ("vm",)) -> None:
        """Put machines back to the state that `up` left, in seconds."""
        for name in names:
            machine = self.machines[name]
            machine.kill()
            machine.start(f"clean-{name}")
        if "vm" in names:
            self.wait_for_application()
            self._after_boot()
        if "proxy" in names:
            self._expect_nginx()
            self._expect_https()
            self._after_boot_of_proxy()
        self.progress.say(f"reset: {', '.join(names)}")

    def _after_boot(self) -> None:
        """What has happened on a production machine that is judged: a price was read, jobs ran (a boot forgets their last run)."""
        self.read_price()
        self.vm.shell(f"systemctl start {' '.join(CARE)}")

    def _after_boot_of_proxy(self) -> None:
        self.proxy.run(["systemctl", "start", "certbot.service"])

    def down(self) -> None:
        """End everything and leave nothing behind, whatever state it is in, also after a crash.

        Raises:
            LabError: something cannot be ended; it is named.
        """
        self._description.unlink(missing_ok=True)
        self._end_ssh_masters()
        for machine in self.machines.values():
            machine.kill()
        self.network.down()
        token = self.place.token
        until("nothing runs that the lab started", partial(end_all, token), lambda left: not left, seconds=20)
        self.builder.unmount()

    def _end_ssh_masters(self) -> None:
        """Connections that runs left open end with the lab: their remote end is gone."""
        mark = f"{self.place.keys}/runner".encode()
        for proc in Path("/proc").iterdir():
            if not proc.name.isdigit():
                continue
            try:
                words = (proc / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(b"ssh") and mark in words:
                try:
                    os.kill(int(proc.name), signal.SIGTERM)
                except ProcessLookupError:
                    continue

    def mint(self, name: str, days: tuple[int, int]) -> tuple[bytes, bytes]:
        """A certificate and its key from the lab's own trusted authority, valid between two days counted from now."""
        authority = x509.load_pem_x509_certificate((self.place.keys / "ca.pem").read_bytes())
        signer = serialization.load_pem_private_key((self.place.keys / "ca.key").read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise LabError("the lab's authority has another kind of key than it was made with")
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder(authority.subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM), private

    def remove(self) -> None:
        """Down, and delete everything that was built.

        Raises:
            LabError: something cannot be ended or deleted; it is named.
        """
        self.down()
        try:
            if self.place.folder.exists():
                shutil.rmtree(self.place.folder)
        except OSError as error:
            raise LabError(f"not all of {self.place.folder} could be deleted: {error}") from None

    def status(self) -> dict[str, str]:
        """A word for each part."""
        parts = {"network": "up" if self.network.is_up() else "down"}
        parts |= {name: "up" if machine.is_up else "down" for name, machine in self.machines.items()}
        parts["built"] = (
            "yes" if self.place.image.exists() and self.builder.is_complete() else "no, or from older sources"
        )
        parts["like"] = self.present or "-"
        parts["lab"] = "up" if self.is_up else "down"
        return parts

    def _succeeds(self, argv: Sequence[str]) -> bool:
        return self.inside(argv).returncode == 0

    def inside(self, argv: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a host command from the runner's place, with the lab's DNS and trust."""
        return run(self.inside_command(argv), check=False, env=self.environment())

    def inside_command(self, argv: Sequence[str]) -> list[str]:
        """The command that runs another from the runner's place."""
        resolver = self.place.folder / "resolv.conf"
        bind = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
        return [
            "nsenter",
            f"--net={self.network.path('run')}",
            "unshare",
            "--mount",
            "--propagation=slave",
            "sh",
            "-c",
            bind,
            "sh",
            str(resolver),
            *argv,
        ]

    def environment(self) -> dict[str, str]:
        """The environment of such a command: the lab's roots are what it trusts."""
        trust = str(self.place.folder / "trust.pem")
        return {**os.environ, "SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust, "CURL_CA_BUNDLE": trust}

    def write_access(self) -> None:
        """What a runner needs: settings, names, trust, ssh."""
        folder = self.place.folder
        (folder / "trust.pem").write_bytes(self.daemons.acme_root() + (self.place.keys / "ca.pem").read_bytes())
        (folder / "resolv.conf").write_text(f"nameserver {WAN.format(INTERNET_HOSTS['resolver1'])}\n")
        lines = []
        for name, host in (("vm", 10), ("proxy", 20), ("nas", 30)):
            key = (self.machines[name].root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().strip()
            lines.append(f"{LAN.format(host)} {key}\n")
        (folder / "known_hosts").write_text("".join(lines))
        (folder / "ssh_config").write_text(
            f"Host vm\n  HostName {LAN.format(10)}\n  User {self.user}\nHost proxy\n  HostName {LAN.format(20)}\n  User root\n"
            f"Host *\n  IdentityFile {self.place.keys}/runner\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n"
        )
        text = self.settings_file.read_text()
        for name, value in {
            "@VM@": LAN.format(10),
            "@PUBLIC@": PUBLIC_ADDRESS,
            "@KEY@": str(self.place.keys / "runner"),
            "@KNOWN_HOSTS@": str(folder / "known_hosts"),
            "@TRUST@": str(folder / "trust.pem"),
            "@RUNNER_WAN@": WAN.format(9),
            "@RUNNER_LAN@": LAN.format(9),
            "@PROXY@": LAN.format(20),
            "@KEYS@": str(self.place.keys),
            "@API_KEY@": str(folder / "api-key"),
            "@HISTORY@": str(self.history),
            "@INCIDENTS@": str(folder / "incidents"),
            **{f"@{key.upper()}@": WAN.format(host) for key, host in INTERNET_HOSTS.items()},
        }.items():
            text = text.replace(name, value)
        (folder / "zebu.toml").write_text(text)
        attested = folder / "attestations.toml"
        if self.attestations_file is None:
            attested.unlink(missing_ok=True)
            return
        today = datetime.now(UTC).date().isoformat()
        attested.write_text(self.attestations_file.read_text().replace("@TODAY@", today))


def require_up(lab: Lab) -> Lab:
    """The lab, if it is up.

    Raises:
        LabError: it is not.
    """
    if not lab.is_up:
        raise LabError("the lab is not up: start it with `zebu lab up`")
    return lab
