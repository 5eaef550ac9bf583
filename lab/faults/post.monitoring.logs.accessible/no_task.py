"""The task that shows the logs is gone."""

from lab.deployment import Lab

flips: set[str] = {
    "post.monitoring.logs.accessible",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"Taskfile"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cp -p /opt/zebu/Taskfile.yml /root/; sed -i 's/proxmox-vm:logs/proxmox-vm:tail/' /opt/zebu/Taskfile.yml"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/Taskfile.yml /opt/zebu/")
