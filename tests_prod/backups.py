"""What checks of backups have in common."""

from __future__ import annotations

import re
from datetime import timedelta

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.backups import Backups, Repository
from pytest_zebu.facts.dumps import is_about_the_dump
from pytest_zebu.facts.trials import Drill


def expect_saved(repositories: tuple[Repository, ...], backups: Backups, longest: timedelta) -> None:
    """Of what a tool keeps its own way: it has a backup of this database's server that is young enough.

    Raises:
        NotAssessed: what it has, its files do not tell.
    """
    saved = [one for repository in repositories for one in repository.saved]
    mine = [one for one in saved if one.cluster and one.cluster == backups.cluster]
    if not mine:
        others = bool(saved and backups.cluster) and all(one.cluster for one in saved)
        assert not others, "has backups of another server only"
        tools = ", ".join(sorted({repository.tool for repository in repositories}))
        raise NotAssessed(f"a repository of {tools}: that this database is in it is not seen from its files")
    done = [one.made for one in mine if one.state == "done" and one.made is not None]
    assert done, f"no backup in it has ended well: {mine[-1].name} {mine[-1].state}"
    age = backups.now - max(done)
    assert age <= longest, f"the newest backup in it is {age.days} days and {age.seconds // 3600} hours old"


LACKING = re.compile(
    r"extension \"[^\"]*\" is not available|could not open extension control file|could not access file \"|"
    r"must be (?:pre)?loaded (?:via|with|by)? ?shared_preload_libraries|must be preloaded"
)
"""What PostgreSQL says of an extension that only the running container was given."""


def need_readable(drill: Drill) -> None:
    """The database's own program can read such dumps.

    Raises:
        NotAssessed: it is too old, built otherwise, or lacks an extension.
    """
    if drill.status != 0 and drill.complaint.startswith("pg_restore:") and not is_about_the_dump(drill.complaint):
        raise NotAssessed(f"the database's pg_restore does not read such dumps: {drill.complaint}")
    if drill.status != 0 and LACKING.search(drill.complaint):
        raise NotAssessed(f"the database's image lacks what the dump needs: {drill.complaint}")
