"""Where the source of an application is kept: by the address that its checkout was fetched from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_zebu.discovery.found import Found, Seen, Unseen

_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@\s]+@)?(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?/|(?:[^/@:\s]+@)?(?P<alias>[A-Za-z0-9.-]+):(?!/))"
    r"(?P<path>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)
GITHUB = "github.com"
RIGHTS = (
    "a fine-grained token of GitHub for this one repository, with read access to Actions, Commit statuses, Contents, Deployments and Pull "
    "requests (a private one: docs/how-to/forge.md), alone in this file, mode 0600"
)


def forge(remote: str) -> Iterator[Seen]:
    """`[forge]`: the repository and, where it is not GitHub's own, its API; and the token that nobody can see."""
    found = _REMOTE.fullmatch(remote)
    host = (found["host"] or found["alias"]).lower() if found else ""
    if found is None or "." not in host:  # an alias of somebody's ssh configuration names no forge
        yield Unseen("forge.repository", '"owner/name"', "the checkout names no forge that it was fetched from")
        return
    yield Found("forge.repository", found["path"], "`origin` of the deployed checkout")
    if host != GITHUB and host != f"www.{GITHUB}" and host != f"ssh.{GITHUB}":
        doubt = "only GitHub's REST API is spoken: GitHub Enterprise has it there, GitLab and Gitea have not"
        yield Found("forge.api", f"https://{host}/api/v3", "`origin` of the deployed checkout", doubt)
    yield Unseen("forge.token_file", '"keys/forge.secret"', RIGHTS)
