"""A process of the backend grows and grows."""

from lab.deployment import Lab

flips: set[str] = {"deploy.performance.memory"}
touches: set[str] = {"backend-memory"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -d zebu-backend-1 python3 -c 'import time; zebufault = []\nfor n in range(260): zebufault.append(bytearray(1 << 20)); time.sleep(0.05)\ntime.sleep(30)'; sleep 0"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sh -c 'for p in /proc/[0-9]*; do grep -q zebufault $p/cmdline 2>/dev/null && [ ${p#/proc/} != $$ ] && kill -9 ${p#/proc/}; done; true'"
    )
