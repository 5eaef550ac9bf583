"""What watches dependencies: bots that raise something, audits that a schedule starts and that fail by what they find."""

from __future__ import annotations

import json
import time

import pytest

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.workflows import _COMMAND, Audit, audits, covered_by_dependabot, covered_by_renovate, scheduled

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


@pytest.mark.parametrize(("text", "why"), [
    ("version: 2\nmulti-ecosystem-groups:\n  all:\n    schedule: {interval: weekly}\nupdates: [{package-ecosystem: pip, directory: /, patterns: ['*'], multi-ecosystem-group: all}]\n", ""),
    ("version: 2\nmulti-ecosystem-groups: {all: {}}\nupdates: [{package-ecosystem: pip, directory: /, multi-ecosystem-group: all}]\n", "opens no pull requests"),
    ("version: 2\nmulti-ecosystem-groups: all\nupdates: [{package-ecosystem: pip, directory: /, multi-ecosystem-group: all}]\n", "opens no pull requests"),
    (f"version: 2\nupdates: [{ROW[:-1]}, ignore: [{{dependency-name: '*'}}]}}]\n", "ignores all"),
    (f"version: 2\nupdates: [{ROW[:-1]}, ignore: [{{dependency-name: '*', update-types: [version-update:semver-major]}}]}}]\n", ""),
])  # fmt: skip
def test_schedules_of_groups_and_rows_that_ignore_all(text: str, why: str) -> None:
    found = covered_by_dependabot(".github/dependabot.yml", text)
    assert found is not None
    assert why in found if why else not found


@pytest.mark.parametrize(("rules", "why"), [
    ('[{"matchPackageNames": ["*"], "enabled": false}]', "switches all off"), ('[{"matchPackagePatterns": ["*"], "enabled": false}]', "switches all off"),
    ('[{"matchPackageNames": ["*"], "enabled": false}], "vulnerabilityAlerts": {"enabled": true}', ""), ('[{"matchManagers": ["npm"], "enabled": false}]', ""),
    ('[{"matchPackageNames": ["*"], "matchUpdateTypes": ["major"], "enabled": false}]', ""), ('[{"matchPackageNames": ["*"], "enabled": false}, {"matchManagers": ["uv"], "enabled": true}]', ""),
    ('["a"]', ""), ('"a"', ""),
])  # fmt: skip
def test_rules_of_renovate_that_leave_nothing(rules: str, why: str) -> None:
    found = covered_by_renovate("renovate.json", f'{{"packageRules": {rules}}}')
    assert found is not None
    assert why in found if why else not found


@pytest.mark.parametrize(("command", "is_gate"), [
    ("uvx pip-audit@latest -r requirements.txt", True), ("npx --yes audit-ci@^7 --high", True), ("pipx run pip-audit==2.7.3", True), ("safety --key $KEY scan", True),
    ("docker run --rm ghcr.io/google/osv-scanner:latest scan -r /src", True), ("npm audit --json | tee audit.json", False), ("npm audit | tee a || exit 1", False), ("uv export | uvx pip-audit -r /dev/stdin", True),
    ("set -o pipefail; npm audit | tee a", True), ("npm audit || { echo failed; exit 1; }", True),
    ("yarn --cwd frontend audit", True), ("docker run --rm -v $PWD:/s aquasec/trivy:0.50.0 --quiet fs --exit-code 1 /s", True), ("pipenv check", True),
    ("python -m pip install pip-audit && pip-audit || true", False), ("poetry add --group dev pip-audit; poetry run pip-audit", True), ("which pip-audit || pip install pip-audit; pip-audit", True),
    ("pip-audit || STATUS=$?", False), ("npm audit --audit-level=none", False), ("npm audit --audit-level=low", True), ("if pip-audit; then echo fine; else echo bad; fi", False), ("if ! pip-audit; then exit 1; fi", True), ("pip-audit && echo fine || echo bad", False),
])  # fmt: skip
def test_commands_with_versions_and_in_pipes(command: str, is_gate: bool) -> None:
    found, unread = audits({FILE: workflow(f"run: |\n          {command}")})
    assert [(one.is_scheduled, one.is_gate) for one in found] == [(True, is_gate)]
    assert not unread


@pytest.mark.parametrize("install", [
    "python -m pip install pip-audit", "sudo pip3 install pip-audit", "poetry add --group dev pip-audit", "uv add --dev pip-audit", "brew install pip-audit", "command -v pip-audit", "pip-audit --version", "pip-audit --dry-run",
])  # fmt: skip
def test_to_install_an_audit_is_none(install: str) -> None:
    assert audits({FILE: workflow(f"run: |\n          {install}")}) == ((), ())
    (one,) = audits({FILE: workflow(f"run: |\n          {install}\n          pip-audit || true")})[0]
    assert not one.is_gate


@pytest.mark.parametrize("step", [
    "uses: anchore/scan-action@v4\n        with: {fail-build: false}", "uses: pypa/gh-action-pip-audit@v1\n        with: {internal-be-careful-allow-failure: true}",
])  # fmt: skip
def test_an_action_may_be_told_to_fail_by_nothing(step: str) -> None:
    (one,) = audits({FILE: workflow(step)})[0]
    assert not one.is_gate
    (one,) = audits({FILE: workflow(step.partition("\n")[0])})[0]
    assert one.is_gate
    called = "jobs:\n  a:\n    uses: google/osv-scanner-action/.github/workflows/osv-scanner-reusable.yml@v2\n"
    (one,) = audits({FILE: f"{ON_BOTH}{called}    with: {{fail-on-vuln: false}}\n"})[0]
    assert not one.is_gate


def test_what_goes_on_and_on_is_read_in_time() -> None:
    for tail in ("--a " * 600, "--a b " * 400):
        assert audits({FILE: workflow(f"run: safety {tail}")}) == ((), ())


def test_a_script_may_go_on_and_a_shell_may_not() -> None:
    (one,) = audits({FILE: workflow("run: |\n          set +e\n          npm audit\n          echo done")})[0]
    assert not one.is_gate
    (one,) = audits({FILE: workflow("run: npm audit | tee a\n        shell: bash")})[0]
    assert one.is_gate
    (one,) = audits(
        {".gitlab-ci.yml": "audit:\n  rules: [{if: $CI_PIPELINE_SOURCE == 'schedule'}]\n  script: npm audit | tee a\n"}
    )[0]
    assert one.is_gate


@pytest.mark.parametrize(("condition", "is_scheduled"), [
    ("github.event_name == 'schedule' || github.event_name == 'workflow_dispatch'", True), ("always() && github.event_name != 'pull_request'", True), ("github.event_name == 'push' || github.event_name == 'pull_request'", False),
    ("github.repository == 'a/b' && github.event_name == 'schedule'", None), ("github.repository == 'a/b' && github.event_name == 'push'", False), ("github.repository == 'a/b' || github.event_name == 'schedule'", True),
    ("(github.event_name == 'push' || true) && false", None),
])  # fmt: skip
def test_conditions_of_several_parts(condition: str, is_scheduled: bool | None) -> None:
    found, _ = audits({FILE: workflow("run: npm audit", job=f"    if: {condition}\n")})
    assert [one.is_scheduled for one in found] == [is_scheduled]


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "part", ["npm -a ", "npm -a b ", "uv -a=b ", "yarn -a ", "trivy -a ", "safety --a b ", "/npm ", "|| ", "; "]
)
def test_a_line_of_endless_options_ends(part: str) -> None:
    """Each program could be followed by all that comes: with every further one the rest would be read again."""
    start = time.process_time()
    assert not _COMMAND.search(part * (150_000 // len(part)))
    assert time.process_time() - start < 60
