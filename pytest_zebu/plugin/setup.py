"""Sets up a run that judges: its targets, its hooks, and what other plugins are told of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.files import check_writable, is_device, why
from pytest_zebu.gather import ssh
from pytest_zebu.plugin import fixtures
from pytest_zebu.plugin.calling import Called, said
from pytest_zebu.plugin.checks import SUITE, suite_folder
from pytest_zebu.plugin.fixtures import RUN
from pytest_zebu.plugin.judging import RunHooks, XdistHooks
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.plugin.runner import RunnerHooks
from pytest_zebu.plugin.telling import Telling
from pytest_zebu.reports.formats import Destination, destinations
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.readiness import Gate


def set_up(config: pytest.Config, called: Called) -> None:
    """Make the run, and register what takes part in it.

    Args:
        config: pytest's.
        called: who is asked.

    Raises:
        UsageError: an option, the settings or a file is wrong.
    """
    worker = getattr(config, "workerinput", None)
    with said(config):
        run = _run(config, called, worker)
    config.stash[RUN] = run
    config.pluginmanager.register(fixtures, "zebu-fixtures")
    hooks = RunHooks(run, config, is_worker=worker is not None, wanted=_choose(config))
    config.pluginmanager.register(hooks, "zebu-run")
    config.pluginmanager.register(Telling(hooks, config), "zebu-telling")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(XdistHooks(run, hooks), "zebu-xdist")
    if (runner := RunnerHooks.of(hooks)) is not None:
        config.pluginmanager.register(runner, "zebu-runner")
    if worker is None:
        if len(run.targets) == 1 and not run.options.replay:
            ssh.lend(config.option, lambda: run.connection(next(iter(run.targets))))
        _style_html(config)
    if not getattr(config.option, "hosts", None):
        lacks = "a replay has no machine to ask" if run.options.replay else "of several hosts it would ask none"
        config.pluginmanager.register(fixtures.NoHost(lacks), "zebu-no-host")


def _run(config: pytest.Config, called: Called, worker: dict[str, Any] | None) -> Run:
    option, found = config.option, called.targets
    save, replay = (name and Path(name) for name in (option.zebu_save, option.zebu_replay))
    shared: dict[str, Any] = {"folder": Path(worker["zebu_folder"]), "owns_folder": False} if worker else {}
    named = option.zebu_config and Path(option.zebu_config)
    options = Options(Gate(option.zebu_gate), _reports(option), save, replay, named)
    _expect_a_file_each(option, options)
    if worker is None and not option.collectonly:
        _expect_writable(option, options, found)
    return Run({target.name: target for target in found}, options, connections={**called.connections}, **shared)


def _suite_folder() -> Path:
    folder = suite_folder()
    if folder is None:
        raise pytest.UsageError("zebu: the suite tests_prod is not installed beside the plugin")
    return folder


def _choose(config: pytest.Config) -> tuple[str, ...]:
    """Let pytest collect the suite where nothing else is named, and as a whole: so a test's node id is always the same.

    A node id of the suite, as pytest prints it, is understood in every folder.

    Returns:
        What of the suite is named, as places in it.
    """
    suite, named = _suite_folder(), []
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(suite)]
        return ()
    arguments: list[str] = []
    for argument in config.args:
        name, mark, inside = argument.partition("::")
        found = _in_suite(config, name, suite)
        if found is None:
            arguments.append(argument)
        elif suite.is_relative_to(config.rootpath):  # pytest names tests by their places below its rootdir
            arguments.append(f"{found}{mark}{inside}")
        else:
            place = found.relative_to(suite)
            named.append((str(place) if place.parts else "") + mark + inside)
            arguments += [] if str(suite) in arguments else [str(suite)]
    config.args = arguments
    return tuple(named)


def _in_suite(config: pytest.Config, name: str, suite: Path) -> Path | None:
    """The file or the folder of the suite that an argument names, if it names one."""
    if config.option.pyargs and name.partition(".")[0] == SUITE:
        path = suite.parent.joinpath(*name.split("."))
        return next((one for one in (path, path.with_suffix(".py")) if one.exists()), None)
    here = config.invocation_params.dir / name
    if here.exists():
        found = Path(os.path.realpath(here))
        return suite / found.relative_to(real) if found.is_relative_to(real := Path(os.path.realpath(suite))) else None
    if not here.name.startswith("test_"):
        return None
    found_in = (folder / name for folder in (config.rootpath, suite, suite.parent))
    return next((one for one in found_in if one.is_file() and one.is_relative_to(suite)), None)


def _reports(option: Any) -> tuple[Destination, ...]:
    return destinations(option.zebu_report, option.zebu_json)


def _expect_a_file_each(option: Any, options: Options) -> None:
    """Two that are written into one file would leave one of them.

    Raises:
        UsageProblem: a file is named twice.
    """
    found: dict[str, str] = {}
    for flag, path in _files(option, options):
        place = _place(path)
        if place is not None and (other := found.setdefault(place, flag)) != flag:
            raise UsageProblem(f"{path} is named for {other} and for {flag}: name two files")


def _files(option: Any, options: Options) -> Iterator[tuple[str, Path]]:
    """The files that a run is to write, with the options that name them."""
    for one in options.reports:
        yield f"--zebu-report={one.format}", one.path
    if options.save is not None:
        yield "--zebu-save", options.save
    for flag, name in (("--html", "htmlpath"), ("--junit-xml", "xmlpath")):
        if said := getattr(option, name, None):
            yield flag, Path(os.path.expandvars(said)).expanduser()


def _place(path: Path) -> str | None:
    """Where a file is, wherever links lead; nothing for what is no file: writing it says why."""
    try:
        return None if is_device(path) else os.path.realpath(path)
    except (OSError, ValueError):
        return None


def _expect_writable(option: Any, options: Options, found: Iterable[Target]) -> None:
    """Refuse what could not be written before anything is gathered; what is there stays as it is.

    Raises:
        UsageProblem: a file cannot be written; the text says for which option, why, and what helps.
    """
    for flag, path in _files(option, options):
        what = f"{flag} cannot be written"
        if path == options.save and is_device(path):  # it is private, and who may read a device is not ours to say
            raise UsageProblem(f"{what}: {path}: is no regular file; name another file")
        _expect_one_writable(path, what, "name another file")
    for target in found if options.replay is None else ():
        _expect_one_writable(
            target.settings.history_file,
            "what runs remember cannot be written",
            "evidence.history in zebu.toml names another file",
        )


def _expect_one_writable(path: Path, what: str, remedy: str) -> None:
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        folder = next(parent for parent in path.parents if parent.exists())
        if folder == path.parent:
            check_writable(path)
        elif (
            not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir()
        ):  # folders on the way are made when it is written
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except (OSError, ValueError) as error:
        reason = f"{error.filename} is no folder" if isinstance(error, FileExistsError) else why(error)
        raise UsageProblem(f"{what}: {path}: {reason}; {remedy}") from None


def _style_html(config: pytest.Config) -> None:
    """Make pytest-html's page ours."""
    if getattr(config.option, "htmlpath", None):
        config.option.self_contained_html = True
        config.option.css = [str(resources.files("pytest_zebu.reports").joinpath("report.css")), *config.option.css]
