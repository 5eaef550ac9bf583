"""The relay, between two ends on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys

import pytest

from benchmarks.relay import ROOT, Counted, Relay


async def talk(words: list[bytes], *, clients: int = 1) -> Counted:
    """Through a relay to one who answers each word with itself, and greets nobody."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.readline():
            writer.write(data)
        writer.close()

    far = await asyncio.start_server(answer, "127.0.0.1", 0)
    relay = Relay("127.0.0.1", 2, far.sockets[0].getsockname()[1])
    near = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    for _ in range(clients):
        reader, writer = await asyncio.open_connection("127.0.0.1", near.sockets[0].getsockname()[1])
        for word in words:
            writer.write(word)
            assert await reader.readexactly(len(word)) == word
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    near.close()
    far.close()
    return relay.counted


@pytest.mark.parametrize(("count", "clients"), [(1, 1), (3, 1), (2, 2)])
def test_each_answer_that_is_waited_for_is_a_turn(count: int, clients: int) -> None:
    counted = asyncio.run(talk([b"a word\n"] * count, clients=clients))
    assert counted == Counted(connections=clients, turns=count * clients)


def test_what_is_said_at_once_is_one_turn() -> None:
    assert asyncio.run(talk([b"a word\nand another\nand a third\n"])).turns == 1


def test_who_is_not_there_is_no_turn() -> None:
    async def refused() -> Counted:
        nobody = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = nobody.sockets[0].getsockname()[1]
        nobody.close()
        await nobody.wait_closed()
        relay = Relay("127.0.0.1", 0, port)
        near = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", near.sockets[0].getsockname()[1])
        assert await reader.read() == b""
        writer.close()
        near.close()
        return relay.counted

    assert asyncio.run(refused()) == Counted(connections=1, turns=0)


def test_a_connection_that_is_still_open_ends_in_silence_with_the_relay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as far:
        program = (
            f"import asyncio, benchmarks.relay as r; asyncio.run(r.Relay('127.0.0.1', 0, {far.getsockname()[1]}).run())"
        )
        relay = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert relay.stdout
        with socket.create_connection(("127.0.0.1", int(relay.stdout.readline()))):
            there, _ = far.accept()
            with there:
                said, complained = relay.communicate("")
    assert json.loads(said) == {"connections": 1, "turns": 0}
    assert complained == ""
