"""Which known vulnerabilities the installed versions have: pip-audit for Python, the npm registry's bulk advisories.

https://github.com/pypa/pip-audit, https://google.github.io/osv.dev/get-v1-vulns/,
https://docs.npmjs.com/cli/commands/npm-audit#bulk-advisory-endpoint
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from semantic_version import NpmSpec, Version

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.gather.client import Client
from pytest_zebu.settings import Settings

SECONDS = 60
REQUEST_SECONDS = 5
IDENTIFIER = re.compile(r"^[A-Za-z0-9-]{3,60}$")


Places = Mapping[str, Sequence[Sequence[str]]]
"""Names and versions of packages, by where they are."""


def ask_advisories(settings: Settings, python: Places, npm: Places) -> Any:
    """Findings by place: which package, which version, which advisory, how severe."""
    trust = settings.trust(settings.advisories.ca_file)
    answers = _python(settings.advisories.osv, {_pair(one) for packages in python.values() for one in packages}, trust)
    found: dict[str, Any] = {}
    for place, packages in python.items():
        if isinstance(answers, Unknown):
            found[place] = answers
        else:
            found[place] = [row for one in packages for row in answers.get(_pair(one), ())]
    for place, packages in npm.items():
        found[place] = _npm(settings.advisories.npm, [_pair(one) for one in packages], trust)
    return found


Pair = tuple[str, str]


def _pair(one: Sequence[str]) -> Pair:
    name, version = one
    return name, version


def _python(osv: str, pairs: Iterable[Pair], trust: str) -> dict[Pair, list[dict[str, Any]]] | Unknown:
    """What is known of each name and version. The running image and its lock file often say the same: it is asked once."""
    rounds: list[dict[str, str]] = []
    for name, version in sorted(pairs):
        # One list of requirements can have a name once only.
        free = next((packages for packages in rounds if name not in packages), None)
        if free is None:
            rounds.append(free := {})
        free[name] = version
    if not rounds:
        return Unknown(Reason.MISSING, "no package with a version is named")
    found: dict[Pair, list[dict[str, Any]]] = {}
    for packages in rounds:
        rows = _pip_audit(osv, packages, trust)
        if isinstance(rows, Unknown):
            return rows
        for row in rows:
            found.setdefault((row["package"], row["version"]), []).append(row)
    return found


def _pip_audit(osv: str, packages: Mapping[str, str], trust: str) -> list[dict[str, Any]] | Unknown:
    with tempfile.TemporaryDirectory(prefix="zebu-audit-") as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{name}=={version}\n" for name, version in packages.items()))
        command = [
            sys.executable, "-m", "pip_audit", "--requirement", str(file), "--no-deps", "--disable-pip", "--strict",
            "--vulnerability-service", "osv", "--osv-url", f"{osv}/v1/query", "--format", "json", "--desc", "off",
            "--progress-spinner", "off", "--timeout", str(REQUEST_SECONDS),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
                env={**os.environ, "REQUESTS_CA_BUNDLE": trust}, cwd=folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Unknown(Reason.TIMED_OUT, f"pip-audit after {SECONDS} s")
    try:
        rows = [
            {"package": row["name"], "version": row["version"], "id": str(one["id"]), "aliases": list(one["aliases"])}
            for row in json.loads(done.stdout)["dependencies"]
            for one in row["vulns"]
        ]
    except (ValueError, KeyError, TypeError):
        words = plain_text(done.stderr).strip().splitlines() or [f"exit status {done.returncode}"]
        return Unknown(Reason.UNREACHABLE, f"pip-audit: {words[-1][:200]}")
    return [{**row, "severity": _severity(osv, row["id"], trust)} for row in rows]


def _severity(osv: str, identifier: str, trust: str) -> str:
    """An advisory's severity in the words of GitHub's advisories; empty where the record says none."""
    if not IDENTIFIER.match(identifier):
        return ""
    try:
        with Client(trust) as client:
            said = client.get(f"{osv}/v1/vulns/{identifier}", timeout=REQUEST_SECONDS).json()
        return str(said.get("database_specific", {}).get("severity", "")).lower()
    except (requests.RequestException, ValueError, AttributeError):
        return ""


def _is_within(version: str, versions: str) -> bool | None:
    """Whether a version is within a range; nothing where one of the two is not understood."""
    try:
        return Version(version) in NpmSpec(versions)
    except ValueError:
        return None


def _npm(registry: str, packages: Sequence[Pair], trust: str) -> Any:
    versions: dict[str, list[str]] = {}
    for name, version in packages:
        versions.setdefault(name, []).append(version)
    try:
        with Client(trust) as client:
            answer = client.post(
                f"{registry}/-/npm/v1/security/advisories/bulk",
                json=versions,
                timeout=REQUEST_SECONDS,
            )
        if answer.status_code != 200:
            return Unknown(Reason.UNDECIDABLE, f"npm advisories: status {answer.status_code}")
        said = answer.json()
        found, odd = [], []
        for name, advisories in said.items():
            for one in advisories:
                identifier = str(one.get("url") or one["id"]).rsplit("/", 1)[-1]
                row = {"id": identifier, "aliases": [], "severity": str(one["severity"]).lower()}
                for version in versions[name]:
                    is_hit = _is_within(version, one["vulnerable_versions"])
                    if is_hit is None:
                        odd.append(f"{name} {version}: {identifier}")
                    elif is_hit:
                        found.append({"package": name, "version": version, **row})
        if odd and not found:
            return Unknown(Reason.UNDECIDABLE, f"whether {plain_text(odd[0])[:120]} is about it cannot be told")
        return found
    except requests.RequestException as error:
        return Unknown(Reason.UNREACHABLE, f"npm advisories: {type(error).__name__}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unknown(Reason.GARBLED, "npm advisories have another shape than known")
