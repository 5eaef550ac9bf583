"""The pytest plugin as every run on this Python meets it: the options, and the way to all else for those who use them.

Installed beside tests that have nothing to do with it, it must change nothing and cost next to nothing: what judges is
imported when there is something to judge.

Hooks: https://docs.pytest.org/en/stable/reference/reference.html#hooks
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.plugin.options import OPTIONS, settle_options

GROUP = (
    "production readiness of a Zebu deployment (each option may also be set as ZEBU_NAME in the environment, or as "
    "zebu_NAME in the ini file)"
)
MARKED = pytest.StashKey[bool]()
MADE = pytest.StashKey[dict[str, pytest.MarkDecorator]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    parser.getgroup("zebu", GROUP)
    for option in OPTIONS:
        option.declare(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """With a host or a replay, set up the run."""
    settle_options(config)
    if config.option.zebu_host is not None or config.option.zebu_replay is not None:
        from pytest_zebu.plugin.garbage import left_alone

        with left_alone():
            from pytest_zebu.plugin.calling import call

            called = call(config)
            _register_markers(config)  # this, and what judges is imported, while ssh logs in
            from pytest_zebu.plugin.setup import set_up

            set_up(config, called)
    elif config.option.markers and _is_zebu_project(config):
        _register_markers(config)


def _is_zebu_project(config: pytest.Config) -> bool:
    return bool(config.option.zebu_config) or Path("zebu.toml").exists()


def _register_markers(config: pytest.Config) -> None:
    if not config.stash.get(MARKED, False):
        from pytest_zebu.catalogue import load

        config.stash[MARKED] = True
        for name, text in load().markers.items():
            config.addinivalue_line("markers", f"{name}: {text}")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test that decides an item of the checklist the markers that the catalogue has for it."""
    item_id = _item_of(item)
    if item_id:
        from pytest_zebu.catalogue import load

        _register_markers(item.config)
        found = load()[item_id]
        made = item.config.stash.setdefault(MADE, {})
        for name in found.markers:
            if name not in made:
                made[name] = getattr(pytest.mark, name)
            item.add_marker(made[name])
        item.user_properties += [("id", found.id), ("stage", found.stage.value), ("category", found.category)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a host, items of the checklist cannot be judged: say so in one line."""
    if config.pluginmanager.has_plugin("zebu-run") or config.option.collectonly:
        return
    if any(_item_of(item) for item in items):
        from pytest_zebu.plugin.fixtures import NO_HOST

        raise pytest.UsageError(f"zebu: {NO_HOST}")


def _item_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("zebu_item", "")) if callspec is not None else ""
