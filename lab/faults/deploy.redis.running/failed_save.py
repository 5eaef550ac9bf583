"""Redis could not save its data (what stands in the way of its file is a folder), and refuses writes, and PING, until it can."""

from lab.deployment import Lab

flips: set[str] = {"deploy.redis.running", "deploy.redis.reachable"}
touches: set[str] = {"redis"}
SAVE = "docker exec zebu-redis-1 redis-cli bgsave >/dev/null; sleep 1"


def inject(lab: Lab) -> None:
    lab.vm.shell(f"docker exec zebu-redis-1 sh -c 'rm -f /data/dump.rdb; mkdir -p /data/dump.rdb/x'; {SAVE}")


def mend(lab: Lab) -> None:
    lab.vm.shell(f"docker exec zebu-redis-1 rm -r /data/dump.rdb; {SAVE}")
