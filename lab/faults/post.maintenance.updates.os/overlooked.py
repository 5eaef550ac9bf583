"""A security update was published before the last run, and still waits."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates", "history"}  # an earlier run saw the month's updates done


def inject(lab: Lab) -> None:
    package = next(lab.place.cache.rglob("zebu-lab-motd_1.0_all.deb")).read_bytes()
    lab.vm.run(["sh", "-c", "cat > /root/old.deb"], stdin=package)
    lab.vm.shell("dpkg -i --force-downgrade /root/old.deb >/dev/null; rm /root/old.deb")


def mend(lab: Lab) -> None:
    lab.vm.shell("apt-get -qq -y install --only-upgrade zebu-lab-motd >/dev/null")
