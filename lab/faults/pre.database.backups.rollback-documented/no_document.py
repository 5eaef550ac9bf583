"""No document tells how to undo a migration."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.database.backups.rollback-documented",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}


def inject(lab: Lab) -> None:
    lab.vm.shell("mv /opt/zebu/docs/rollback.md /opt/zebu/docs/deployment.md /root/")


def mend(lab: Lab) -> None:
    lab.vm.shell("mv /root/rollback.md /root/deployment.md /opt/zebu/docs/")
