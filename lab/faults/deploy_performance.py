"""Faults of deploy.performance."""

from lab.changes import (
    beside_server,
    dumps_on_own_disk,
    dumps_on_root_disk,
    edit_backend,
    edit_page,
    edit_proxy,
    restart,
    restore_backend,
    restore_page,
    restore_proxy,
    usage,
)
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "deploy.performance.api",
    flips={"deploy.performance.api"},
    touches={"backend-files"},
    mend=lambda lab: restore_backend(lab, "auth.py"),
)
def slow(lab: Lab) -> None:
    """Every answer takes most of a second."""
    edit_backend(
        lab,
        "auth.py",
        "s/^def _by_api_key(raw: str, database: Database) -> Caller:/&\\n    import time; time.sleep(0.6)/",
    )


@fault(
    "deploy.performance.api",
    flips={"pre.security.https.http2"},
    right_for={"deploy.performance.api", "deploy.backend.api", "deploy.frontend.https"},
    touches={"proxy-api", "http2"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def through_an_old_protocol(lab: Lab) -> None:
    """Odd but right: the proxy speaks HTTP/1.1 only on the way to the API."""
    edit_proxy(
        lab, "tls", "s|listen 443 ssl http2;|listen 443 ssl;|; s|listen \\[::\\]:443 ssl http2;|listen [::]:443 ssl;|"
    )


BUSY = "zebufault = 1\nwhile zebufault: pass"
PROCESSORS = 1.4
"""Of the lab's two: well above what the item allows, and something is left for who judges."""
ENOUGH = 0.6
"""Of the machine's processors, since the container was started."""


@fault(
    "deploy.performance.cpu",
    flips={"deploy.performance.cpu"},
    touches={"backend-restart"},
    override={"backend": {"cpus": PROCESSORS}},
    mend=lambda lab: lab.vm.favour(1),
)
def busy(lab: Lab) -> None:
    """A service keeps the processors busy for a third of a minute and more."""
    restart(lab, "backend")  # what it used before counts no more
    # Before all else that this host has to do, until it is judged: its own bound leaves the others their share.
    lab.vm.favour(64)
    lab.vm.shell(f"for n in 1 2; do docker exec -d zebu-backend-1 nice -n 19 python3 -c '{BUSY}'; done")
    until(
        "the backend has kept the processors busy",
        lambda: usage(lab, "backend"),
        lambda used: used.seconds >= 20 and used.share >= ENOUGH,
        seconds=120,
    )


@fault(
    "deploy.performance.disk",
    flips={"deploy.performance.disk"},
    touches={"dumps"},
    mend=dumps_on_root_disk,
)
def data_disk_full(lab: Lab) -> None:
    """The root has room; the disk with the dumps has not."""
    dumps_on_own_disk(lab, "size=40m", "head -c 25m /dev/zero > filler")


@fault(
    "deploy.performance.disk",
    flips={"deploy.performance.disk"},
    touches={"dumps"},
    mend=dumps_on_root_disk,
)
def no_inodes(lab: Lab) -> None:
    """There is room on the disk, and no inodes are left."""
    dumps_on_own_disk(lab, "size=64m,nr_inodes=60", "for n in $(seq 40); do : > filler-$n; done")


@fault(
    "deploy.performance.disk",
    flips=set(),
    touches={"dumps"},
    mend=dumps_on_root_disk,
)
def own_disk(lab: Lab) -> None:
    """Odd but right: the dumps are on a small disk of their own, with room."""
    dumps_on_own_disk(lab, "size=64m,mode=0700")


@fault(
    "deploy.performance.memory",
    flips=set(),
    right_for={"deploy.performance.memory", "deploy.performance.cpu"},
    touches={"backend-restart"},  # time mends it
)
def after_a_restart(lab: Lab) -> None:
    """Odd but right: the backend was started a moment ago, and is still filling its caches."""
    restart(lab, "backend")


LEAK = """
import os, time
kept = []
while not os.path.exists("/tmp/leak"):
    time.sleep(0.1)
for n in range(1500):
    kept.append(bytearray(1 << 20))
    time.sleep(0.1)
time.sleep(600)
"""


@fault(
    "deploy.performance.memory",
    flips={"deploy.performance.memory"},
    # where another fault keeps the container busy, nothing has time to leak
    touches={"backend-restart"},
    override={"backend": {**beside_server(LEAK)["backend"], "mem_limit": "2g"}},
)
def leak(lab: Lab) -> None:
    """A process of the backend grows and grows."""
    lab.vm.shell("docker exec zebu-backend-1 touch /tmp/leak")


@fault(
    "deploy.performance.memory",
    flips={"deploy.performance.memory"},
    uses={"backend"},
    override=beside_server("import time\nkept = bytearray(250 << 20)\ntime.sleep(600)\n"),
)
def near_the_limit(lab: Lab) -> None:
    """The backend uses nearly all that it may."""
    until("the memory is taken", lambda: usage(lab, "backend"), lambda used: used.memory > 250 << 20)


NOT_SHOWN = {
    "deploy.performance.page-load",
    "deploy.frontend.mobile",
    "deploy.frontend.console-clean",
    "deploy.frontend.assets",
    "deploy.network.no-mixed-content",
}
"""What a page flips that shows nothing, or only that it waits."""
NOT_SEEN = dict.fromkeys(("deploy.frontend.assets", "deploy.network.no-mixed-content"), Outcome.NOT_ASSESSED)


@fault(
    "deploy.performance.page-load",
    flips=NOT_SHOWN,
    outcomes=NOT_SEEN,
    touches={"index", "frontend"},
    mend=restore_page,
)
def blank(lab: Lab) -> None:
    """The page loads in no time, and stays white, without a complaint."""
    edit_page(lab, "s|<div id=.root.>|<div id=root hidden>|")


@fault(
    "deploy.performance.page-load",
    flips=NOT_SHOWN,
    outcomes=NOT_SEEN,
    touches={"index", "frontend"},
    mend=restore_page,
)
def waits_for_ever(lab: Lab) -> None:
    """The page says that it is loading, and never says anything else."""
    edit_page(lab, "s|<div id=.root.>|<div>Loading…</div><div id=root hidden>|")


@fault(
    "deploy.performance.page-load",
    flips=set(),
    touches={"index", "frontend"},
    mend=restore_page,
)
def busy_afterwards(lab: Lab) -> None:
    """Odd but right: the page has work for a second after it was loaded."""
    edit_page(
        lab,
        "s|</body>|<script>addEventListener('load', () => setTimeout(() => { const end = Date.now() + 1000; while (Date.now() < end); }, 50))</script></body>|",
    )


SCRIPT = "/usr/share/nginx/html/assets/main.js"


@fault(
    "deploy.performance.page-load",
    flips={"deploy.performance.page-load"},
    touches={"proxy-site"},
    uses={"frontend"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def slow_script(lab: Lab) -> None:
    """The page waits for a script that comes slowly."""
    size = int(lab.vm.shell(f"docker exec zebu-frontend-1 stat -c %s {SCRIPT}"))
    edit_proxy(
        lab,
        "tls",
        rf"/server_name zebu.test;/,/}}/ s|location / {{ proxy_pass http://10.77.0.10:80; }}|location ~ main.js$ {{ proxy_pass http://10.77.0.10:80; limit_rate {size * 2 // 7}; }} location / {{ proxy_pass http://10.77.0.10:80; }}|",
    )
