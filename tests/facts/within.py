"""Programs of probes, run as they are within a container: by the one that runs them there, as far.pl asks it to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_zebu.facts import scripts
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import WITHIN, Probe

HEAD = re.compile(rb"([\w.-]+) (\d+) (\d+) (\d+) (\d+)\n")


def said_within(
    *probes: Probe,
    programs: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    python: Path = Path(sys.executable),
    seconds: int = 60,
    **values: str,
) -> dict[str, Said]:
    """What each said, in the order in which they ended; a value that a probe is not told it does not get."""
    parts = []

    def put(key: str, text: str) -> None:
        parts.append(f"{key} {len(text.encode())}\n".encode() + text.encode())

    for probe in probes:
        put("name", probe.name)
        put("limit", str(probe.limit))
        given = {f"ZEBU_{name}": text for name, text in probe.environment.items()} | values
        for name in probe.told:
            if name in given:
                put("value", f"{name}={given[name]}")
        put("program", probe.program)
    for number, program in enumerate(programs):
        put("name", f"p{number}")
        put("limit", "1000")
        put("program", program)
    done = subprocess.run(
        [python, "-I", "-S", "-c", scripts.text(WITHIN), str(seconds)],
        input=b"".join(parts), env={"PATH": os.environ["PATH"], **(environment or {})}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    found, left = {}, done.stdout
    while left:
        match = HEAD.match(left)
        assert match is not None, left
        status, _, out, err = map(int, match.groups()[1:])
        texts = left[match.end() : match.end() + out + err].decode()
        found[match[1].decode()] = Said(status, texts[:out], texts[out:])
        left = left[match.end() + out + err :]
    return found
