"""The change log ends before the deployed version."""

from lab.deployment import Lab

flips: set[str] = {
    "post.maintenance.deployment.changelog",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"CHANGELOG.md"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -p /opt/zebu/CHANGELOG.md /root/changelog.kept; sed -i '/^## 1.2.0/,/^$/d' /opt/zebu/CHANGELOG.md")


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/changelog.kept /opt/zebu/CHANGELOG.md")
