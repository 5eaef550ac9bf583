"""Who is asked, called as early as can be: what judges is imported while ssh logs in."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pytest_zebu.ending import heed
from pytest_zebu.files import why
from pytest_zebu.gather.ssh import Connection, close_all
from pytest_zebu.gather.targets import chosen, enter_lab, named, with_ways
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import LongSeconds, Seconds
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import clean_line

HOSTS_AT_ONCE = 64
"""So many are asked side by side: each takes some threads and descriptors, and hardly anything else of this machine."""
FINITE = ConfigDict(allow_inf_nan=False)
LIMITS: dict[str, tuple[TypeAdapter[float], int]] = {
    "timeout": (TypeAdapter(Seconds, config=FINITE), 600),
    "deadline": (TypeAdapter(LongSeconds, config=FINITE), 3600),
}


class Called(Struct, frozen=True):
    """Who is asked.

    Attributes:
        targets: all hosts.
        connections: those that were called already, by name.
    """

    targets: tuple[Target, ...]
    connections: Mapping[str, Connection]


def call(config: pytest.Config) -> Called:
    """Find out who is asked, and begin to log in there, unless another process will ask, or nobody.

    Raises:
        UsageError: an option, the settings or a file is wrong.
    """
    config.add_cleanup(heed())
    with said(config):
        if sys.flags.optimize:
            raise UsageProblem(
                "Python leaves assertions out (-O, PYTHONOPTIMIZE), and what they would fail would pass: run it without"
            )
        option = config.option
        timeout, deadline = _seconds(option, "timeout"), _seconds(option, "deadline")
        if option.zebu_replay is not None:
            return Called(_chosen(option, _replayed(option, timeout, deadline)), {})
        found = named(option.zebu_host, option.zebu_config, timeout, deadline)
        found = _chosen(option, _seen_from_elsewhere(option, found))
        is_worker = hasattr(config, "workerinput")
        if not is_worker:
            enter_lab(found)
        connections: dict[str, Connection] = {}
        if not (is_worker or getattr(option, "numprocesses", None) or option.collectonly):
            config.add_cleanup(close_all)
            for target in islice(found, HOSTS_AT_ONCE):
                with suppress(OSError):  # whoever asks is told
                    connections[target.name] = connection = Connection(target)
                    connection.call()
        return Called(with_ways(found), connections)


@contextmanager
def said(config: pytest.Config) -> Iterator[None]:
    """What is wrong with options, settings and files, said as pytest says it.

    Raises:
        UsageError: something was.
    """
    try:
        yield
    except pytest.UsageError:
        raise
    except UsageProblem as error:
        raise pytest.UsageError(clean_line(f"zebu: {error}")) from None
    except OSError as error:
        raise pytest.UsageError(clean_line(f"zebu: {error.filename or 'a file'}: {why(error)}")) from None
    except Exception as error:
        if config.option.fulltrace:
            raise
        from pytest_zebu.plugin.run import fault

        raise pytest.UsageError(clean_line(f"zebu: {fault('nothing is judged', error)} (--full-trace)")) from None


def _chosen(option: Any, found: tuple[Target, ...]) -> tuple[Target, ...]:
    return tuple(chosen(target, option.zebu_scan, option.zebu_active or "") for target in found)


def _replayed(option: Any, timeout: float | None, deadline: float | None) -> tuple[Target, ...]:
    from pytest_zebu.gather.snapshot import read
    from pytest_zebu.plugin.replay import host_names, replayed_targets

    path = Path(option.zebu_replay)
    names = option.zebu_host or ",".join(host_names(read(path), path))
    return replayed_targets(names, option.zebu_config, timeout, deadline)


def _seen_from_elsewhere(option: Any, found: tuple[Target, ...]) -> tuple[Target, ...]:
    if not option.zebu_look and not any(one.look for target in found for one in target.settings.vantages):
        return found
    from pytest_zebu.gather.elsewhere import taken_in  # few have looked from another machine

    return taken_in(found, option.zebu_look, time.time())


def _seconds(option: Any, name: str) -> float | None:
    given, (kind, most) = getattr(option, f"zebu_{name}"), LIMITS[name]
    if given is None:
        return None
    try:
        return kind.validate_strings(given)
    except ValidationError:
        raise UsageProblem(f"--zebu-{name}={given[:60]}: is no number of seconds above 0 and up to {most}") from None
