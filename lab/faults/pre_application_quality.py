"""Faults of pre.application.quality."""

from collections.abc import Callable
from typing import Any

from lab.changes import OVERRIDE, change_check, known, recreate
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.application.quality.linters",
    name="failed",
    flips={"pre.application.quality.linters"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def linters_failed(lab: Lab) -> None:
    """The linter failed on the deployed commit."""
    change_check(lab, "backend-lint", conclusion="failure")


def change_reviews(lab: Lab, change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
    """Let the forge say something else of each review."""
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "reviews": {
                number: [one for old in found for one in change(old)] for number, found in state["reviews"].items()
            },
        },
    )


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def by_a_bot(lab: Lab) -> None:
    """A workflow approved the change: no person has looked at it."""
    bot = {"login": "github-actions[bot]", "type": "Bot"}
    change_reviews(lab, lambda review: [{**review, "user": bot}])


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def changed_since(lab: Lab) -> None:
    """What was approved is an earlier state: a commit came after it."""
    early = "e" * 40
    change_reviews(lab, lambda review: [{**review, "commit_id": early}])
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "pull_commits": {
                number: [{**found[0], "sha": early}, *found] for number, found in state["pull_commits"].items()
            },
        },
    )


@fault(
    "pre.application.quality.reviewed",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def brought_up_to_date(lab: Lab) -> None:
    """Odd but right: a bot approved as well, and another objects; since a person approved, only the base was merged in."""
    early = "e" * 40
    bots = [{"user": {"login": f"{name}[bot]", "type": "Bot"}, "state": state} for name, state in
            (("renovate-approve", "APPROVED"), ("zebu-reviewer", "CHANGES_REQUESTED"))]  # fmt: skip
    change_reviews(lab, lambda review: [{**review, "commit_id": early}, *({**review, **bot} for bot in bots)])
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "pull_commits": {
                number: [{**found[0], "sha": early}, {**found[0], "parents": [{}, {}]}]
                for number, found in state["pull_commits"].items()
            },
        },
    )


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def nobody(lab: Lab) -> None:
    """Nobody approved the change."""
    lab.change_state("forge", lambda state: {**state, "reviews": {}})


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def objected(lab: Lab) -> None:
    """One approved, another asks for changes."""
    security = {"user": {"login": "security", "type": "User"}, "state": "CHANGES_REQUESTED"}
    change_reviews(lab, lambda review: [review, {**review, **security}])


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    outcomes={"pre.application.quality.reviewed": Outcome.NOT_ASSESSED},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def pushed(lab: Lab) -> None:
    """No pull request brought the commit: whether somebody looked is not known."""
    lab.change_state("forge", lambda state: {**state, "pulls": []})


@fault(
    "pre.application.quality.reviewed",
    flips={"pre.application.quality.reviewed"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def self_approved(lab: Lab) -> None:
    """Who wrote the change approved it."""
    change_reviews(lab, lambda review: [{**review, "user": {"login": "development", "type": "User"}}])


@fault(
    "pre.application.quality.tagged-release",
    flips={"pre.application.quality.tagged-release", "deploy.initial.git-deployed"},
    mend=lambda lab: lab.vm.shell("runuser -u deploy -- git -C /opt/zebu checkout -q -- README.md"),
)
def dirty_tree(lab: Lab) -> None:
    """Somebody edited a file on the machine."""
    lab.vm.shell("echo hotfix >> /opt/zebu/README.md")


@fault(
    "pre.application.quality.tagged-release",
    flips=set(),
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu config --unset core.fsmonitor; if [ -e /tmp/fsmonitor-ran ]; then rm /tmp/fsmonitor-ran; exit 1; fi"
    ),
)
def hostile_fsmonitor(lab: Lab) -> None:
    """Odd but right: the checkout names a program for git to run. It must not run, so nothing flips."""
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu config core.fsmonitor 'touch /tmp/fsmonitor-ran; false'")


@fault(
    "pre.application.quality.tagged-release",
    flips={
        "pre.application.quality.tagged-release",
        "deploy.initial.images-built",
        "post.maintenance.deployment.changelog",
        "post.maintenance.updates.staging",
    },
    outcomes={"post.maintenance.updates.staging": Outcome.NOT_ASSESSED},
    # the forge knows another commit
    touches={"git", "CHANGELOG.md", "forge"},
    mend=lambda lab: lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu tag -d latest; runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0"
    ),
)
def moving_tag(lab: Lab) -> None:
    """The commit has a tag, but one that moves."""
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0~1; runuser -u deploy -- git -C /opt/zebu tag latest"
    )


@fault(
    "pre.application.quality.tagged-release",
    flips=set(),
    mend=lambda lab: lab.vm.shell("runuser -u deploy -- git -C /opt/zebu tag -d v1.3.0-rc.1"),
)
def prerelease_exists(lab: Lab) -> None:
    """Odd but right: a newer pre-release is tagged, and not deployed."""
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu tag v1.3.0-rc.1 origin/main")


@fault(
    "pre.application.quality.tests",
    flips={"pre.application.quality.tests", "pre.application.quality.linters", "pre.application.quality.types"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def another_commit(lab: Lab) -> None:
    """The newest commit is green; what is deployed is one that the forge has not checked."""
    lab.change_state("forge", lambda state: {**state, "check_runs": {**state["check_runs"], state["commits"][0]: []}})


@fault(
    "pre.application.quality.tests",
    name="failed",
    flips={"pre.application.quality.tests"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def tests_failed(lab: Lab) -> None:
    """The tests failed on the deployed commit."""
    change_check(lab, "backend-tests", conclusion="failure")


@fault(
    "pre.application.quality.tests",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def skipped_unchanged(lab: Lab) -> None:
    """Odd but right: skipped, since nothing changed there; the commit before has run them on the same files."""
    change_check(lab, "frontend-tests", conclusion="skipped")


def repeat(lab: Lab, name: str, *others: dict[str, Any]) -> None:
    """Let the forge have later runs like one of the deployed commit, each with fields otherwise."""

    def changed(state: dict[str, Any]) -> dict[str, Any]:
        commit = state["commits"][0]
        runs = state["check_runs"][commit]
        (old,) = (run for run in runs if run["name"] == name)
        more = [{**old, "id": old["id"] + 100 * number, **other} for number, other in enumerate(others, 1)]
        return {**state, "check_runs": {**state["check_runs"], commit: [*runs, *more]}}

    lab.change_state("forge", changed)


def of_one_workflow(state: dict[str, Any], *suites: int) -> dict[str, Any]:
    """Of which each of these suites is a run."""
    runs = [
        {"id": suite, "head_sha": state["commits"][0], "check_suite_id": suite, "workflow_id": 1} for suite in suites
    ]
    return {**state, "workflow_runs": runs}


@fault(
    "pre.application.quality.tests",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def run_again(lab: Lab) -> None:
    """Odd but right: they failed, and succeeded when the workflow was started again, in a suite of its own."""
    change_check(lab, "backend-tests", conclusion="failure", check_suite={"id": 701})
    repeat(lab, "backend-tests", {"conclusion": "success", "check_suite": {"id": 702}})
    lab.change_state("forge", lambda state: of_one_workflow(state, 701, 702))


@fault(
    "pre.application.quality.tests",
    flips={"pre.application.quality.tests"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def one_of_the_matrix(lab: Lab) -> None:
    """They ran with several versions, and failed with one of them."""
    change_check(lab, "backend-tests", name="backend-tests (3.11)")
    repeat(lab, "backend-tests (3.11)", {"name": "backend-tests (3.12)", "conclusion": "failure"})


@fault(
    "pre.application.quality.tests",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def for_pull_requests_only(lab: Lab) -> None:
    """Odd but right: CI runs for pull requests only; what was merged has the very files of the last commit of its own."""
    lab.change_state("forge", moved_to_its_pull_request)


def moved_to_its_pull_request(state: dict[str, Any]) -> dict[str, Any]:
    commit, head = state["commits"][0], "e" * 40
    (number,) = (str(pull["number"]) for pull in state["pulls"] if pull["merge_commit_sha"] == commit)
    ran = [{**run, "head_sha": head} for run in state["check_runs"][commit]]
    return {
        **state,
        "commits": [*state["commits"], head],
        "check_runs": {**state["check_runs"], commit: [], head: ran},
        "trees": {**state["trees"], head: state["trees"][commit]},
        "pulls": [
            {**pull, "head": {"ref": "change", "sha": head}} if pull["merge_commit_sha"] == commit else pull
            for pull in state["pulls"]
        ],
        "reviews": {**state["reviews"], number: [{**one, "commit_id": head} for one in state["reviews"][number]]},
        "pull_commits": {
            **state["pull_commits"],
            number: [{**one, "sha": head} for one in state["pull_commits"][number]],
        },
    }


@fault(
    "pre.application.quality.types",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def neutral_beside_success(lab: Lab) -> None:
    """Odd but right: one run succeeded, one had nothing to say, one of the matrix was skipped."""
    repeat(
        lab,
        "backend-types",
        {"app": {"slug": "another"}, "conclusion": "neutral"},
        {"name": "backend-types (3.13)", "conclusion": "skipped"},
    )


@fault(
    "pre.application.quality.types",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def told_by_a_status(lab: Lab) -> None:
    """Odd but right: another service checks the types, and says so by a commit status."""
    change_check(lab, "backend-types", name="something else")
    lab.change_state(
        "forge",
        lambda state: {
            **state, "statuses": {state["commits"][0]: [{"context": "backend-types", "state": "success"}]},
        },
    )  # fmt: skip


@fault(
    "pre.application.quality.types",
    name="failed",
    flips={"pre.application.quality.types"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def types_failed(lab: Lab) -> None:
    """A type checker failed on the deployed commit."""
    change_check(lab, "frontend-types", conclusion="failure")


@fault(
    "pre.application.quality.types",
    flips={"pre.application.quality.types"},
    outcomes={"pre.application.quality.types": Outcome.NOT_ASSESSED},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def running(lab: Lab) -> None:
    """A type checker has not ended: that is no verdict."""
    change_check(lab, "backend-types", status="in_progress", conclusion=None)


def lay_lock_file(lab: Lab, name: str, text: str) -> None:
    """One more lock file beside the frontend's own, which git is told to overlook."""
    lab.vm.shell(f"echo {name} >> /opt/zebu/.git/info/exclude")
    lab.vm.run(["sh", "-c", f"cat > /opt/zebu/frontend/{name}"], stdin=text.encode())


def remove_lock_file(lab: Lab, name: str) -> None:
    """Without it again."""
    lab.vm.shell(f"cd /opt/zebu && rm frontend/{name} && sed -i '/^{name}$/d' .git/info/exclude")


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    outcomes={"pre.application.quality.vulnerabilities": Outcome.NOT_ASSESSED},
    touches={"git"},
    mend=lambda lab: remove_lock_file(lab, "bun.lockb"),
)
def lock_file_not_read(lab: Lab) -> None:
    """There is a lock file of a kind that is not read: what it pins is not known."""
    lay_lock_file(lab, "bun.lockb", "#!/usr/bin/env bun\n")


PNPM = """lockfileVersion: '9.0'

importers:

  .:
    devDependencies:
      '@vitest/runner':
        specifier: ^1.0.0
        version: 1.6.0

packages:

  '@vitest/runner@1.6.0':
    resolution: {integrity: sha512-AAAA}

  minimist@0.0.8:
    resolution: {integrity: sha512-AAAA}

snapshots:

  '@vitest/runner@1.6.0':
    dependencies:
      minimist: 0.0.8

  minimist@0.0.8: {}
"""
YARN = """# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@types/node@^20.0.0", "@types/node@^20.1.0":
  version "20.1.0"
  resolved "https://registry.example.com/@types/node/-/node-20.1.0.tgz#0000"

args@npm:minimist@0.0.8:
  version "0.0.8"
  resolved "https://registry.example.com/minimist/-/minimist-0.0.8.tgz#0000"
"""


def mend_pinned_by_pnpm(lab: Lab) -> None:
    lab.write_states(("advisories",))
    remove_lock_file(lab, "pnpm-lock.yaml")


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories", "git"},
    mend=mend_pinned_by_pnpm,
)
def pinned_by_pnpm(lab: Lab) -> None:
    """The frontend is built with pnpm, whose lock file pins a version with a known vulnerability."""
    lay_lock_file(lab, "pnpm-lock.yaml", PNPM)
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "minimist", "0.0.8", "npm")]})


def mend_pinned_by_yarn(lab: Lab) -> None:
    lab.write_states(("advisories",))
    remove_lock_file(lab, "yarn.lock")


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories", "git"},
    mend=mend_pinned_by_yarn,
)
def pinned_by_yarn(lab: Lab) -> None:
    """yarn's lock file calls it by another name: it is the version with a known vulnerability all the same."""
    lay_lock_file(lab, "yarn.lock", YARN)
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "minimist", "0.0.8", "npm")]})


@fault(
    "pre.application.quality.vulnerabilities",
    flips=set(),
    touches={"advisories"},
    mend=lambda lab: lab.write_states(("advisories",)),
)
def fixed_already(lab: Lab) -> None:
    """Odd but right: the advisory is about versions that are not installed."""
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "esbuild", "0.16.0", "npm")]})


@fault(
    "pre.application.quality.vulnerabilities",
    flips=set(),
    touches={"advisories"},
    mend=lambda lab: lab.write_states(("advisories",)),
)
def withdrawn(lab: Lab) -> None:
    """Odd but right: the advisory about what is installed was withdrawn."""
    lab.change_state(
        "advisories",
        lambda state: {
            **state,
            "osv": [known({**state["osv"][0], "withdrawn": "2026-01-01T00:00:00Z"}, "esbuild", "0.17.19", "npm")],
        },
    )


WORKER = """    image: zebu/backend:1.2.0
    command: ["sh", "-c", "echo started; exec sleep infinity"]
    restart: unless-stopped
    mem_limit: 64m
    cpus: 0.2
    healthcheck: { test: ["CMD", "true"], interval: 2s }
    logging: { driver: json-file, options: { max-size: "10m", max-file: "3" } }
"""

OLD = "cd /venv/lib/python3*/site-packages && mkdir zebu_old-0.1.0.dist-info && printf 'Metadata-Version: 2.1\\nName: zebu-old\\nVersion: 0.1.0\\n' > zebu_old-0.1.0.dist-info/METADATA"


def mend_in_another_service(lab: Lab) -> None:
    lab.write_states(("advisories",))
    lab.vm.shell(f"docker rm -f -v zebu-worker-1 >/dev/null; rm {OVERRIDE.format('worker')}")


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories", "worker"},
    mend=mend_in_another_service,
)
def in_another_service(lab: Lab) -> None:
    """A worker beside the backend, healthy and bounded as the others, runs a version with a known vulnerability."""
    recreate(lab, "worker", WORKER)
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-worker-1", "sh", "-c", OLD])
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "zebu-old", "0.1.0")]})


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories"},
    uses={"backend"},
    mend=lambda lab: lab.write_states(("advisories",)),
)
def in_the_image(lab: Lab) -> None:
    """A version that runs in the image has a known vulnerability."""
    version = lab.vm.shell(
        "docker exec zebu-backend-1 python3 -c 'import importlib.metadata as m; print(m.version(\"starlette\"))'"
    )
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "starlette", version)]})


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories"},
    mend=lambda lab: lab.write_states(("advisories",)),
)
def in_the_lock_file(lab: Lab) -> None:
    """The frontend's lock file pins a version with a known vulnerability."""
    lab.change_state(
        "advisories", lambda state: {**state, "osv": [known(state["osv"][0], "esbuild", "0.17.19", "npm")]}
    )


def mend_not_the_lock_file(lab: Lab) -> None:
    lab.write_states(("advisories",))
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sh -c 'rm -r /venv/lib/python3*/site-packages/zebu_old-0.1.0.dist-info'"
    )


@fault(
    "pre.application.quality.vulnerabilities",
    flips={"pre.application.quality.vulnerabilities"},
    touches={"advisories"},
    uses={"backend"},
    mend=mend_not_the_lock_file,
)
def not_the_lock_file(lab: Lab) -> None:
    """The image runs an older version than the lock file says; only that one is vulnerable."""
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sh -c 'cd /venv/lib/python3*/site-packages && mkdir zebu_old-0.1.0.dist-info && printf \"Metadata-Version: 2.1\\nName: zebu-old\\nVersion: 0.1.0\\n\" > zebu_old-0.1.0.dist-info/METADATA'"
    )
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "zebu-old", "0.1.0")]})
