"""The pytest plugin: options, markers, fixtures, and hooks that delegate.

Hooks: https://docs.pytest.org/en/stable/reference/reference.html#hooks
"""

from __future__ import annotations

import importlib.util
import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.files import check_writable
from pytest_zebu.gather.targets import chosen, enter_lab, targets
from pytest_zebu.plugin import fixtures
from pytest_zebu.plugin.fixtures import RUN
from pytest_zebu.plugin.judging import RunHooks, XdistHooks
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.reports.formats import Destination, destinations, not_written
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.readiness import Gate


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("zebu", "production readiness of a Zebu deployment")
    add = group.addoption
    add(
        "--zebu-host",
        metavar="HOST[,HOST]",
        help="what to judge: a name from zebu.toml, an ssh alias, ssh://user@host:port, or lab",
    )
    add(
        "--zebu-config",
        metavar="FILE",
        help="the settings (default: $ZEBU_CONFIG, else zebu.toml in the current folder)",
    )
    add(
        "--zebu-gate",
        choices=[gate.value for gate in Gate],
        default=Gate.SCORE.value,
        help="what fails the run: score (a selected stage is not ready; default), strict (any failed item), off",
    )
    add(
        "--zebu-report",
        metavar="FORMAT:FILE",
        action="append",
        default=[],
        help="write a report: json, terminal, or a format that another package brings; may be given several times",
    )
    add(
        "--zebu-json",
        metavar="FILE",
        help="the same as --zebu-report=json:FILE (schema: pytest_zebu/reports/report.schema.json)",
    )
    add("--zebu-save", metavar="FILE", help="keep what was gathered, to judge it again later")
    add("--zebu-replay", metavar="FILE", help="judge what --zebu-save kept, without the host")
    add(
        "--zebu-timeout",
        metavar="SECONDS",
        type=float,
        help="the longest that gathering over ssh may take (default: 30)",
    )
    add(
        "--zebu-scan",
        choices=["usual", "full"],
        default="usual",
        help="the TCP ports that are tried from each vantage: the usual ones and the machine's own (default), or all",
    )
    add(
        "--zebu-active",
        metavar="PROBE[,PROBE]",
        default="",
        help="probes that write, and clean up after themselves: functional, restore, attack (default: none)",
    )


def _targets(config: pytest.Config) -> tuple[Target, ...]:
    option = config.option
    names = option.zebu_host
    if option.zebu_replay is not None and not names:
        from pytest_zebu.gather.snapshot import read

        names = ",".join(read(Path(option.zebu_replay)))
    if option.zebu_replay is not None and "lab" in names.split(","):
        # A snapshot of the lab is judged with the settings that are named; the lab need not be up.
        from pytest_zebu.settings import find
        from pytest_zebu.settings.sections import Host

        settings = find(option.zebu_config)
        return tuple(
            Target(name=name, host=settings.hosts.get(name, Host()), settings=settings) for name in names.split(",")
        )
    return targets(names, option.zebu_config, option.zebu_timeout)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register markers; with a host or a replay, set up the run."""
    for name, text in load().markers.items():
        config.addinivalue_line("markers", f"{name}: {text}")
    config.pluginmanager.register(fixtures, "zebu-fixtures")
    if config.option.zebu_host is None and config.option.zebu_replay is None:
        return
    worker = getattr(config, "workerinput", None)
    option = config.option
    try:
        found = tuple(chosen(target, option.zebu_scan, option.zebu_active) for target in _targets(config))
        save, replay = (name and Path(name) for name in (option.zebu_save, option.zebu_replay))
        options = Options(Gate(option.zebu_gate), _reports(option), save, replay)
        shared: dict[str, Any] = {"folder": Path(worker["zebu_folder"]), "owns_folder": False} if worker else {}
        if worker is None and option.zebu_replay is None:
            enter_lab(found)
        run = Run({target.name: target for target in found}, options, **shared)
    except UsageProblem as error:
        raise pytest.UsageError(f"zebu: {error}") from None
    config.stash[RUN] = run
    hooks = RunHooks(run, config, is_worker=worker is not None)
    config.pluginmanager.register(hooks, "zebu-run")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(XdistHooks(run), "zebu-xdist")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(_suite_folder())]
    if worker is None:
        _lend_connection(config, run)
        hooks.troubles += _style_html(config)


def _suite_folder() -> Path:
    spec = importlib.util.find_spec("tests_prod")
    if spec is None or spec.origin is None:
        raise pytest.UsageError("zebu: the suite tests_prod is not installed beside the plugin")
    return Path(spec.origin).parent


def _lend_connection(config: pytest.Config, run: Run) -> None:
    """Give testinfra's `host` fixture our connection, unless the user named hosts of their own."""
    option = config.option
    if (
        getattr(option, "hosts", None)
        or getattr(option, "ssh_config", None)
        or len(run.targets) != 1
        or run.options.replay
    ):
        return
    connection = run.connection(next(iter(run.targets)))
    option.hosts = f"ssh://{connection.destination}"
    option.ssh_config = str(connection.config)


def _reports(option: Any) -> tuple[Destination, ...]:
    return destinations([*option.zebu_report, *([f"json:{option.zebu_json}"] if option.zebu_json else [])])


def _style_html(config: pytest.Config) -> list[str]:
    """Make pytest-html's page ours. Where it could not be written, the run goes on without, and a line says so."""
    path = getattr(config.option, "htmlpath", None)
    if not path:
        return []
    try:
        check_writable(Path(os.path.expandvars(path)).expanduser())
    except OSError as error:
        config.option.htmlpath = None
        return [not_written(path, error)]
    config.option.self_contained_html = True
    config.option.css = [*config.option.css, str(resources.files("pytest_zebu.reports").joinpath("report.css"))]
    return []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a host, items of the checklist cannot be judged: say so in one line."""
    if RUN not in config.stash and not config.option.collectonly:
        for item in items:
            if "zebu_item" in getattr(item, "fixturenames", ()):
                raise pytest.UsageError(
                    "zebu: name what to judge: --zebu-host=HOST (zebu.toml, an ssh alias, ssh://user@host:port, or lab)"
                )


def pytest_unconfigure(config: pytest.Config) -> None:
    """End connections, remove what the processes of this run shared."""
    if RUN in config.stash:
        config.stash[RUN].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With several hosts, each item is judged for each."""
    run = metafunc.config.stash.get(RUN, None)
    if run is not None and len(run.targets) > 1 and "zebu_target" in metafunc.fixturenames:
        metafunc.parametrize("zebu_target", list(run.targets), indirect=True)
