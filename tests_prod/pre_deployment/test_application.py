"""Pre-Deployment / Application."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.repository import Repository

RESTARTING = ("unless-stopped", "always")


@item("pre.application.docker.restart-policy")
def test_services_come_back(containers: Containers, case: Cases) -> None:
    """After a crash or a reboot nobody should have to start the services by hand.

    Fix: `restart: unless-stopped` on every service of docker-compose.prod.yml, then `docker compose up -d`.
    See: https://docs.docker.com/engine/containers/start-containers-automatically/
    """
    for container in containers.services:
        with case(container.label, f"restart policy {container.restart_policy}"):
            assert container.restart_policy in RESTARTING, f"has restart policy {container.restart_policy}"


@item("pre.application.quality.tagged-release")
def test_a_release_is_deployed(repository: Repository, case: Cases) -> None:
    """What runs must be something that can be named, and built again.

    Fix: check out the newest release tag (`git checkout v1.2.3`) with a clean tree, and deploy that.
    See: https://semver.org
    """
    releases = [tag for tag in repository.tags_at_head if tag.version]
    newest = repository.newest_release
    with case(
        "tag", f"{repository.head[:12]} is {', '.join(tag.name for tag in repository.tags_at_head) or 'not tagged'}"
    ):
        assert releases, "the deployed commit is no tagged release"
    with case("newest", f"newest release is {newest.name if newest else 'none'}"):
        if releases and newest:
            assert newest.commit == repository.head, f"{newest.name} is newer than {releases[0].name}"
    with case("tree", *repository.changes[:5]):
        assert not repository.changes, f"the tree differs from the commit in {len(repository.changes)} files"
