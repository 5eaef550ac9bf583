"""Files by which a forge watches dependencies: Dependabot's, Renovate's, and workflows that audit. YAML's own parser reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.plainyaml import BROKEN, documents

LANGUAGES = frozenset({"pip", "uv", "npm", "bun", "conda"})
"""The ecosystems of Dependabot's that are about what the application is made of."""
_COMMAND = re.compile(
    r"(?:^|[\s;&|(])(?:\S{0,200}/)?(?:pip-audit|(?:npm|pnpm|bun|uv)(?:\s+-[^\s=]+(?:=\S*| [^\s-]\S*)?){0,20}\s+audit(?!\s+(?:fix|signatures))|yarn(?:\s+-[^\s=]+(?:=\S*| [^\s-]\S*)?){0,20}\s+(?:npm\s+)?audit|pipenv\s+(?:check|audit|scan)"
    r"|osv-scanner|trivy(?::[\w.-]+)?(?:\s+-[^\s=]+(?:=\S*)?){0,20}\s+(?:fs|filesystem|repo|repository|rootfs|image)|grype|safety(?:\s+-[\w-]+(?:[= ][^\s-]\S*)?){0,20}\s+(?:check|scan)|snyk\s+test"
    r"|audit-ci|better-npm-audit)(?:(?:@|==|:)[\w.^~<>=*-]+)?(?=$|[\s;&|)])"
)
"""Programs that ask about known vulnerabilities, as commands."""
_MODULE = re.compile(r"\bpython[0-9.]*\s+-m\s+(?:pip_audit|safety)\b")
_USED = re.compile(
    r"(?:pypa/gh-action-pip-audit|google/osv-scanner-action|aquasecurity/trivy-action|anchore/scan-action|snyk/actions|pyupio/safety-action"
    r"|renovatebot/github-action)(?:[/@]|$)",
    re.I,
)
_SWALLOWED = re.compile(
    r"\|\|\s*(?:true\b|:(?:\s|$)|echo\b|exit\s+0\b|\w+=)|;\s*(?:true|exit\s+0)\s*$|--exit-code[ =]0\b|--exit-zero\b|--audit-level[ =]none\b"
)
LONGEST = 2_000
"""So much of a command is looked at."""
DEPTH = 4
"""So deep workflows call each other."""


class Audit(Struct, frozen=True):
    """What asks about known vulnerabilities.

    Attributes:
        where: file and job.
        is_scheduled: a schedule starts it; nothing where a condition that is not understood decides.
        is_gate: the job fails by it.
    """

    where: str
    is_scheduled: bool | None
    is_gate: bool


def _parsed(file: str, text: str) -> Any:
    try:
        return next(iter(documents(text)), None)
    except BROKEN:
        raise Garbled(f"{file} is not understood") from None


# Bots


def covered_by_dependabot(file: str, text: str) -> str | None:
    """Why Dependabot raises nothing by this; empty if it does.

    Raises:
        Garbled: it is not understood.
    """
    found = _parsed(file, text)
    if not isinstance(found, dict):
        return "it is empty" if not found else "it is no configuration"
    if found.get("version") != "2":
        return "it is of another version than 2"
    rows = [row for row in _rows(found.get("updates")) if isinstance(row, dict)]
    live = [row for row in rows if str(row.get("open-pull-requests-limit", "")).strip() != "0"]
    groups = found.get("multi-ecosystem-groups")
    timed = (
        {name for name, one in groups.items() if isinstance(one, dict) and one.get("schedule")}
        if isinstance(groups, dict)
        else set()
    )
    planned = [row for row in live if row.get("schedule") or row.get("multi-ecosystem-group") in timed]
    if planned and all(map(_ignores_all, planned)):
        return "it ignores all updates"
    kinds = {str(row.get("package-ecosystem")) for row in planned if not _ignores_all(row)}
    if kinds & LANGUAGES:
        return ""
    if kinds:
        return f"it is about {', '.join(sorted(kinds))} only"
    return "it opens no pull requests" if rows else "it lists no updates"


def _ignores_all(row: Mapping[str, Any]) -> bool:
    return any(
        isinstance(one, dict) and {key: value for key, value in one.items() if value} == {"dependency-name": "*"}
        for one in _rows(row.get("ignore"))
    )


def covered_by_renovate(file: str, text: str) -> str | None:
    """Why Renovate raises nothing by this; empty if it does, nothing if it says nothing of it.

    Raises:
        Garbled: it is not understood.
    """
    is_manifest = file.rpartition("/")[2] == "package.json"
    try:
        found = plainjson.loads(text)
    except (ValueError, RecursionError):
        if is_manifest:
            return None
        found = _parsed(file, _without_comments(text))
    if is_manifest:
        found = found.get("renovate") if isinstance(found, dict) else None
        if found is None:
            return None
    if not isinstance(found, dict):
        return "it is no configuration"
    is_off = any(str(one).endswith(":disableRenovate") for one in _rows(found.get("extends")))
    if str(found.get("enabled", not is_off)).lower() == "false":
        return "it is switched off"
    alerts = found.get("vulnerabilityAlerts")
    told_of = isinstance(alerts, dict) and str(alerts.get("enabled", "")).lower() == "true"
    if not told_of and any(map(_switches_all_off, _rows(found.get("packageRules"))[-1:])):
        return "its last rule switches all off"
    managers = found.get("enabledManagers")
    if isinstance(managers, list) and not any(str(one).lower() in _MANAGERS for one in managers):
        return f"it is about {', '.join(map(str, managers[:5])) or 'nothing'} only"
    return ""


def _switches_all_off(rule: Any) -> bool:
    if not isinstance(rule, dict) or str(rule.get("enabled", "")).lower() != "false":
        return False
    conditions = [(key, value) for key, value in rule.items() if key.startswith(("match", "exclude"))]
    return bool(conditions) and all(
        key in ("matchPackageNames", "matchPackagePatterns") and _rows(value) in (["*"], ["**"], [".*"]) for key, value in conditions
    )  # fmt: skip


_MANAGERS = frozenset(
    {
        "npm",
        "bun",
        "pip_requirements",
        "pip_setup",
        "pip-compile",
        "pipenv",
        "poetry",
        "pep621",
        "pep723",
        "setup-cfg",
        "uv",
    }
)
_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\])*(?:'|\Z))|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|//[^\n]*""", re.DOTALL
)
"""Texts, and comments; what is not closed goes on to the end."""


def _without_comments(text: str) -> str:
    """JSON5 without its comments and tabs: what is left is YAML."""
    return _COMMENT.sub(lambda found: found[1] or " ", text).replace("\t", " ")


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# Workflows


def audits(files: Mapping[str, str]) -> tuple[tuple[Audit, ...], tuple[str, ...]]:
    """What asks about known vulnerabilities, and the files that are not understood."""
    parsed: dict[str, Any] = {}
    unread = []
    for file, text in files.items():
        try:
            parsed[file] = _parsed(file, text)
        except Garbled as error:
            unread.append(str(error))
    found: list[Audit] = []
    for file, workflow in parsed.items():
        if isinstance(workflow, dict):
            found += _of_gitlab(file, workflow) if file == ".gitlab-ci.yml" else _of_workflow(file, workflow, parsed)
    return tuple(found), tuple(unread)


def _starts(workflow: Mapping[str, Any]) -> set[str]:
    events = workflow.get("on")
    if isinstance(events, str):
        return {events}
    names = {str(event) for event in events} if isinstance(events, list | dict) else set()
    crons = _rows(events.get("schedule")) if isinstance(events, dict) else []
    has_time = any(isinstance(one, dict) and one.get("cron") for one in crons)
    return names if has_time else names - {"schedule"}


def _of_workflow(file: str, workflow: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[Audit]:
    starts = _starts(workflow)
    if starts <= {"workflow_call"}:
        return  # It runs where it is called.
    for where, condition, is_gate in _jobs(file, workflow, others, DEPTH):
        runs = _by_schedule(condition) if "schedule" in starts else False
        if runs is not False or starts - {"schedule"}:
            yield Audit(where, runs, is_gate)


def _jobs(
    file: str, workflow: Mapping[str, Any], others: Mapping[str, Any], depth: int
) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Each step that audits: where, under which conditions, and whether its job fails by it."""
    jobs = workflow.get("jobs")
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        if not isinstance(job, dict):
            continue
        at, fails = f"{file}, {name}", str(job.get("continue-on-error", "")).lower() != "true"
        used = str(job.get("uses", ""))
        called = others.get(used.removeprefix("./"))
        if isinstance(called, dict) and depth:
            for _, conditions, is_gate in _jobs(used, called, others, depth - 1):
                yield at, (str(job.get("if", "")), *conditions), is_gate and fails
        elif _USED.match(used):
            yield at, (str(job.get("if", "")),), fails and _may_fail(job)
        for step in _rows(job.get("steps")):
            if isinstance(step, dict) and (fails_by_it := _asks(step)) is not None:
                yield at, (str(job.get("if", "")), str(step.get("if", ""))), fails_by_it and fails


def _given(step: Mapping[str, Any], key: str) -> str:
    """What an action is told; empty where it is not."""
    words = step.get("with")
    return str(words.get(key, "")).strip().lower() if isinstance(words, dict) else ""


def _may_fail(step: Mapping[str, Any]) -> bool:
    """Whether an action is not told to fail by nothing that it finds."""
    return (
        "false" not in (_given(step, "fail-build"), _given(step, "fail-on-vuln"))
        and _given(step, "internal-be-careful-allow-failure") != "true"
    )


def _asks(step: Mapping[str, Any]) -> bool | None:
    """Whether a step that audits fails by it; nothing if it does not audit."""
    fails = str(step.get("continue-on-error", "")).lower() != "true"
    if _USED.match(str(step.get("uses", ""))):
        code = _given(step, "exit-code")
        # Trivy's action finds, and fails by nothing, unless it is told to.
        return fails and (code not in ("", "0") if "trivy" in str(step.get("uses", "")).lower() else _may_fail(step))
    script = str(step.get("run", ""))
    # Without a shell that is named, GitHub's has no pipefail.
    has_pipefail = str(step.get("shell", "")).strip() == "bash" or "pipefail" in script + str(step.get("shell", ""))
    gates = _gates([script], has_pipefail)
    return fails and any(gates) if gates else None


def _gates(scripts: Iterable[str], has_pipefail: bool = True) -> list[bool]:
    """Of each command that audits, whether it fails by what it finds."""
    found = []
    for script in scripts:
        goes_on = False
        for line in _commands(script):
            goes_on = goes_on or re.match(r"set\s+\+e\b", line) is not None
            said = _audits(line, has_pipefail)
            if said and _ASKED_AFTER.match(line):
                # What stands in a condition ends no script: it must do so itself.
                said = _ENDS.search(script) is not None
            if said is not None:
                found.append(said and not goes_on)
    return found


def _commands(script: str) -> Iterator[str]:
    """The lines of a script, without comments; those that go on are one."""
    for line in re.sub(r"\\\n", " ", script).split("\n"):
        if plain := re.sub(r"(?:^|\s)#.*", "", line).strip():
            yield plain[:LONGEST]


_ASKS_NOTHING = re.compile(
    r"((?:^|&&|\|\||;)\s*)(?:(?:sudo\s+)?(?:(?:python[0-9.]*\s+-m\s+)?pip3?\s+install|pipx\s+install"
    r"|uv\s+(?:(?:tool|pip)\s+install|add)|(?:npm|pnpm|yarn|bun)\s+(?:install|i|add|global\s+add)"
    r"|(?:poetry|pdm)\s+(?:self\s+)?add|pipenv\s+install|(?:brew|apt|apt-get|apk|dnf)\s+(?:-\S+\s+)*(?:install|add)"
    r"|echo|printf|which|type|command\s+-v|hash)\b[^&|;]*|[^&|;]*\s(?:--version|--help)\b[^&|;]*|[^&|;]*\bpip-audit\s[^&|;]*--dry-run\b[^&|;]*)"
)
"""Commands that only install an audit, look for it, or speak of it."""
_ASKED_AFTER = re.compile(r"(?:if|elif|while|until)\s")
_ENDS = re.compile(r"\bexit\s+(?:[1-9]|\"?\$)|(?:^|[;&|\s])false\s*(?:;|$)", re.MULTILINE)
_PIPED = re.compile(r"(?<!\|)\|(?![|])")


def _audits(line: str, has_pipefail: bool) -> bool | None:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", line)
    bare = _ASKS_NOTHING.sub(r"\1:", bare)
    if not (_COMMAND.search(bare) or _MODULE.search(bare)):
        return None
    # These find, and fail by nothing, unless they are told to.
    if re.search(r"\b(?:trivy|grype)\b", bare) and not re.search(r"--exit-code[ =][1-9]|--fail-on\b|\s-f\s", bare):
        return False
    last = next((part for part in re.split(r"&&|;|\|\|", bare) if _COMMAND.search(part) or _MODULE.search(part)), bare)
    after = _PIPED.split(last)[-1]
    is_last = has_pipefail or _COMMAND.search(after) is not None or _MODULE.search(after) is not None
    return is_last and not _SWALLOWED.search(bare)


def _by_schedule(conditions: tuple[str, ...]) -> bool | None:
    """Whether a schedule starts what stands under conditions; nothing where that is not understood."""
    found = []
    for condition in conditions:
        plain = re.sub(r"\s+", "", condition.strip().removeprefix("${{").removesuffix("}}")).replace('"', "'")
        any_of = [_all_of(map(_holds, part.split("&&"))) for part in plain.split("||")]
        found.append(
            None if re.search(r"\((?!\))", plain) else True if True in any_of else None if None in any_of else False
        )
    return _all_of(found)


def _all_of(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def _holds(plain: str) -> bool | None:
    if plain in ("", "always()", "success()", "!cancelled()", "true"):
        return True
    event = re.fullmatch(r"github\.event_name(==|!=)'(\w+)'", plain)
    if event:
        return (event[2] == "schedule") is (event[1] == "==")
    return False if plain == "false" else None


def _of_gitlab(file: str, pipeline: Mapping[str, Any]) -> Iterator[Audit]:
    """Its schedules stand with the project, not in the file: a job that only schedules start has one."""
    for name, job in pipeline.items():
        if not isinstance(job, dict):
            continue
        gates = _gates(_flat(job.get("script")))
        if not gates:
            continue
        words = " ".join(_flat([job.get("only"), job.get("rules")]))
        by_schedule = bool(re.search(r"(?:^|\s)schedules(?:\s|$)|CI_PIPELINE_SOURCE\s*==\s*[\"']schedule[\"']", words))
        fails = str(job.get("allow_failure", "")).lower() != "true"
        yield Audit(f"{file}, {name}", by_schedule, fails and any(gates))


def _flat(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for one in value for text in _flat(one)]
        case dict():
            return [text for one in value.values() for text in _flat(one)]
        case _:
            return []


def scheduled(found: tuple[Audit, ...]) -> tuple[Audit, ...]:
    """Those that a schedule starts, and that fail."""
    return tuple(one for one in found if one.is_scheduled and one.is_gate)
