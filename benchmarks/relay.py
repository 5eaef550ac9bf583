"""A relay to sshd that adds round-trip time, and counts who logs in and how often the talk changes its direction.

    python -m benchmarks.relay ADDRESS MILLISECONDS

It stands in the lab's network, in a process of its own: it says its port, serves until its input ends, and then says what it
has counted. netem would need a module of the kernel.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SSH_PORT = 22
END_SECONDS = 10.0


@dataclass(slots=True)
class Counted:
    """What went through.

    Attributes:
        connections: that were opened; with ssh, each is a login.
        turns: how often a client spoke after it had been answered: round trips that were waited for.
    """

    connections: int = 0
    turns: int = 0


class Relay:
    """Forwards a port to another, each piece half a round trip late."""

    def __init__(self, address: str, delay_ms: float, port: int = SSH_PORT) -> None:
        self.address, self.port, self.delay = address, port, delay_ms / 2000
        self.counted = Counted()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until both sides have said all."""
        self.counted.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(self.address, self.port)
        except OSError:
            writer.close()
            return
        answered = [True]
        await asyncio.gather(
            self._copy(reader, far_writer, answered, is_client=True),
            self._copy(far_reader, writer, answered, is_client=False),
        )

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answered: list[bool], *, is_client: bool
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        clock = asyncio.get_running_loop().time

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - clock()))
                if not data:
                    sink.close()
                    return
                sink.write(data)

        task = asyncio.create_task(deliver())
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if is_client and answered[0]:
                    self.counted.turns += 1
                answered[0] = not is_client
                queue.put_nowait((clock() + self.delay, data))
        queue.put_nowait((clock() + self.delay, b""))
        await task

    async def run(self) -> None:
        """Serve until the standard input ends; the port is said first, and what was counted last."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps(asdict(self.counted)), flush=True)
        # A connection that outlives what was measured ends with the relay, and is no error.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)


@dataclass(frozen=True, slots=True)
class Through:
    """A relay that serves: its port, and when it has ended, what it counted."""

    port: int
    process: subprocess.Popen[str]
    counted: Counted


@contextmanager
def relayed(address: str, delay_ms: float) -> Iterator[Through]:
    """A relay in the lab's network, for as long as it is needed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.relay", address, str(delay_ms)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        through = Through(int(process.stdout.readline()), process, Counted())
        yield through
        said, _ = process.communicate("", timeout=END_SECONDS)
        for name, count in json.loads(said).items():
            setattr(through.counted, name, count)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Serve, within the lab."""
    from pytest_zebu.gather.lab import RunningLab

    address, delay_ms = sys.argv[1:]
    RunningLab.find().enter()
    asyncio.run(Relay(address, float(delay_ms)).run())


if __name__ == "__main__":
    main()
