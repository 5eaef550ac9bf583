"""Odd but right: staging is a second deployment on the same machine, with a database, secrets and users of its own."""

from lab.changes import add_server, remove_server
from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.staging"}
outcomes: dict[str, str] = {"pre.application.functionality.staging": "passed"}
options: tuple[str, ...] = ("--zebu-active=functional",)
touches: set[str] = {"domains"}
settings: tuple[tuple[str, str], ...] = (
    ("[domains]\n", '[domains]\nstaging = "staging.zebu.test"\n'),
    ("[probes]\n", '[probes]\nstaging_api_key_file = "@LAB@/staging-api-key"\n'),
    ("[hosts.lab]\n", '[hosts.lab]\nproject = "zebu"\n'),
)
FOLDER = "/opt/zebu-staging"
COMPOSE = f"cd {FOLDER} && docker compose -p zebu-staging -f docker-compose.yml -f staging.yml"
STAGING = """services:
  backend:
    ports: ["8001:8000"]
    environment: { APP_ENV: staging, APP_DEBUG: "false" }
"""
OWN_SECRETS = ("POSTGRES_PASSWORD", "APP_DB_PASSWORD", "SECRET_KEY", "API_KEY_HMAC_SECRET")
SERVER = """server {
  listen 443 ssl http2;
  listen [::]:443 ssl http2;
  server_name staging.zebu.test;
  ssl_certificate /root/staging.pem;
  ssl_certificate_key /root/staging.key;
  location / { proxy_pass http://10.77.0.10:8001; }
}
"""


def inject(lab: Lab) -> None:
    fresh = " ".join(f"-e s/^{name}=.*/{name}=$(openssl rand -hex 24)/" for name in OWN_SECRETS)
    lab.vm.shell(
        f"install -d -m 750 {FOLDER}; cp /opt/zebu/docker-compose.yml {FOLDER}/; umask 077; sed {fresh} /opt/zebu/.env > {FOLDER}/.env"
    )
    lab.vm.run(["sh", "-c", f"cat > {FOLDER}/staging.yml"], stdin=STAGING.encode())
    lab.vm.shell(f"{COMPOSE} up -d --no-build --pull never --wait db redis backend 2>&1")
    lab.vm.shell(f"{COMPOSE} exec -T backend alembic upgrade head 2>&1")
    lab.write_api_key("staging-api-key", 8001)
    add_server(lab, "staging", "staging.zebu.test", SERVER)


def mend(lab: Lab) -> None:
    remove_server(lab, "staging")
    (lab.place.folder / "staging-api-key").unlink(missing_ok=True)
    lab.vm.shell(f"{COMPOSE} down -v -t 2 2>&1; rm -r {FOLDER}")
