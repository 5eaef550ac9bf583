"""The documents that the real project has by the hundred: notes of agents, and plans. Always the same text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

DOCUMENTS: Final = 450
NOTES: Final = 332
FIRST_DAY: Final = date(2026, 1, 2)
PACKAGES: Final = ("vite", "react-router", "tailwindcss", "vitest", "eslint", "typescript", "zod", "tanstack-query")
FEATURES: Final = ("portfolio chart", "order form", "ticker search", "history filter", "balance card", "watch list")


def _upgrade(number: int, day: date) -> str:
    package = PACKAGES[number % len(PACKAGES)]
    version = f"{number % 7 + 1}.{number % 10}.{number % 4}"
    return f"""# Task {number:03}: upgrade {package} to {version}

**Agent**: frontend-swe
**Date**: {day}

## Goal

Move {package} to {version} without changing what users see.

## Steps

```bash
# in the frontend folder
npm install {package}@{version}
npm run build
npm test
```

## Rollback

If the build breaks, go back to the old version:

```bash
git checkout package.json package-lock.json
npm ci
```

## Result

Build and tests are green. The bundle grew by {number % 9} kB.
"""


def _feature(number: int, day: date) -> str:
    feature = FEATURES[number % len(FEATURES)]
    return f"""# Task {number:03}: {feature}

**Agent**: backend-swe
**Date**: {day}

## Goal

The {feature} shows what the API gives, and an empty state where there is nothing.

## Steps

```bash
$ uv run pytest -k {feature.replace(" ", "_")}
12 passed
$ task quality:frontend
```

## Result

Done in {number % 5 + 1} commits. Open: the {feature} does not follow changes of the window's size.
"""


def _plan(number: int, day: date) -> str:
    feature = FEATURES[number % len(FEATURES)]
    return f"""# Plan {number:03}: a better {feature}

Written on {day}. What users asked for, in their words: the {feature} should be quicker, and say when it was last renewed.

- Phase {number % 3 + 1}: the data is loaded in the background
- Phase {number % 3 + 2}: what is shown can be sorted
"""


def generated(written: int) -> Iterator[tuple[str, str]]:
    """Path and text of each document that makes up the number, beside those that were written by hand."""
    for number in range(NOTES):
        day = FIRST_DAY + timedelta(days=number // 3)
        text = _upgrade(number, day) if number % 2 == 0 else _feature(number, day)
        yield f"agent_docs/progress/{day}_task-{number:03}.md", text
    for number in range(DOCUMENTS - NOTES - written):
        yield f"docs/planning/plan-{number:03}.md", _plan(number, FIRST_DAY + timedelta(days=number))


def write(tree: Path) -> None:
    """Write them into a tree that has the others."""
    for path, text in generated(len(list(tree.rglob("*.md")))):
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
