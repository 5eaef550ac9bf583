"""There is no list of contacts."""

from lab.deployment import Lab

flips: set[str] = {
    "post.recovery.disaster.contacts",
    "post.documentation.contacts.admin",
    "post.documentation.contacts.dns",
    "post.documentation.contacts.hosting",
    "post.documentation.contacts.registrar",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"contacts.md"}


def inject(lab: Lab) -> None:
    lab.vm.shell("mv /opt/zebu/docs/contacts.md /root/")


def mend(lab: Lab) -> None:
    lab.vm.shell("mv /root/contacts.md /opt/zebu/docs/")
