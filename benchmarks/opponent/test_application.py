"""The application: containers, what it answers, its checkout, its settings, its database, its dumps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

CONTAINERS = ("zebu-frontend-1", "zebu-backend-1", "zebu-db-1", "zebu-redis-1")
SECRETS = ("POSTGRES_PASSWORD", "APP_DB_PASSWORD", "SECRET_KEY")
TABLES = ("api_keys", "job_executions", "portfolios", "price_history", "strategies", "transactions")
GIT = "git -c safe.directory=/opt/zebu -C /opt/zebu"


def inspect(host: Host, name: str) -> dict[str, Any]:
    (found,) = json.loads(host.check_output("docker inspect %s", name))
    return dict(found)


def sql(host: Host, query: str) -> str:
    return str(host.check_output("docker exec zebu-db-1 psql -XAtq -U zebu_admin -d zebu -c %s", query))


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_is_running(host: Host, name: str) -> None:
    assert host.docker(name).is_running


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_is_healthy(host: Host, name: str) -> None:
    assert host.check_output("docker inspect --format '{{.State.Health.Status}}' %s", name) == "healthy"


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_comes_back(host: Host, name: str) -> None:
    assert inspect(host, name)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_is_limited(host: Host, name: str) -> None:
    assert inspect(host, name)["HostConfig"]["Memory"] > 0


def test_backend_is_not_root(host: Host) -> None:
    assert host.check_output("docker exec zebu-backend-1 id -un") == "appuser"


def test_backend_is_no_debugger(host: Host) -> None:
    assert host.check_output("docker exec zebu-backend-1 printenv APP_DEBUG") == "false"


def test_backend_is_in_production(host: Host) -> None:
    assert host.check_output("docker exec zebu-backend-1 printenv APP_ENV") == "production"


def test_cache_answers(host: Host) -> None:
    assert host.check_output("docker exec zebu-redis-1 redis-cli ping") == "PONG"


def test_frontend_is_configured(host: Host) -> None:
    assert host.run("docker exec zebu-frontend-1 nginx -t").succeeded


def test_backend_is_well(host: Host) -> None:
    assert json.loads(host.check_output("curl -fsS http://127.0.0.1:8000/health")) == {"status": "healthy"}


def test_frontend_answers(host: Host) -> None:
    assert "<html" in host.check_output("curl -fsS http://127.0.0.1/")


def test_api_wants_a_key(host: Host) -> None:
    asked = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/api/v1/portfolios"
    assert host.run(asked).stdout in ("401", "403")


def test_images_are_tagged(host: Host) -> None:
    names = host.check_output("docker ps --format '{{.Image}}'").split()
    assert all(":" in name and not name.endswith(":latest") for name in names)


@pytest.mark.parametrize("name", ["zebu_postgres_data", "zebu_redis_data"])
def test_volume_is_there(host: Host, name: str) -> None:
    assert host.run("docker volume inspect %s", name).succeeded


def test_network_is_there(host: Host) -> None:
    assert host.run("docker network inspect zebu_default").succeeded


def test_docker_rotates_logs(host: Host) -> None:
    assert json.loads(host.file("/etc/docker/daemon.json").content_string)["log-opts"]["max-file"] == "3"


def test_compose_is_valid(host: Host) -> None:
    files = "-f /opt/zebu/docker-compose.yml -f /opt/zebu/docker-compose.prod.yml"
    assert host.run(f"docker compose --project-directory /opt/zebu {files} config --quiet").succeeded


def test_checkout_is_clean(host: Host) -> None:
    assert host.check_output(f"{GIT} status --porcelain") == ""


def test_checkout_is_a_release(host: Host) -> None:
    assert host.check_output(f"{GIT} describe --tags --exact-match").startswith("v")


def test_settings_are_not_in_git(host: Host) -> None:
    assert host.run(f"{GIT} ls-files --error-unmatch .env").failed


@pytest.mark.parametrize("key", SECRETS)
def test_secret_is_long_enough(host: Host, key: str) -> None:
    assert int(host.check_output(f"sed -n s/^{key}=//p /opt/zebu/.env | tr -d '\\n' | wc -c")) >= 12


def test_no_placeholder_is_left(host: Host) -> None:
    assert not host.file("/opt/zebu/.env").contains("^[A-Z_]*=.*CHANGE_ME")


def test_database_is_ready(host: Host) -> None:
    assert host.run("docker exec zebu-db-1 pg_isready -q -U zebu_admin").succeeded


@pytest.mark.parametrize("name", TABLES)
def test_table_is_there(host: Host, name: str) -> None:
    assert sql(host, f"SELECT to_regclass('public.{name}')") == name


def test_application_is_no_superuser(host: Host) -> None:
    assert sql(host, "SELECT rolsuper FROM pg_roles WHERE rolname = 'zebu_app'") == "f"


def test_schema_has_one_revision(host: Host) -> None:
    assert sql(host, "SELECT count(*) FROM alembic_version") == "1"


@pytest.mark.parametrize(
    ("key", "value"), [("fsync", "on"), ("password_encryption", "scram-sha-256"), ("full_page_writes", "on")]
)
def test_database_is_set(host: Host, key: str, value: str) -> None:
    assert sql(host, f"SHOW {key}") == value


def test_database_has_connections_left(host: Host) -> None:
    assert int(sql(host, "SELECT count(*) FROM pg_stat_activity")) < int(sql(host, "SHOW max_connections")) * 0.8


def test_every_table_has_a_key(host: Host) -> None:
    query = (
        "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"
    )
    assert sql(host, query) == "0"


def test_dump_is_recent(host: Host) -> None:
    assert host.check_output("find /var/backups/zebu -name 'zebu-*.dump' -mtime -2 -size +1k")


def test_dumps_are_kept(host: Host) -> None:
    assert len(host.file("/var/backups/zebu").listdir()) >= 3


def test_dumps_are_nobody_elses(host: Host) -> None:
    assert host.check_output("find /var/backups/zebu -name 'zebu-*.dump' -perm /077") == ""
