"""`zebu look`: see a deployment from this machine as any stranger would, and write that, signed, for who judges it elsewhere. It needs no access to the target."""

from __future__ import annotations

import argparse
import atexit
import ipaddress
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from pydantic import ValidationError
from urllib3.exceptions import InsecureRequestWarning

from pytest_zebu.commands.calls import NAMES, VANTAGE
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.files import check_writable, why, write_whole
from pytest_zebu.gather import elsewhere, signing
from pytest_zebu.gather.deadline import Deadline, are_done, aside
from pytest_zebu.gather.elsewhere import KINDS, Handed, Kept, is_same_elsewhere
from pytest_zebu.gather.outside import LOOK_SECONDS, Outside, answers
from pytest_zebu.plugin.run import LEAVING_SECONDS, leave
from pytest_zebu.settings import Settings, find
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.sections import ELSEWHERE, Domains, Host, Vantage
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import say

NO_SSH = Unknown(Reason.NOT_CONFIGURED, "zebu look has no ssh")
MOST_REASONS = 5


def run(options: argparse.Namespace) -> int:
    """Look, and write.

    Raises:
        UsageProblem: what is to be looked at is not known, or there is no key to sign with.
        OSError: the file cannot be written.
    """
    path = Path(options.file)
    target, also = _target(options), [_address("--also", one) for one in options.also]
    key = signing.own_key()
    try:
        check_writable(path)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{path}: cannot be written: {why(error)}") from None
    vantage = target.settings.vantages[0]
    if not _is_there(vantage):
        say(
            f"zebu: the control address {vantage.control} does not answer here: what is silent will not be known",
            sys.stderr,
        )
    handed = seen(target, options.port, also, lambda text: say(f"zebu: {text}", sys.stderr))
    write_whole(path, elsewhere.written(handed, key), is_private=True)
    say(f"{path}: {len(handed.kept)} looks of {vantage.name} at {', '.join((*handed.names, *handed.addresses))}")
    for line in _unseen(handed):
        say(f"  {line}")
    signer = signing.fingerprint(key.public_key())
    say(f"signed by {signer}, the key in {signing.key_place()}")
    say("where it is judged, zebu.toml needs, once:")
    for line in ("[[vantages]]", f'name = "{vantage.name}"', 'kind = "internet"', f'signer = "{signer}"'):
        say(f"  {line}")
    say(f"then: pytest --zebu-host=HOST --zebu-look={path}")
    if not are_done(LEAVING_SECONDS):
        atexit.register(leave, 0)
    return 0


def _unseen(handed: Handed) -> Iterator[str]:
    """Why something was not seen, each reason once."""
    reasons = Counter(one.seen.detail for one in handed.kept if isinstance(one.seen, Unknown))
    for reason, count in reasons.most_common(MOST_REASONS):
        yield f"not seen, {count} of them: {reason}"
    if len(reasons) > MOST_REASONS:
        yield f"not seen, for {len(reasons) - MOST_REASONS} more reasons: {sum(reasons.values())} in all"


def seen(target: Target, ports: Iterable[int], also: Iterable[str], watch: Callable[[str], None]) -> Handed:
    """What this machine sees, as the one vantage that the target's settings have.

    Args:
        target: what is looked at.
        ports: those that are tried besides.
        also: addresses of the machine whose ports are tried besides.
        watch: told what is being done.
    """
    looks = list(_looks(target, ports, also))
    watch(f"{len(looks)} looks from here, as {target.settings.vantages[0].name}")
    began = time.time()
    longest = LOOK_SECONDS["tcp"] if target.scan == "full" else 0
    deadline = Deadline.after(target.settings.deadline + longest)
    outside = Outside(target, lambda: NO_SSH, deadline)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        jobs = [(look, aside(partial(outside.see, look))) for look in looks]
        kept = tuple(Kept(look, deadline.result(job, f"{look.kind} {look.subject}")) for look, job in jobs)
    addresses = dict.fromkeys(str(look.arguments["address"]) for look in looks if look.kind == "tcp")
    return Handed(target.settings.vantages[0].name, began, target.settings.domains.names, tuple(addresses), kept)


def _looks(target: Target, ports: Iterable[int], also: Iterable[str]) -> Iterator[Look]:
    """All that facts would look at from here that needs no login, no browser and no secret; each once."""
    vantage = target.settings.vantages[0]
    asked = (look for fact in ALL.values() for look in fact.looks(target))
    found = {look.key: look for look in sorted(asked, key=lambda look: look.extent)}
    for look in found.values():
        if look.kind in KINDS if look.vantage == vantage.name else is_same_elsewhere(look):
            yield from _at_each_address(target, look, ports, also) if look.kind == "tcp" else (look,)


def _at_each_address(target: Target, look: Look, ports: Iterable[int], also: Iterable[str]) -> Iterator[Look]:
    """The ports of the public address, of the others to which the names lead, and of those that are given."""
    more = {*look.arguments["ports"], *ports}
    others = [one for one in target.settings.domains.addresses if "/" not in one]
    for address in dict.fromkeys((look.arguments["address"], *others, *also)):
        # What answers by IPv4 proves nothing about IPv6.
        control = look.arguments["control"] if ":" not in address else None
        changed = {**look.arguments, "address": address, "ports": sorted(more), "control": control}
        yield replace(look, subject=f"ports of {address}", arguments=changed)


# What is looked at


def _target(options: argparse.Namespace) -> Target:
    """What the settings or the options name, seen from one vantage: this machine."""
    is_named = any(getattr(options, name) for name in (*NAMES, "address", "public_address", "resolver"))
    if is_named and (options.config or options.host):
        raise UsageProblem(
            "name the deployment by --site, --address and the like, or by the settings (HOST, --config), and not by both"
        )
    settings, host = _by_flags(options) if is_named else _by_settings(options)
    if not settings.domains.names:
        raise UsageProblem("no name is declared: --site, or domains.site in zebu.toml")
    name = options.vantage or next((one.name for one in settings.vantages if one.signer), VANTAGE)
    declared = next((one.control for one in settings.vantages if one.name == name and one.signer), None)
    control = options.control or declared or f"{settings.domains.resolvers[0]}:53"
    if not ELSEWHERE.fullmatch(name):
        raise UsageProblem(f"--as {name[:100]}: write a name of letters, digits and any of _ . -")
    vantage = _valid(Vantage, name=name, kind="internet", control=control)
    if wrong := [port for port in options.port if port not in range(1, 65_536)]:
        raise UsageProblem(f"--port {wrong[0]}: is no port from 1 to 65535")
    settings = settings.model_copy(update={"vantages": (vantage,)})
    return Target(name=host[0], host=host[1], settings=settings, scan=options.scan)


def _by_flags(options: argparse.Namespace) -> tuple[Settings, tuple[str, Host]]:
    names = {name: value for name in NAMES if (value := getattr(options, name))}
    asked = {"resolvers": options.resolver} if options.resolver else {}
    settings = _valid(Settings, domains={**names, **asked, "addresses": options.address})
    public = options.public_address or next((one for one in settings.domains.addresses if "/" not in one), None)
    if public is None:
        raise UsageProblem(
            "--address is missing: where the names lead, or --public-address, as it is declared where the file is judged"
        )
    if not _is_name(public):  # whose address moves has a name for it
        public = _address("--public-address", public)
    return settings, (public, _valid(Host, public_address=public))


def _address(flag: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageProblem(f"{flag} {text[:100]}: is no address") from None


def _is_name(text: str) -> bool:
    """Whether it is a name that the world may know; the last part of one is no number (RFC 3696, 2)."""
    try:
        return Domains.model_validate({"site": text}).site is not None and not text.rpartition(".")[2].isdigit()
    except ValidationError:
        return False


def _by_settings(options: argparse.Namespace) -> tuple[Settings, tuple[str, Host]]:
    settings = find(options.config)
    public = {name: host for name, host in settings.hosts.items() if host.public_address}
    if options.host and options.host not in settings.hosts:
        raise UsageProblem(
            f"{options.host!r} is not in [hosts]: `zebu look` knows no ssh; copy zebu.toml here, or name --site and --address"
        )
    if options.host and options.host not in public:
        raise UsageProblem(
            f"hosts.{options.host}.public_address is not set: from the internet there is nothing else to look at"
        )
    if not options.host and len(public) != 1:
        several = f"which of {', '.join(sorted(public))}?" if public else "no host has a public_address in zebu.toml"
        raise UsageProblem(f"{several} (copy zebu.toml here and name HOST, or name --site and --address)")
    name = options.host or next(iter(public))
    return settings.for_host(name), (name, public[name])


def _valid(model: Any, **values: Any) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UsageProblem(explain(Path("zebu look"), error, model)) from None


def _is_there(vantage: Vantage) -> bool:
    try:
        return answers(vantage.control)
    except OSError:
        return False
