"""The lab with the real project's habits: up in place of the tidy one."""

from __future__ import annotations

from typing import Any

from lab.build import Builder
from lab.deployment import Lab
from lab.place import Place
from lab.real import states
from lab.real.build import REAL, WORKSPACE, RealBuilder
from lab.shell import Progress
from lab.waits import until

CARE = ("logrotate.service", "systemd-tmpfiles-clean.service")
"""Jobs of the machine that have run before it is looked at."""
DUMP_AGES_DAYS = (3, 2, 1, 0)
CERTIFICATE_DAYS = 6.5
CERTIFY = """
systemctl disable -q --now certbot.timer
certbot certonly --non-interactive --agree-tos --register-unsafely-without-email --config-dir /data/tls/certbot \\
  --server https://acme.zebu.test:14000/dir --webroot -w /var/www/acme --cert-name npm-1 -d zebu.test --key-type ecdsa \\
  --deploy-hook 'systemctl reload nginx'
ln -sf ../sites-available/zebu-tls.conf /etc/nginx/sites-enabled/zebu-tls.conf
nginx -t
systemctl reload nginx
systemctl daemon-reload
systemctl enable -q --now npmplus.service
"""
LATER = """
crontab -l | sed "s/^30 3 /30 $(date -d '12 hours' +%-H) /" | crontab -
"""
"""The nightly dump is made at the other end of the day: no proof may meet it."""
GROWTH = """
INSERT INTO portfolios (id, user_id, name, created_at)
  SELECT gen_random_uuid(), gen_random_uuid(), 'portfolio ' || n, now() FROM generate_series(1, 100) n;
INSERT INTO transactions (id, portfolio_id, transaction_type, timestamp, cash_change)
  SELECT gen_random_uuid(), id, 'DEPOSIT', now(), 1000 FROM portfolios;
"""
STRANGERS = """
for ticker in IBM AAPL MSFT IBM AAPL; do
  curl -fsS -m 30 -o /dev/null "http://127.0.0.1/api/v1/prices/$ticker"
done
docker exec papertrade-redis-prod redis-cli save >/dev/null
docker restart -t 2 papertrade-backend-prod >/dev/null
"""
"""Nobody signed in, and some looked at prices. Then the backend was started again: it is cold."""
HEALTHY = "docker ps --filter health=healthy --filter label=com.docker.compose.project=papertrade --format '{{.Names}}'"


class RealLab(Lab):
    """The lab with another production machine, another configuration of the proxy, and other words of the stand-ins."""

    like = "real"
    settings_file = REAL / "zebu.toml"
    attestations_file = None
    outside = ("signin", "prices", "advisories")
    user = "root"
    env_file = f"{WORKSPACE}/.env"
    addresses = ("https://zebu.test/",)

    def __init__(self, place: Place | None = None, progress: Progress | None = None) -> None:
        super().__init__(place, progress)
        self.daemons.certificate_days = CERTIFICATE_DAYS
        self.network.leases = frozenset({"vm"})

    def _make_builder(self) -> Builder:
        return RealBuilder(self.place, self.network, self.progress)

    def _connect(self) -> None:
        super()._connect()
        self.daemons.lend_address("vm")

    def _use(self) -> None:
        """Nobody has signed in yet."""

    def _state_of(self, name: str) -> dict[str, Any]:
        keys = self.place.keys
        match name:
            case "proxmox":
                return states.proxmox((keys / "proxmox.secret").read_text(), *self._sizes())
            case "npm":
                served = self.proxy.run(["cat", "/data/tls/certbot/live/npm-1/fullchain.pem"]).stdout
                return states.npmplus((keys / "npm.secret").read_text(), served)
            case _:
                return super()._state_of(name)

    def _certify(self) -> None:
        self._expect_nginx()
        places = {
            "zebu-http.conf": "nginx/sites-enabled",
            "zebu-tls.conf": "nginx/sites-available",
            "npmplus.service": "systemd/system",
        }
        for name, folder in places.items():
            self.proxy.run(["tee", f"/etc/{folder}/{name}"], stdin=(REAL / "proxy" / name).read_bytes())
        self.proxy.shell("systemctl reload nginx")
        self.proxy.run(["env", "REQUESTS_CA_BUNDLE=/etc/ssl/acme-endpoint-ca.pem", "sh", "-euc", CERTIFY])

    def wait_for_application(self, seconds: float = 90) -> None:
        """Wait until all four services are healthy, sshd answers, and the router has lent the machine its address.

        Raises:
            LabError: they are not, in time.
        """
        address = "ip -4 -o addr show dev eth0 scope global"
        until("the machine has its address", lambda: self.vm.shell(address), seconds=30)
        until(
            "all four services are healthy",
            lambda: sorted(self.vm.shell(HEALTHY).split()),
            lambda names: len(names) == 4,
            seconds=seconds,
        )
        until("sshd is active", lambda: self.vm.shell("systemctl is-active ssh"), seconds=30)

    def _age(self) -> None:
        """Give the machine the past of a few days: dumps of a database that grew, updates that ran, visitors."""
        script = [LATER, "systemctl start apt-daily.service apt-daily-upgrade.service &"]
        dump = "crontab -l | sed -n 's/^30 [0-9]* \\* \\* \\* //p' | sed 's/\\\\%/%/g'"
        for days in DUMP_AGES_DAYS:
            then = f'$(date -d "{days} days ago" +%F)'
            script += [
                f"docker exec -i papertrade-postgres-prod psql -q -v ON_ERROR_STOP=1 -U papertrade papertrade <<'SQL'\n{GROWTH}SQL",
                f'sh -euc "$({dump})"',
                *(
                    [f"mv /root/backups/papertrade-$(date +%F).sql.gz /root/backups/papertrade-{then}.sql.gz"]
                    if days
                    else []
                ),
                f'touch -d "{days} days ago" /root/backups/papertrade-{then}.sql.gz',
            ]
        script += [f"systemctl start {' '.join(CARE)}", STRANGERS, "wait"]
        self.vm.shell("\n".join(script))
        self.wait_for_application()
        self.progress.say("machine aged: dumps taken, updates installed, prices read; the backend is cold")

    def _after_boot(self) -> None:
        self.vm.shell(f"systemctl start {' '.join(CARE)}\n{STRANGERS}")
        self.wait_for_application()

    def _after_boot_of_proxy(self) -> None:
        """Its own process looks after certificates from the start."""
