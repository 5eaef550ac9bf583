"""Faults of post.documentation.runbooks."""

import shlex

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.documentation.runbooks.deployment",
    flips={
        "post.documentation.runbooks.deployment",
        "post.maintenance.deployment.redeploy-documented",
        "post.maintenance.deployment.checklist",
        *DIRTY_TREE,
    },
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def no_such_command(lab: Lab) -> None:
    """The runbook names a command that the machine does not have."""
    edit_document(lab, "deployment", "printf '\\n```sh\\nzebu-deploy --production\\n```\\n' >> deployment.md")


@fault(
    "post.documentation.runbooks.rollback",
    flips={"post.documentation.runbooks.rollback", "post.maintenance.deployment.rollback-tested", *DIRTY_TREE},
    touches={"rollback.md"},
    mend=lambda lab: restore_document(lab, "rollback"),
)
def no_such_path(lab: Lab) -> None:
    """The runbook sends its reader to a script that is not there."""
    edit_document(lab, "rollback", "printf '\\nThe rest does `scripts/rollback-all.sh`.\\n' >> rollback.md")


@fault(
    "post.documentation.runbooks.shutdown",
    flips={"post.documentation.runbooks.shutdown", *DIRTY_TREE},
    touches={"troubleshooting.md"},
    mend=lambda lab: restore_document(lab, "troubleshooting"),
)
def no_section(lab: Lab) -> None:
    """How to stop everything stands nowhere."""
    edit_document(lab, "troubleshooting", "sed -i '/^## Emergency/,$d' troubleshooting.md")


@fault(
    "post.documentation.runbooks.troubleshooting",
    flips={"post.documentation.runbooks.troubleshooting", "post.documentation.runbooks.shutdown", *DIRTY_TREE},
    touches={"troubleshooting.md"},
    mend=lambda lab: restore_document(lab, "troubleshooting"),
)
def placeholder(lab: Lab) -> None:
    """The page for troubleshooting is still to be written."""
    edit_document(lab, "troubleshooting", "printf '\\nTODO: the rest\\n' >> troubleshooting.md")


OF_OTHER_MACHINES = r"""
## From your workstation
```bash
# Check the state first
task quality:backend   # formats first
scripts/of-the-workstation.sh
scp .env deploy@<your-vm>:/opt/zebu/.env.new
```
```console
$ docker compose ps
NAME             STATUS
backend-1        Up 2 minutes (healthy)
root@pve:~# qm listsnapshot 100
```
```bash
ssh root@192.0.2.5
qm rollback 100 before
/opt/hypervisor/only.sh
exit
docker exec -it database psql -f /srv/inside.sql
```
On the proxy: `/opt/proxy/only.conf`. In the container: `/srv/data/only`.
"""


@fault(
    "post.documentation.runbooks.deployment",
    flips=DIRTY_TREE,
    right_for={"post.documentation.runbooks.deployment", "post.maintenance.deployment.redeploy-documented"},
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def other_machines(lab: Lab) -> None:
    """Odd but right: the runbook says what is done on a workstation, on the hypervisor, on the proxy and in containers."""
    edit_document(lab, "deployment", f"printf %s {shlex.quote(OF_OTHER_MACHINES)} >> deployment.md")


@fault(
    "post.documentation.runbooks.deployment",
    flips={
        "post.documentation.runbooks.deployment",
        "post.maintenance.deployment.redeploy-documented",
        "post.maintenance.deployment.checklist",
        *DIRTY_TREE,
    },
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def no_such_unit(lab: Lab) -> None:
    """The runbook starts a unit again that nobody has any more, after a comment and a prompt."""
    block = "\n```console\n$ # The queue as well\n$ sudo systemctl restart zebu-worker\n```\n"
    edit_document(lab, "deployment", f"printf %s {shlex.quote(block)} >> deployment.md")


def mend_rollback(lab: Lab) -> None:
    restore_document(lab, "rollback")
    lab.vm.shell("rm -rf /opt/zebu/docs/rollback.rst /opt/zebu/agent_docs")


@fault(
    "post.documentation.runbooks.rollback",
    flips=DIRTY_TREE,
    right_for={"post.documentation.runbooks.rollback", "pre.database.backups.rollback-documented"},
    touches={"rollback.md"},
    mend=mend_rollback,
)
def restructured(lab: Lab) -> None:
    """Odd but right: the runbook is written in reStructuredText."""
    headings = r"-e 's/^# \(.*\)/\1\n========/' -e 's/^## \(.*\)/\n\1\n----------------/'"
    blocks = r"-e '/^```sh/,/^```$/{/^```sh/c \\n.. code-block:: sh\n' -e '/^```$/d; s/^[^.]/   &/}' -e 's/`\([^`]*\)`/``\1``/g'"
    edit_document(lab, "rollback", f"sed {headings} {blocks} rollback.md > rollback.rst; rm rollback.md")


@fault(
    "post.documentation.runbooks.rollback",
    flips={
        "post.documentation.runbooks.rollback",
        "post.maintenance.deployment.rollback-tested",
        "pre.database.backups.rollback-documented",
        *DIRTY_TREE,
    },
    touches={"rollback.md"},
    mend=mend_rollback,
)
def notes_only(lab: Lab) -> None:
    """How to go back stands only in 332 notes of an agent on upgrades of packages."""
    note = (
        "# Upgrade\n\n## Rollback\n\nRoll back with `git checkout package.json`, tag the release, undo the migration.\n"
    )
    script = f"rm rollback.md; mkdir ../agent_docs; for i in $(seq 332); do printf %s {shlex.quote(note)} > ../agent_docs/$i.md; done"
    edit_document(lab, "rollback", script)
