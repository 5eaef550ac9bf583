"""The commit has a tag, but one that moves."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.application.quality.tagged-release",
    "deploy.initial.images-built",
    "post.maintenance.deployment.changelog",
    "post.maintenance.updates.staging",
}
outcomes: dict[str, str] = {"post.maintenance.updates.staging": "not_assessed"}
touches: set[str] = {"git", "CHANGELOG.md", "forge"}  # the forge knows another commit


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0~1; runuser -u deploy -- git -C /opt/zebu tag latest"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu tag -d latest; runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0"
    )
