"""Gathering against one ssh by hand and against idiomatic testinfra, through a relay that adds round-trip time."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import testinfra

from pytest_zebu.facts import ALL
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.ssh import Connection, request
from pytest_zebu.gather.targets import targets
from pytest_zebu.settings.target import Target

DELAYS_MS = (0, 25, 100)
REPEATS = 3
PORT = 2201
COMMANDS = (
    "sshd -T",
    "ss -Hltnp",
    "docker ps -a --format '{{.Names}} {{.State}}'",
    "docker inspect $(docker ps -aq)",
    "git -c safe.directory=/opt/zebu -C /opt/zebu status --porcelain",
    "git -c safe.directory=/opt/zebu -C /opt/zebu describe --tags",
    "docker exec zebu-db-1 psql -XAtq -U zebu_admin -d zebu -c 'SELECT rolsuper FROM pg_roles'",
    "docker exec zebu-db-1 psql -XAtq -U zebu_admin -d zebu -c 'SELECT version_num FROM alembic_version'",
)


class Relay:
    """Forwards a local port to sshd, each chunk half a round trip late. Runs in a thread of its own."""

    def __init__(self, address: str, delay_ms: float) -> None:
        self.address, self.delay = address, delay_ms / 2000
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", PORT))
        self.ready.set()
        self.loop.run_forever()
        server.close()
        self.loop.set_exception_handler(lambda loop, context: None)  # connections that end with the relay are no errors
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self.address, 22)
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - self.loop.time()))
                if not data:
                    sink.close()
                    return
                sink.write(data)

        task = asyncio.create_task(deliver())
        try:
            while data := await source.read(65536):
                queue.put_nowait((self.loop.time() + self.delay, data))
        except ConnectionError:
            pass
        queue.put_nowait((self.loop.time() + self.delay, b""))
        await task

    def __enter__(self) -> Relay:
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


def timed(action: Callable[[], None], repeats: int = REPEATS) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.monotonic()
        action()
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds)


def suite(target: Target) -> Callable[[], None]:
    def nothing(*_: object) -> tuple[Look, ...]:
        return ()

    # What is asked of the machine, and the look at what sshd offers; the other looks do not go through ssh.
    wanted = [
        replace(fact, looks=fact.looks if fact.name == "sshd" else nothing, then=nothing)
        for fact in ALL.values()
        if any(probe.host == "target" for probe in fact.probes)
    ]

    def run() -> None:
        connection = Connection(target)
        found = gather(target, wanted, connection, lambda text: None)
        assert found.reachable and found.round_trips == 1, found.trouble
        connection.close()

    return run


def by_hand(target: Target) -> Callable[[], None]:
    probes = {probe.name: probe for fact in ALL.values() for probe in fact.probes if probe.host == "target"}

    def run() -> None:
        connection = Connection(target)
        options = ["-F", str(connection.config), "-o", "ControlPath=none", "-o", "ControlMaster=no"]
        done = subprocess.run(
            ["ssh", *options, connection.destination, connection.remote],
            input=request(list(probes.values()), "n", target, target.settings.timeout),
            capture_output=True,
        )
        assert b"END n" in done.stdout, done.stderr
        connection.close()

    return run


def idiomatic(target: Target, *, multiplexed: bool) -> Callable[[], None]:
    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "config"
            lines = [
                "Host *", f"  Port {PORT}", f"  IdentityFile {target.host.identity}", "  IdentitiesOnly yes",
                "  StrictHostKeyChecking no", "  UserKnownHostsFile /dev/null", "  LogLevel ERROR",
            ]  # fmt: skip
            if multiplexed:
                lines += [f"  ControlPath {folder}/c", "  ControlMaster auto", "  ControlPersist 5"]
            config.write_text("\n".join(lines) + "\n")
            host = testinfra.get_host(f"ssh://{target.host.user}@127.0.0.1", ssh_config=str(config), sudo=True)
            for command in COMMANDS:
                assert host.run(command).succeeded, command
            env = host.file("/opt/zebu/.env")
            assert (env.mode, env.user) == (0o600, "deploy")
            for service in ("ssh", "docker", "fail2ban"):
                assert host.service(service).is_running and host.service(service).is_enabled
            assert not host.socket("tcp://0.0.0.0:5432").is_listening

    return run


def main() -> None:
    (target,) = targets("lab", None, 60)
    assert target.lab
    target.lab.enter()
    address = str(target.host.address)
    known = Path(str(target.host.known_hosts)).read_text().replace(f"{address} ", f"[127.0.0.1]:{PORT} ")
    with tempfile.TemporaryDirectory() as folder:
        hosts = Path(folder) / "known_hosts"
        hosts.write_text(known)
        host = target.host.model_copy(update={"address": "127.0.0.1", "port": PORT, "known_hosts": hosts})
        # Looks from outside go to the machine itself, as ever; only ssh takes the relay.
        target = target.model_copy(update={"host": host})
        print(
            "| round trip | (a) gathering | (b) one ssh by hand | a / b | (c) testinfra, defaults | (c) multiplexed |"
        )
        print("|---|---|---|---|---|---|")
        for delay in DELAYS_MS:
            with Relay(address, delay):
                a, b = timed(suite(target)), timed(by_hand(target))
                defaults, shared = (
                    timed(idiomatic(target, multiplexed=False), 1),
                    timed(idiomatic(target, multiplexed=True), 1),
                )
            print(
                f"| {delay} ms | {a:.2f} s | {b:.2f} s | {a / b:.2f} | {defaults:.1f} s | {shared:.1f} s |", flush=True
            )
            if a > 1.5 * b:
                sys.exit("gathering takes more than 1.5 times one ssh by hand")


if __name__ == "__main__":
    main()
