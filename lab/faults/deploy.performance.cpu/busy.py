"""A service keeps the processors busy for half a minute and more."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"deploy.performance.cpu"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", "    cpus: 2.0\n")
    lab.vm.shell(
        "for n in 1 2; do docker exec -d zebu-backend-1 nice -n 19 python3 -c 'zebufault = 1\nwhile zebufault: pass'; done; sleep 30"
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
