"""Pre-Deployment / Application / Code Quality."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.repository import Repository


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
