"""How redirects are judged: as a browser goes, to their end, and only to addresses that are declared."""

from __future__ import annotations

from collections.abc import Collection

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import need
from pytest_zebu.facts.http import Way


def expect_way(url: str, location: str, way: Way, names: Collection[str]) -> urls.Url:
    """A redirect leads over https, at its own port, to a declared name, and from there to an answer.

    Args:
        url: what was asked for.
        location: where its answer leads.
        way: the answers that follow.
        names: the names to which it may lead.

    Returns:
        Where the first answer leads.
    """
    first = _expect_declared(location, url, names)
    steps = need(way)
    for step in steps:
        assert not step.trouble, (
            f"{step.url} {step.trouble}" if step.status else f"leads to {step.url}, which {step.trouble}"
        )
        _expect_declared(step.url, url, names)
    return first


def _expect_declared(location: str, base: str, names: Collection[str]) -> urls.Url:
    there = urls.read(location, base) if location else None
    assert there is not None, f"leads to {location or 'nowhere'}, which is no address"
    assert there.scheme == "https", f"leads to {location}, not to https"
    assert there.host in {name.lower() for name in names}, f"leads to {there.host}, which is not declared"
    assert there.port == urls.PORTS["https"], f"leads to {there.origin}: that port is nobody's"
    return there
