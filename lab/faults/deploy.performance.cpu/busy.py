"""A service keeps the processors busy for a third of a minute and more."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = {"deploy.performance.cpu"}
touches: set[str] = {"backend-restart"}
override = {"backend": {"cpus": 2.0}}
BUSY = "zebufault = 1\nwhile zebufault: pass"


def inject(lab: Lab) -> None:
    restart(lab, "backend")  # what it used before counts no more
    # Behind everything else, so that no other fault waits; long enough to count, also where much else wants to run.
    lab.vm.shell(f"for n in 1 2; do docker exec -d zebu-backend-1 nice -n 19 python3 -c '{BUSY}'; done; sleep 22")
