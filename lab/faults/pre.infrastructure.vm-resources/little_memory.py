"""The machine shows one gibibyte of memory, as a small one would."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.vm-resources"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "sed 's/^MemTotal:.*/MemTotal:        1048576 kB/' /proc/meminfo > /root/meminfo; mount --bind /root/meminfo /proc/meminfo"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("umount /proc/meminfo")
