"""Which browser is started: the one that is declared, or what of the same build does the same with less."""

from __future__ import annotations

import shutil

SHELL = "-headless-shell"
"""How the name of a browser ends that has no windows: Debian puts `chromium-headless-shell` beside `chromium`.

It starts, and opens a page, for two thirds of the processor's time.
"""


def started_for(declared: str) -> tuple[str, ...]:
    """The browsers that may be started for a declared one, the cheapest first; none where there is none.

    What lies beside a program is as trusted as that is. Whoever declares a browser of another name has just that one.

    Args:
        declared: a path, or a name that is looked for as commands are.
    """
    names = [declared] if declared.endswith(SHELL) else [declared + SHELL, declared]
    return tuple(found for name in names if (found := shutil.which(name)) is not None)
