"""People say that they tried it; nobody wrote down how it goes."""

from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.runbooks.rollback",
    "post.maintenance.deployment.rollback-tested",
    "pre.database.backups.rollback-documented",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"rollback.md", "deployment.md"}


def inject(lab: Lab) -> None:
    lab.vm.shell("mv /opt/zebu/docs/rollback.md /root/")


def mend(lab: Lab) -> None:
    lab.vm.shell("mv /root/rollback.md /opt/zebu/docs/")
