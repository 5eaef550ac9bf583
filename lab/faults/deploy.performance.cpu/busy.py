"""A service keeps the processors busy for a quarter of a minute and more."""

from lab.deployment import Lab

flips: set[str] = {"deploy.performance.cpu"}
override = {"backend": {"cpus": 2.0}}
BUSY = "zebufault = 1\nwhile zebufault: pass"


def inject(lab: Lab) -> None:
    lab.vm.shell(f"for n in 1 2; do docker exec -d zebu-backend-1 nice -n 19 python3 -c '{BUSY}'; done; sleep 14")
