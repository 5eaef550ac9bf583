"""Faults of post.monitoring.services."""

from lab.changes import edit_watch, forget, recreate, remember_restarts, watch_again
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "post.monitoring.services.health-endpoints",
    flips={
        "post.monitoring.services.health-endpoints",
        "post.monitoring.disk.alerts",
        "post.monitoring.logs.alerts",
        "post.monitoring.tls.expiry",
    },
    outcomes={"post.monitoring.tls.expiry": Outcome.NOT_ASSESSED},
    touches={"watch"},
    mend=lambda lab: lab.vm.shell("cp -p /root/zebu-watch /usr/local/sbin/; systemctl start zebu-watch.service"),
)
def watcher_fails(lab: Lab) -> None:
    """What watches the deployment has itself failed."""
    lab.vm.shell(
        "cp -p /usr/local/sbin/zebu-watch /root/; sed -i 's/^exit 0/exit 1/' /usr/local/sbin/zebu-watch; systemctl start zebu-watch.service || true"
    )


@fault(
    "post.monitoring.services.health-endpoints",
    flips={"post.monitoring.services.health-endpoints"},
    outcomes={"post.monitoring.services.health-endpoints": Outcome.NOT_ASSESSED},
    touches={"watch"},
    mend=watch_again,
)
def another_site(lab: Lab) -> None:
    """What watches asks for the health of another site, whose name begins as this one's."""
    edit_watch(lab, "s#http://127.0.0.1:[0-9]*/health#http://zebu.test.example.net/health#")


@fault(
    "post.monitoring.services.resources",
    flips={"post.monitoring.services.resources"},
    touches={"sysstat"},
    mend=lambda lab: lab.vm.shell("systemctl start sysstat-collect.timer sysstat-collect.service"),
)
def stopped(lab: Lab) -> None:
    """The recorder has written nothing for two days."""
    lab.vm.shell("systemctl stop sysstat-collect.timer; touch -d '2 days ago' /var/log/sysstat/sa[0-9]*")


def mend_restarted(lab: Lab) -> None:
    recreate(lab, "backend")
    forget(lab)


@fault(
    "post.monitoring.services.restarts",
    flips={
        "post.monitoring.services.restarts",
        "post.maintenance.capacity.baseline",
        "ops.monthly.restore-test",
    },
    outcomes={"post.maintenance.capacity.baseline": Outcome.ATTESTED, "ops.monthly.restore-test": Outcome.ATTESTED},
    touches={"backend", "backend-files", "backend-restart", "history"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    mend=mend_restarted,
)
def restarted(lab: Lab) -> None:
    """The backend ended since the last run, and its restart policy brought it back."""
    remember_restarts(lab)
    lab.vm.shell("docker exec zebu-backend-1 sh -c 'kill 1'")
    state = "docker inspect -f '{{.RestartCount}} {{.State.Health.Status}}' zebu-backend-1"
    until("the backend was restarted and is healthy", lambda: lab.vm.shell(state), lambda said: said == "1 healthy")
    lab.ask_database()


@fault(
    "post.monitoring.services.uptime",
    flips={"post.monitoring.services.uptime"},
    outcomes={"post.monitoring.services.uptime": Outcome.PASSED},
    touches={"uptime", "watch"},
    mend=lambda lab: lab.vm.shell(
        "docker rm -f uptime >/dev/null; docker rmi twinproduction/gatus:5 >/dev/null; rm -r /root/uptime"
    ),
)
def by_a_tool(lab: Lab) -> None:
    """Odd but right: an uptime tool runs in a container beside the project, and its configuration names the site."""
    lab.vm.shell(
        "mkdir -p /root/uptime; echo 'endpoints: [{name: zebu, url: https://zebu.test/health}]' > /root/uptime/config.yaml; docker tag zebu-lab/redis:7-busybox twinproduction/gatus:5; docker run -d --name uptime --network none --restart unless-stopped -v /root/uptime:/config:ro twinproduction/gatus:5 sleep 100000 >/dev/null"
    )
