"""What watches dependencies: bots that raise something, audits that a schedule starts and that fail by what they find."""

from __future__ import annotations

import json

import pytest

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.workflows import Audit, audits, covered_by_dependabot, covered_by_renovate, scheduled

ROW = "{package-ecosystem: pip, directory: /, schedule: {interval: weekly}}"


@pytest.mark.parametrize(("text", "why"), [
    (f"version: 2\nupdates: [{ROW}]\n", ""), ("version: 2\nupdates:\n  - 'package-ecosystem': 'npm'\n    directories: ['/a', '/b']\n    schedule:\n      interval: daily\n", ""),
    ("version: 2\nupdates:\n#  - package-ecosystem: pip\n#    schedule: {interval: weekly}\n", "lists no updates"), ("version: 2\nupdates: []\n", "lists no updates"),
    ("version: 2\nupdates: [{package-ecosystem: github-actions, schedule: {interval: weekly}}]", "about github-actions only"), ("version: 2\nupdates: [{package-ecosystem: pip, open-pull-requests-limit: 0, schedule: {interval: weekly}}]", "opens no pull requests"),
    ("version: 2\nupdates: [{package-ecosystem: pip}]\n", "opens no pull requests"), (f"version: 1\nupdates: [{ROW}]\n", "another version"), ("# nothing\n", "is empty"), ("- a\n", "no configuration"),
])  # fmt: skip
def test_what_dependabot_raises(text: str, why: str) -> None:
    found = covered_by_dependabot(".github/dependabot.yml", text)
    assert found is not None
    assert why in found if why else not found


@pytest.mark.parametrize(("file", "text", "why"), [
    ("renovate.json", '{"extends": ["config:recommended"]}', ""), ("renovate.json", "{}", ""), ("renovate.json", '{"enabled": false}', "switched off"), ("renovate.json", '{"packageRules": [{"enabled": false}], "enabled": true}', ""),
    ("renovate.json5", "// ours\n{\n\t// enabled: false,\n\textends: ['config:base'], /* no */\n\tschedule: ['* 0-4 * * 1'],\n}\n", ""), ("renovate.json5", "{ 'url': 'https://host/a', enabled: false, }", "switched off"),
    ("renovate.json", '{"enabledManagers": ["github-actions"]}', "about github-actions only"), ("renovate.json", '{"enabledManagers": ["pep621", "npm"]}', ""), ("renovate.json", "[]", "no configuration"), ("renovate.json", '{"extends": [":disableRenovate"]}', "switched off"), ("renovate.json", '{"extends": [":disableRenovate"], "enabled": true}', ""),
    ("package.json", '{"renovate": {"extends": ["config:base"]}}', ""), ("package.json", '{"renovate": {"enabled": false}}', "switched off"), ("package.json", '{"name": "zebu"}', None), ("package.json", "{", None),
])  # fmt: skip
def test_what_renovate_raises(file: str, text: str, why: str | None) -> None:
    found = covered_by_renovate(file, text)
    if why:
        assert why in (found or "")
    else:
        assert found == why


@pytest.mark.parametrize("text", ["a: [", "\t- :", "[" * 5000])
def test_what_is_not_understood_is_not_none(text: str) -> None:
    with pytest.raises(Garbled):
        covered_by_dependabot(".github/dependabot.yml", text)
    with pytest.raises(Garbled):
        covered_by_renovate("renovate.json5", text)
    assert audits({".github/workflows/a.yml": text}) == ((), (".github/workflows/a.yml is not understood",))


FILE = ".github/workflows/ci.yml"
ON_BOTH = "on:\n  push:\n  schedule:\n    - cron: '0 6 * * 1'\n"


def workflow(step: str, on: str = ON_BOTH, job: str = "") -> str:
    return f"{on}jobs:\n  audit:\n    runs-on: ubuntu-latest\n{job}    steps:\n      - {step}\n"


@pytest.mark.parametrize(("text", "is_scheduled", "is_gate"), [
    (workflow("run: pip-audit"), True, True), (workflow("run: uv run pip-audit -r requirements.txt"), True, True), (workflow("run: cd frontend && npm audit --omit=dev"), True, True), (workflow("run: npm --prefix frontend audit"), True, True),
    (workflow("run: yarn npm audit"), True, True), (workflow("run: python -m pip_audit"), True, True), (workflow("uses: pypa/gh-action-pip-audit@v1.1.0"), True, True), (workflow("run: osv-scanner scan -r ."), True, True),
    (workflow("run: pip-audit", "on: push\n"), False, True), (workflow("run: pip-audit", "on: [push, pull_request]\n"), False, True), (workflow("run: pip-audit", "on:\n  push:\n#  schedule:\n#    - cron: '0 6 * * 1'\n"), False, True),
    (workflow("run: pip-audit", "on:\n  schedule: []\n  push:\n"), False, True), (workflow("run: pip-audit", "'on':\n  schedule:\n    - cron: '0 6 * * 1'\n"), True, True),
    (workflow("run: pip-audit || true"), True, False), (workflow("run: npm audit || echo found"), True, False), (workflow("run: pip-audit\n        continue-on-error: true"), True, False), (workflow("run: pip-audit", job="    continue-on-error: true\n"), True, False),
    (workflow("run: trivy fs ."), True, False), (workflow("run: trivy fs --exit-code 1 ."), True, True), (workflow("uses: aquasecurity/trivy-action@0.28.0"), True, False), (workflow("uses: aquasecurity/trivy-action@0.28.0\n        with: {exit-code: '1'}"), True, True),
    (workflow("run: pip-audit", job="    if: github.event_name == 'schedule'\n"), True, True), (workflow("run: pip-audit", job="    if: ${{ github.event_name != 'schedule' }}\n"), False, True), (workflow("run: pip-audit", job="    if: github.event_name == 'push'\n"), False, True),
    (workflow("run: pip-audit\n        if: github.repository_owner == 'zebu'"), None, True), (workflow("run: |\n          pip-audit \\\n            --strict\n"), True, True), (workflow("run: |\n          npm audit || true\n          pip-audit\n"), True, True),
])  # fmt: skip
def test_what_audits(text: str, is_scheduled: bool | None, is_gate: bool) -> None:
    found, unread = audits({FILE: text})
    assert (found, unread) == ((Audit(f"{FILE}, audit", is_scheduled, is_gate),), ())
    assert bool(scheduled(found)) is (is_scheduled is True and is_gate)


@pytest.mark.parametrize("text", [
    workflow("run: echo 'pip-audit'"), workflow("run: pip install pip-audit"), workflow("name: npm audit\n        run: task test"), workflow("run: |\n          # pip-audit\n          pytest\n"), workflow("run: npm audit signatures"),
    workflow("run: ./pip-audit-report"), workflow("uses: actions/checkout@v4"), workflow("run: pip-audit", "on: workflow_call\n"), workflow("run: pip-audit", "on:\n  schedule:\n    - cron: '0 6 * * 1'\n", "    if: false\n"),
    "jobs: 7\non: push\n", "on: push\njobs: {a: 7, b: {steps: [7]}}\n", "- a\n", "",
])  # fmt: skip
def test_what_only_names_an_audit_is_none(text: str) -> None:
    assert audits({FILE: text}) == ((), ())


def test_a_workflow_that_is_called_runs_when_its_caller_does() -> None:
    called = workflow("run: pip-audit", "on: workflow_call\n")
    caller = f"{ON_BOTH}jobs:\n  checks:\n    uses: ./.github/workflows/audit.yml\n"
    found, _ = audits({FILE: caller, ".github/workflows/audit.yml": called})
    assert found == (Audit(f"{FILE}, checks", True, True),)
    turning = f"{ON_BOTH}jobs:\n  checks:\n    uses: ./{FILE}\n"
    assert audits({FILE: turning}) == ((), ())


@pytest.mark.parametrize(("job", "is_scheduled", "is_gate"), [
    ("script: [pip-audit]", False, True), ("script: pip-audit\n  only: [schedules]", True, True), ("script: [npm ci, npm audit]\n  rules: [{if: '$CI_PIPELINE_SOURCE == \"schedule\"'}]", True, True), ("script: [pip-audit]\n  allow_failure: true", False, False),
])  # fmt: skip
def test_what_gitlab_audits(job: str, is_scheduled: bool, is_gate: bool) -> None:
    found, _ = audits({".gitlab-ci.yml": f"image: python\naudit:\n  {job}\ntest:\n  script: [pytest]\n"})
    assert found == (Audit(".gitlab-ci.yml, audit", is_scheduled, is_gate),)


@pytest.mark.parametrize(
    "line",
    ["npm" + " -a" * 50_000, "npm" + " --a=b" * 50_000, ";" * 100_000 + "/" * 100_000, "|| " * 50_000, "'" * 100_001],
)
def test_no_line_takes_long(line: str) -> None:
    assert audits({FILE: workflow(f"run: {json.dumps(line)}")}) == ((), ())


@pytest.mark.parametrize("text", ["/*" * 100_000, '"\\"' * 100_000, "//" * 100_000, "{" * 100_000])
def test_no_configuration_takes_long(text: str) -> None:
    with pytest.raises(Garbled):
        covered_by_renovate("renovate.json5", f"{{ {text}")
