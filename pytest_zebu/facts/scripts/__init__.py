"""The scripts of the probes, as files.

`NAME.sh` for POSIX sh, `NAME.pl` for Perl with what perl-base has, `NAME.sql` for psql, `NAME.python` for the Python of a container. Each begins with what it tells, and how. `git.sh`, `psql.sh` and `json.pl` are shared parts of others.
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """The text of a file."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def joined(*names: str) -> str:
    """The texts of files, one behind the other."""
    return "\n".join(map(text, names))
