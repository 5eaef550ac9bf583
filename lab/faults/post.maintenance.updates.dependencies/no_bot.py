"""Nothing in the repository watches its dependencies."""

from lab.deployment import Lab

flips: set[str] = {
    "post.maintenance.updates.dependencies",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
outcomes: dict[str, str] = {"post.maintenance.updates.dependencies": "not_assessed"}
touches: set[str] = {".github"}


def inject(lab: Lab) -> None:
    lab.vm.shell("mv /opt/zebu/.github /root/dotgithub")


def mend(lab: Lab) -> None:
    lab.vm.shell("mv /root/dotgithub /opt/zebu/.github")
