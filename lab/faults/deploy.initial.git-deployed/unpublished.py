"""The commit is on no branch and in no tag of the remote."""

from lab.deployment import Lab

flips: set[str] = {
    "deploy.initial.git-deployed",
    "deploy.initial.images-built",
    "pre.application.quality.tagged-release",
    "pre.application.quality.tests",
    "pre.application.quality.linters",
    "pre.application.quality.types",
    "pre.application.quality.reviewed",
    "pre.database.integrity.migrations-staged",
    "post.maintenance.updates.staging",
    "post.maintenance.deployment.changelog",
}
outcomes: dict[str, str] = {
    "pre.application.quality.tests": "not_assessed",
    "pre.application.quality.linters": "not_assessed",
    "pre.application.quality.types": "not_assessed",
    "pre.application.quality.reviewed": "not_assessed",
    "pre.database.integrity.migrations-staged": "not_assessed",
    "post.maintenance.updates.staging": "not_assessed",
    "post.maintenance.deployment.changelog": "not_assessed",
}
touches: set[str] = {"git", "forge"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cd /opt/zebu && runuser -u deploy -- git -c user.name=operations -c user.email=operations@zebu.test commit -q --allow-empty -m 'Hotfix on the machine'"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu checkout -q v1.2.0")
