"""Which browser is started: the one that is declared; else the usual one, or what of its build does the same with less."""

from __future__ import annotations

import shutil

SHELL = "-headless-shell"
"""How the name of a browser ends that has no windows: Debian puts `chromium-headless-shell` beside `chromium`.

It starts, and opens a page, for half of the processor's time.
"""


def started_for(executable: str, *, is_declared: bool = False) -> tuple[str, ...]:
    """The browsers that may be started, the cheapest first; none where there is none.

    What lies beside a program is as trusted as that is.

    Args:
        executable: a path, or a name that is looked for as commands are.
        is_declared: somebody wants this one, and no other.
    """
    names = [executable] if is_declared else [executable + SHELL, executable]
    return tuple(found for name in names if (found := shutil.which(name)) is not None)
