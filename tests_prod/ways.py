"""How redirects are judged: as a browser goes, to their end, and only to addresses that are declared."""

from __future__ import annotations

from collections.abc import Collection

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import NotAssessed, need
from pytest_zebu.facts.http import Way
from pytest_zebu.facts.web import Answer


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


def arrived(said: Answer, names: Collection[str]) -> Answer:
    """The answer where users end who are led on, under these names."""
    expect_let_pass(said.status)
    if not said.is_redirect:
        return said
    expect_way(said.url, said.location, said.way, names)
    if said.end is None:
        raise NotAssessed("what is at the end of the redirect was not seen")
    expect_let_pass(said.end.status)
    return said.end


def expect_let_pass(status: int) -> None:
    """Who counts requests, of which a run makes many, let this one pass.

    Raises:
        NotAssessed: it did not, and what users get was not seen.
    """
    if status == 429:
        raise NotAssessed("is answered with 429: there were too many requests to tell")


def expect_whole_way(url: str, way: Way, path: str) -> None:
    """Each step to another name, or to https, keeps what was asked for; what a name makes of its own paths is its own."""
    before = url
    for step in need(way):
        there = urls.read(step.url)
        if there is None or there.origin == urls.origin(before):
            return
        assert there.path == path, f"loses the way: {before} leads to {step.url}"
        before = step.url
