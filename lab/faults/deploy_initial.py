"""Faults of deploy.initial."""

from lab.changes import (
    COMPOSE,
    OVERRIDE,
    age_backend_image,
    before_api,
    edit_proxy,
    forget,
    recreate,
    reload_sshd,
    restore_backend_image,
    restore_env,
    restore_proxy,
    set_env,
)
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "deploy.initial.env-present",
    flips=set(),
    touches={".env"},
    mend=restore_env,
)
def build_argument(lab: Lab) -> None:
    """Odd but right: a build argument and a comment were edited; no container has them."""
    set_env(lab, VITE_API_BASE_URL="/api/v1 # same origin")


@fault(
    "deploy.initial.env-present",
    flips={"deploy.initial.env-present", "pre.application.environment.log-level"},
    touches={".env"},
    mend=restore_env,
)
def not_recreated(lab: Lab) -> None:
    """`.env` was edited, and the containers are those of before."""
    set_env(lab, APP_LOG_LEVEL="WARNING")


BESIDE = OVERRIDE.format("beside")
"""A compose file beside the production files, for what runs beside the services."""
UP = f"{COMPOSE} -f {BESIDE} {{}} up -d --no-build --pull never --no-deps {{}} 2>&1"
PROFILE = b"""
services:
  archive:
    image: zebu-lab/redis:7-busybox
    profiles: [archive]
    command: sh -c 'echo ready; exec tail -f /dev/null'
    network_mode: none
    restart: unless-stopped
    mem_limit: 32m
    cpus: 0.2
    logging: { driver: json-file, options: { max-size: 10m } }
    healthcheck: { test: ["CMD", "true"], interval: 1s }
"""
ONCE = b"""
services:
  migrate:
    image: zebu-lab/redis:7-busybox
    command: sh -c 'echo done'
    network_mode: none
"""


def remove_beside(lab: Lab, service: str) -> None:
    lab.vm.shell(f"docker rm -f zebu-{service}-1 >/dev/null; rm -f {BESIDE}")


def mend_dollar(lab: Lab) -> None:
    restore_env(lab)
    recreate(lab, "backend")


@fault(
    "deploy.initial.env-present",
    flips=set(),
    right_for={"deploy.initial.env-present", "deploy.initial.images-built"},
    touches={"beside"},
    mend=lambda lab: remove_beside(lab, "archive"),
)
def by_profile(lab: Lab) -> None:
    """Odd but right: a service that only a profile starts runs; without the profile, compose leaves it out."""
    lab.vm.run(["sh", "-c", f"cat > {BESIDE}"], stdin=PROFILE)
    lab.vm.shell(UP.format("--profile archive", "archive"))
    state = "docker inspect -f '{{.State.Health.Status}}' zebu-archive-1"
    until("the archive is healthy", lambda: lab.vm.shell(state), lambda said: said == "healthy", seconds=30)


@fault(
    "deploy.initial.services-healthy",
    flips=set(),
    right_for={
        "deploy.initial.services-healthy",
        "deploy.initial.images-built",
        "pre.application.docker.restart-policy",
        "pre.application.docker.health-checks",
        "pre.application.docker.resource-limits",
    },
    touches={"beside"},
    mend=lambda lab: remove_beside(lab, "migrate"),
)
def ran_once(lab: Lab) -> None:
    """Odd but right: a container of the project had its work to do once, and has done it."""
    lab.vm.run(["sh", "-c", f"cat > {BESIDE}"], stdin=ONCE)
    lab.vm.shell(UP.format("", "migrate"))
    state = "docker inspect -f '{{.State.Status}}' zebu-migrate-1"
    until("the migration has ended", lambda: lab.vm.shell(state), lambda said: said == "exited", seconds=30)


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        "pre.application.docker.restart-policy",
        "pre.application.docker.health-checks",
        "pre.application.docker.resource-limits",
        "deploy.performance.cpu",
        "deploy.performance.memory",
    },
    outcomes={"deploy.performance.cpu": Outcome.NOT_ASSESSED, "deploy.performance.memory": Outcome.NOT_ASSESSED},
    touches={"beside"},
    mend=lambda lab: remove_beside(lab, "migrate"),
)
def ran_once_and_failed(lab: Lab) -> None:
    """A container of the project had its work to do once, and failed."""
    lab.vm.run(["sh", "-c", f"cat > {BESIDE}"], stdin=ONCE.replace(b"echo done", b"echo no; exit 1"))
    lab.vm.shell(UP.format("", "migrate"))
    state = "docker inspect -f '{{.State.Status}}' zebu-migrate-1"
    until("the migration has ended", lambda: lab.vm.shell(state), lambda said: said == "exited", seconds=30)


@fault(
    "deploy.initial.env-present",
    flips=set(),
    touches={".env", "backend", "backend-files", "backend-restart"},
    mend=mend_dollar,
)
def dollar(lab: Lab) -> None:
    """Odd but right: a secret has a dollar in it, which compose's files have twice."""
    set_env(lab, SECRET_KEY="7f4c1b0e9d8a$$6352" * 4)
    recreate(lab, "backend", "    cap_drop: []\n")


@fault(
    "deploy.initial.git-deployed",
    flips=set(),
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/zebu/zebu.git"
    ),
)
def by_ssh(lab: Lab) -> None:
    """Odd but right: the checkout fetches from the same repository by ssh."""
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu remote set-url origin git@forge.zebu.test:zebu/zebu.git")


@fault(
    "deploy.initial.git-deployed",
    flips={"deploy.initial.git-deployed"},
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/zebu/zebu.git"
    ),
)
def other_remote(lab: Lab) -> None:
    """The checkout is of another repository."""
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/somebody/fork.git"
    )


@fault(
    "deploy.initial.git-deployed",
    flips={
        "deploy.initial.git-deployed",
        "deploy.initial.images-built",
        "pre.application.quality.tagged-release",
        "pre.application.quality.tests",
        "pre.application.quality.linters",
        "pre.application.quality.types",
        "pre.application.quality.reviewed",
        "pre.database.integrity.migrations-staged",
        "post.maintenance.updates.staging",
        "post.maintenance.deployment.changelog",
    },
    outcomes={
        "pre.application.quality.tests": Outcome.NOT_ASSESSED,
        "pre.application.quality.linters": Outcome.NOT_ASSESSED,
        "pre.application.quality.types": Outcome.NOT_ASSESSED,
        "pre.application.quality.reviewed": Outcome.NOT_ASSESSED,
        "pre.database.integrity.migrations-staged": Outcome.NOT_ASSESSED,
        "post.maintenance.updates.staging": Outcome.NOT_ASSESSED,
        "post.maintenance.deployment.changelog": Outcome.NOT_ASSESSED,
    },
    touches={"git", "forge"},
    mend=lambda lab: lab.vm.shell("runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0"),
)
def unpublished(lab: Lab) -> None:
    """The commit is on no branch and in no tag of the remote."""
    lab.vm.shell(
        "cd /opt/zebu && runuser -u deploy -- git -c user.name=operations -c user.email=operations@zebu.test commit -q --allow-empty -m 'Hotfix on the machine'"
    )


@fault(
    "deploy.initial.git-deployed",
    flips={
        "deploy.initial.git-deployed",
        "deploy.initial.images-built",
        "pre.application.quality.tests",
        "pre.application.quality.linters",
        "pre.application.quality.types",
        "pre.application.quality.reviewed",
        "pre.database.integrity.migrations-staged",
        "post.maintenance.updates.staging",
        "post.maintenance.deployment.changelog",
    },
    outcomes={
        "pre.application.quality.tests": Outcome.NOT_ASSESSED,
        "pre.application.quality.linters": Outcome.NOT_ASSESSED,
        "pre.application.quality.types": Outcome.NOT_ASSESSED,
        "pre.application.quality.reviewed": Outcome.NOT_ASSESSED,
        "pre.database.integrity.migrations-staged": Outcome.NOT_ASSESSED,
        "post.maintenance.updates.staging": Outcome.NOT_ASSESSED,
    },
    touches={"git", "forge"},
    mend=lambda lab: lab.vm.shell(
        "cd /opt/zebu && runuser -u deploy -- git checkout -q v1.2.0 && runuser -u deploy -- git tag -d v1.2.1 >/dev/null"
    ),
)
def tagged_here(lab: Lab) -> None:
    """A correction was committed and tagged on the machine, and never pushed."""
    lab.vm.shell(
        "cd /opt/zebu; g() { runuser -u deploy -- git -c user.name=operations -c user.email=operations@zebu.test \"$@\"; }; g commit -q --allow-empty -m 'Hotfix on the machine' && g tag v1.2.1"
    )


LOSE = b"""
cd /opt/zebu
git() { command git -c safe.directory=/opt/zebu "$@"; }
blob=$(git rev-parse HEAD:README.md)
file=.git/objects/$(echo $blob | cut -c1-2)/$(echo $blob | cut -c3-)
if [ ! -e $file ]; then
  mkdir /root/packs && mv .git/objects/pack/*.pack /root/packs/
  for pack in /root/packs/*.pack; do git unpack-objects -q < $pack; done
  rm -r /root/packs; rm -f .git/objects/pack/*.idx .git/objects/pack/*.rev
  chown -R deploy: .git
fi
echo $file > /root/lost.name
mv $file /root/lost.object
"""


@fault(
    "deploy.initial.git-deployed",
    flips={"deploy.initial.git-deployed", "pre.security.secrets.not-committed"},
    outcomes={"pre.security.secrets.not-committed": Outcome.NOT_ASSESSED},
    touches={"git"},
    mend=lambda lab: lab.vm.shell("cd /opt/zebu && mv /root/lost.object $(cat /root/lost.name) && rm /root/lost.name"),
)
def without_objects(lab: Lab) -> None:
    """`.git` was copied without a part of its objects."""
    lab.vm.run(["sh", "-eu", "-s"], stdin=LOSE)


@fault(
    "deploy.initial.health-api",
    flips={"deploy.initial.health-api", "deploy.backend.api", "pre.infrastructure.reverse-proxy"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def other_body(lab: Lab) -> None:
    """200, and another body."""
    before_api(lab, 'location = /health { default_type application/json; return 200 \'{"status":"starting"}\'; }')


@fault(
    "deploy.initial.health-api",
    flips={"deploy.initial.health-api", "deploy.backend.api", "pre.infrastructure.reverse-proxy"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def of_the_site(lab: Lab) -> None:
    """The API's health leads to the site's, which never asks the backend."""
    before_api(lab, "location = /health { return 301 https://zebu.test/health; }")


@fault(
    "deploy.initial.health-api",
    flips=set(),
    right_for={"deploy.initial.health-api", "pre.infrastructure.reverse-proxy"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def with_a_slash(lab: Lab) -> None:
    """Odd but right: the API's health is behind a slash more, to which the address leads."""
    before_api(
        lab,
        "location = /health { return 308 https://$host/health/; } location = /health/ { rewrite ^ /health break; proxy_pass http://10.77.0.10:8000; }",
    )


@fault(
    "deploy.initial.health-api",
    flips={
        "pre.application.environment.cors-complete",
        "deploy.backend.cors-headers",
        "deploy.network.api-subdomain",
    },
    outcomes={
        "pre.application.environment.cors-complete": Outcome.NOT_APPLICABLE,
        "deploy.backend.cors-headers": Outcome.NOT_APPLICABLE,
        "deploy.network.api-subdomain": Outcome.NOT_APPLICABLE,
    },
    right_for={
        "deploy.initial.health-api",
        "deploy.backend.api",
        "deploy.backend.authentication",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    touches={"domains", "proxy-certificates", "proxy-site", "proxy-api"},
    apart_from={"deploy.backend.docs"},
    # Under the site, the paths of the description belong to the single page: they are hidden.
    settings=(
        ('api = "api.zebu.test"\n', 'api = "same-origin"\n'),
        ('docs = "public"\n', 'docs = "hidden"\n'),
    ),
)
def same_origin(lab: Lab) -> None:
    """Odd but right: the API is served under the site."""


@fault(
    "deploy.initial.health-site",
    flips={"deploy.initial.health-site"},
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def fallback(lab: Lab) -> None:
    """The single page answers /health too: 200, and HTML."""
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location = /health { rewrite ^ / break; proxy_pass http://10.77.0.10:80; } location / { proxy_pass http://10.77.0.10:80; }|",
    )


@fault(
    "deploy.initial.health-site",
    flips={"deploy.initial.health-site"},
    outcomes={"deploy.initial.health-site": Outcome.NOT_APPLICABLE},
    settings=(("[application]\n", "[application]\nhealth_exposed = false\n"),),
)
def not_exposed(lab: Lab) -> None:
    """Odd but right: the site's health is not meant to be asked."""


@fault(
    "deploy.initial.images-built",
    flips={"post.maintenance.updates.images"},
    right_for={"deploy.initial.images-built"},
    touches={"backend", "backend-files", "backend-restart"},
    mend=restore_backend_image,
)
def old_but_the_same(lab: Lab) -> None:
    """Odd but right: the image is older than the last change and tells no revision; its files are the tree's all the same."""
    age_backend_image(lab)
    recreate(lab, "backend")


@fault(
    "deploy.initial.images-built",
    flips={"deploy.initial.images-built", "post.maintenance.updates.images"},
    touches={"backend", "backend-files", "backend-restart"},
    mend=restore_backend_image,
)
def old_files(lab: Lab) -> None:
    """The image is of before the last change: it has another file than the tree, and tells no revision."""
    age_backend_image(lab)
    recreate(lab, "backend")
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sh -c 'echo \"# as it was\" >> /app/zebu/ledger.py'")


def mend_another_image(lab: Lab) -> None:
    lab.vm.shell("docker tag zebu/frontend:kept zebu/frontend:1.2.0; docker rmi zebu/frontend:kept >/dev/null")
    recreate(lab, "frontend")
    lab.vm.shell("docker image prune -f >/dev/null")
    lab.write_states(("proxmox",))


@fault(
    "deploy.initial.images-built",
    flips={"deploy.initial.images-built"},
    # Made now, the image would make the deployment younger than the snapshot that was taken after it.
    touches={"frontend", "proxmox"},
    mend=mend_another_image,
)
def older_image(lab: Lab) -> None:
    """The image was built from the release before."""
    lab.vm.shell(
        "docker tag zebu/frontend:1.2.0 zebu/frontend:kept; printf 'FROM zebu/frontend:kept\\nLABEL org.opencontainers.image.revision=1111111111111111111111111111111111111111\\n' | DOCKER_BUILDKIT=0 docker build -q -t zebu/frontend:1.2.0 - >/dev/null"
    )
    recreate(lab, "frontend")
    lab.write_states(("proxmox",))


@fault(
    "deploy.initial.images-built",
    flips=set(),
    touches={"frontend", "proxmox"},
    mend=mend_another_image,
)
def without_label(lab: Lab) -> None:
    """Odd but right: the image tells no revision, and is younger than what it was built from."""
    lab.vm.shell(
        "docker tag zebu/frontend:1.2.0 zebu/frontend:kept; printf 'FROM zebu/frontend:kept\\nLABEL org.opencontainers.image.revision=unknown\\n' | DOCKER_BUILDKIT=0 docker build -q -t zebu/frontend:1.2.0 - >/dev/null"
    )
    recreate(lab, "frontend")
    lab.write_states(("proxmox",))


@fault(
    "deploy.initial.services-healthy",
    flips=set(),
    right_for={"deploy.initial.services-healthy", "deploy.database.running"},
    touches={"other-project"},
    mend=lambda lab: lab.vm.shell("docker rm -f other-db-1 >/dev/null"),
)
def another_project(lab: Lab) -> None:
    """Odd but right: a database of another project on the same machine is down."""
    lab.vm.shell(
        "docker run -d --name other-db-1 --network none --label com.docker.compose.project=other --label com.docker.compose.service=db zebu-lab/redis:7-busybox false >/dev/null"
    )
    state = "docker inspect -f '{{.State.Status}}' other-db-1"
    until("the other database has ended", lambda: lab.vm.shell(state), lambda said: said == "exited", seconds=30)


SAMPLES = {"deploy.performance.cpu", "deploy.performance.memory"}
"""Of every service that is meant to run."""
UNSEEN_WITHOUT_BACKEND = SAMPLES | {
    "pre.security.secrets.postgres-password",
    "pre.security.secrets.defaults-changed",
    "pre.security.application.cors-restricted",
    "pre.security.application.app-debug",
    "pre.security.application.sql-injection",
    "pre.database.configuration.password",
    "pre.database.configuration.pooling",
    "pre.database.configuration.max-connections",
    "pre.database.backups.rollback-documented",
    "deploy.backend.docs",
    "deploy.database.migrations",
    "deploy.database.pool",
    "deploy.redis.reachable",
}
UNSEEN_WITHOUT_FRONTEND = SAMPLES | {
    "pre.infrastructure.reverse-proxy",
    "pre.application.environment.api-base-url",
    "deploy.frontend.https",
    "deploy.network.no-mixed-content",
}
UNSEEN_WITHOUT_DATABASE = SAMPLES | {
    "pre.security.secrets.postgres-password",
    "pre.security.secrets.defaults-changed",
    "pre.database.configuration.production-mode",
    "pre.database.configuration.password",
    "pre.database.configuration.least-privilege",
    "pre.database.configuration.pooling",
    "pre.database.configuration.max-connections",
    "pre.database.backups.rollback-documented",
    "pre.database.integrity.foreign-keys",
    "pre.database.integrity.indexes",
    "pre.database.integrity.autovacuum",
    "deploy.database.migrations",
    "deploy.database.pool",
}


def mend_paused(lab: Lab) -> None:
    lab.vm.shell("docker unpause zebu-redis-1")
    lab.wait_for_application()


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        "deploy.redis.running",
        "deploy.redis.reachable",
        "deploy.redis.cache",
    },
    outcomes={"deploy.redis.cache": Outcome.NOT_ASSESSED},
    touches={"redis", "backend"},
    settles={"redis": "paused"},
    mend=mend_paused,
)
def paused(lab: Lab) -> None:
    """A service that is there and does nothing."""
    lab.vm.shell("docker pause zebu-redis-1")


def mend_stopped(lab: Lab) -> None:
    lab.vm.shell("docker start zebu-redis-1")
    lab.wait_for_application()


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        "deploy.redis.running",
        "deploy.redis.reachable",
        "deploy.redis.cache",
        "deploy.performance.cpu",
        "deploy.performance.memory",
    },
    outcomes={
        "deploy.redis.cache": Outcome.NOT_ASSESSED,
        "deploy.performance.cpu": Outcome.NOT_ASSESSED,
        "deploy.performance.memory": Outcome.NOT_ASSESSED,
    },
    touches={"redis", "backend"},
    settles={"redis": "exited"},
    mend=mend_stopped,
)
def stopped(lab: Lab) -> None:
    """One service is down."""
    lab.vm.shell("docker stop zebu-redis-1")


def mend_backend_stopped(lab: Lab) -> None:
    lab.vm.shell("docker start zebu-backend-1")
    lab.wait_for_application()
    lab.read_portfolios()  # the last that users saw of it was an error


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        *UNSEEN_WITHOUT_BACKEND,
        "pre.infrastructure.reverse-proxy",
        "pre.application.environment.api-base-url",
        "pre.application.environment.cors-complete",
        "pre.application.functionality.authentication",
        "deploy.initial.health-api",
        "deploy.frontend.console-clean",
        "deploy.backend.api",
        "deploy.backend.cors-headers",
        "deploy.backend.authentication",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    outcomes=dict.fromkeys(UNSEEN_WITHOUT_BACKEND, Outcome.NOT_ASSESSED),
    touches={"backend", "backend-files", "backend-restart", "proxy-api", "proxy-site", "redis", "postgres"},
    settles={"backend": "exited"},
    mend=mend_backend_stopped,
)
def backend_stopped(lab: Lab) -> None:
    """The backend is down: the proxy has nobody to ask, and nobody can be asked on the machine either."""
    lab.vm.shell("docker stop zebu-backend-1")


def mend_frontend_stopped(lab: Lab) -> None:
    lab.vm.shell("docker start zebu-frontend-1")
    lab.wait_for_application()


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        *UNSEEN_WITHOUT_FRONTEND,
        "deploy.initial.health-site",
        "deploy.frontend.console-clean",
        "deploy.frontend.assets",
        "deploy.frontend.mobile",
        "deploy.network.www",
        "deploy.performance.page-load",
    },
    outcomes=dict.fromkeys(UNSEEN_WITHOUT_FRONTEND, Outcome.NOT_ASSESSED),
    touches={"frontend", "index", "proxy-site", "proxy-www", "http2"},
    settles={"frontend": "exited"},
    mend=mend_frontend_stopped,
)
def frontend_stopped(lab: Lab) -> None:
    """The frontend is down: pages are the proxy's errors."""
    lab.vm.shell("docker stop zebu-frontend-1")


def mend_database_stopped(lab: Lab) -> None:
    lab.vm.shell("docker start zebu-db-1")
    lab.wait_for_application()
    lab.read_portfolios()


@fault(
    "deploy.initial.services-healthy",
    flips={
        "deploy.initial.services-healthy",
        *UNSEEN_WITHOUT_DATABASE,
        "pre.application.functionality.authentication",
        "deploy.backend.authentication",
        "deploy.database.running",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    outcomes=dict.fromkeys(UNSEEN_WITHOUT_DATABASE, Outcome.NOT_ASSESSED),
    touches={
        "postgres", "backend", "backend-files", "backend-restart", "dumps", "alembic", "postgres-password", "postgres-rows", "role", "tables",
        "transactions",
    },
    settles={"db": "exited"},
    mend=mend_database_stopped,
)  # fmt: skip
def database_stopped(lab: Lab) -> None:
    """The database is down; the backend runs, and its health stays green."""
    lab.vm.shell("docker stop zebu-db-1")


@fault(
    "deploy.initial.ssh",
    flips={"pre.security.firewall.required-ports-only"},
    right_for={"deploy.initial.ssh"},
    touches={"sshd", "iptables", "port"},
    settings=(('user = "deploy"\n', 'user = "deploy"\nport = 2222\n'),),
    mend=lambda lab: reload_sshd(
        lab, "rm /etc/ssh/sshd_config.d/05-port.conf; ufw delete allow 2222/tcp >/dev/null", restart=True
    ),
)
def another_port(lab: Lab) -> None:
    """Odd but right: ssh answers on another port as well, and that is the one that is declared."""
    reload_sshd(
        lab,
        "printf 'Port 22\\nPort 2222\\n' > /etc/ssh/sshd_config.d/05-port.conf; ufw allow 2222/tcp >/dev/null",
        restart=True,
    )


@fault(
    "deploy.initial.ssh",
    flips={"deploy.initial.ssh", "post.maintenance.capacity.baseline", "ops.monthly.restore-test"},
    outcomes={"post.maintenance.capacity.baseline": Outcome.ATTESTED, "ops.monthly.restore-test": Outcome.ATTESTED},
    touches={"history"},
    settings=(
        ('user = "deploy"', 'user = "nobody-there"'),
        ("/history.sqlite3", "/fault-history.sqlite3"),
    ),
    blinds="without ssh",
    mend=forget,
)
def refused(lab: Lab) -> None:
    """The key is refused: then nothing on the machine can be seen, and no earlier run saw it."""
