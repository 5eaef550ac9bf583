"""What another machine saw counts as that vantage's, if its signer is known, it is fresh, and of this deployment; nothing else of it does."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.catalogue import load
from pytest_zebu.commands.cli import main
from pytest_zebu.facts import ALL, exposure
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.elsewhere import source
from pytest_zebu.facts.fact import Gathered, Look
from pytest_zebu.gather import signing
from pytest_zebu.gather.elsewhere import (
    FAST_SECONDS,
    KIND,
    KINDS,
    MOST_BYTES,
    MOST_LOOKS,
    MOST_OF_ONE,
    STANDS_IN,
    Handed,
    Kept,
    command,
    complaint,
    handed_to,
    read,
    taken_in,
    written,
)
from pytest_zebu.gather.outside import Outside
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.hostile_texts import DIRTY, forbidden

NOW = 1_795_764_600.0
HOUR = 3600.0
KEY = Ed25519PrivateKey.generate()
SIGNER = signing.fingerprint(KEY.public_key())
STRANGER = Ed25519PrivateKey.generate()
PUBLIC = "198.51.100.7"
PHONE = {"name": "phone", "kind": "internet", "signer": SIGNER}


def target(phone: dict[str, Any] | None = None, name: str = "vm", **domains: Any) -> Target:
    declared = {"site": "zebu.test", "addresses": [PUBLIC], **domains}
    vantages = [{"name": "lan", "kind": "lan"}, *([PHONE | phone] if phone is not None else [PHONE])]
    settings = Settings.model_validate({"domains": declared, "vantages": vantages})
    return Target(name=name, host=Host(address="192.0.2.7", public_address=PUBLIC), settings=settings)


def ports(**states: bool | None) -> dict[str, Any]:
    opened = dict.fromkeys(map(str, exposure.PORTS), False) | {
        name.removeprefix("p"): is_open for name, is_open in states.items()
    }
    return {"open": opened, "silent": [*exposure.UNOPENED], "control": True, "trouble": ""}


def tcp(address: str = PUBLIC) -> Look:
    return Look("tcp", f"ports of {address}", {"address": address, "ports": [*exposure.PORTS], "control": "1.1.1.1:53"})


def handed(*kept: Kept, **changed: Any) -> Handed:
    return replace(Handed("phone", NOW - 3 * HOUR, ("zebu.test",), (PUBLIC,), kept), **changed)


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    def make(of: Handed | None = None, key: Ed25519PrivateKey = KEY, name: str = "phone.json") -> Path:
        path = tmp_path / name
        path.write_text(written(of or handed(Kept(tcp(), ports(p80=True, p443=True))), key))
        return path

    return make


def phone_of(found: Target) -> Look:
    return next(look for look in exposure.looks(found) if look.vantage == "phone")


# What it has


def test_its_looks_stand_in_for_looking_from_there(hand_in: Callable[..., Path]) -> None:
    (found,) = taken_in([target()], [str(hand_in())], NOW)
    outside = Outside(found, lambda: Unknown(Reason.MISSING, "no ssh"), handed=handed_to(found, NOW))
    seen = outside.see(phone_of(found))
    assert [port for port, is_open in seen["open"].items() if is_open] == ["80", "443"]
    assert source(seen) == ("phone", NOW - 3 * HOUR)
    (view,) = [
        one
        for one in read_exposure(found, {phone_of(found).key: seen})
        if one.vantage.name == "phone" and one.address == PUBLIC
    ]
    assert (view.open[443], view.open[22]) == (Known(True), Known(False))
    assert view.place == "from phone, 3 hours ago"
    assert view.silent == {*exposure.UNOPENED}


def read_exposure(found: Target, looks: dict[str, Any]) -> tuple[exposure.View, ...]:
    answer = ALL["exposure"].read(Gathered({}, looks, NOW), found)
    assert isinstance(answer, Known)
    views: tuple[exposure.View, ...] = answer.value
    return views


def test_a_port_that_it_did_not_try_is_unknown_and_says_how_to_try_it() -> None:
    seen = handed(Kept(tcp(), ports(p80=True))).saw(
        replace(tcp(), arguments={**tcp().arguments, "ports": [80, 7777]}), NOW
    )
    assert seen["open"] == {"80": True, "7777": None}
    assert "--port 7777" in seen["trouble"]
    found = target()
    own = Look("tcp", "own ports", {"address": PUBLIC, "ports": [7777], "control": None}, "phone")
    assert handed(Kept(tcp(), ports())).saw(own, NOW)["open"] == {"7777": None}
    (view,) = [one for one in read_exposure(found, {phone_of(found).key: seen}) if one.ago]
    assert view.open[80] == Known(True)
    assert view.open[7777] == Unknown(Reason.UNDECIDABLE, f"phone could not try it: {seen['trouble']}")
    assert isinstance(view.open[22], Unknown), "of what is not asked for, nothing is told"


def test_what_it_does_not_have_is_unknown_with_its_age() -> None:
    seen = handed(Kept(tcp(), ports())).saw(tcp("2001:db8::1"), NOW)
    assert seen == Unknown(
        Reason.MISSING,
        "from phone, 3 hours ago: it did not look at 2001:db8::1: run `zebu look` there again, with --also 2001:db8::1",
    )


def test_what_it_could_not_see_stays_unknown() -> None:
    why = Unknown(Reason.UNREACHABLE, "no route")
    assert handed(Kept(tcp(), why)).saw(tcp(), NOW) == replace(why, detail="from phone, 3 hours ago: no route")


def test_where_its_control_address_did_not_answer_a_closed_port_says_nothing(hand_in: Callable[..., Path]) -> None:
    found = target()
    seen = read(hand_in(handed(Kept(tcp(), ports(p80=True) | {"control": False})))).saw(phone_of(found), NOW)
    (view,) = [one for one in read_exposure(found, {phone_of(found).key: seen}) if one.name == "phone" and one.ago]
    assert view.open[80] == Known(True)
    assert isinstance(view.open[5432], Unknown)


def test_a_look_at_something_else_is_not_taken_for_it() -> None:
    """The same subject, asked for in another way."""
    look = Look("http", "front", {"url": "https://zebu.test/", "names": ["zebu.test"], "control": "192.0.2.1:53"})
    kept = handed(Kept(look, {"status": 200}))
    elsewhere = replace(look, arguments={**look.arguments, "url": "https://other.test/"})
    assert isinstance(kept.saw(elsewhere, NOW), Unknown)
    own_control = replace(look, arguments={**look.arguments, "control": "1.1.1.1:53"})
    assert kept.saw(own_control, NOW)["status"] == 200


def test_it_stands_in_where_this_machine_saw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look("http", "front", {"url": "https://name.invalid/", "control": None})
    of_control = Look("tcp", "control", {"address": "name.invalid", "ports": [53], "control": None})
    kept = handed(Kept(look, {"status": 200}), Kept(of_control, ports(p53=True)))
    outside = Outside(target(), lambda: Unknown(Reason.MISSING, "no ssh"), handed={"phone": kept})
    assert outside.see(look)["status"] == 200
    assert source(outside.see(look)) == ("phone", kept.at)
    assert isinstance(outside.see(of_control), Unknown), "whether this machine's network is there, no other one tells"
    alone = Outside(target(), lambda: Unknown(Reason.MISSING, "no ssh"), handed={"phone": Unknown(Reason.MISSING, "x")})
    assert isinstance(alone.see(look), Unknown)
    monkeypatch.setattr(Outside, "_see", lambda self, look: {"status": 503})
    assert outside.see(look) == {"status": 503}, "what this machine sees itself, and now, counts"


@pytest.mark.parametrize(
    ("look", "is_same"),
    [
        (Look("tls", "zebu.test at 192.168.1.10", {"domain": "zebu.test", "address": "192.168.1.10"}), False),
        (Look("tls", "zebu.test at fd00::1", {"domain": "zebu.test", "address": "fd00::1"}), False),
        (Look("tls", "zebu.test at 198.51.100.7", {"domain": "zebu.test", "address": PUBLIC}), True),
        (Look("http", "x", {"url": "https://192.168.1.10:81/api/"}), False),
        (Look("http", "x", {"url": "http://[fe80::1]:81/api/"}), False),
        (Look("http", "x", {"url": "https://zebu.test/"}), True),
        (Look("dns", "zebu.test", {"domain": "zebu.test"}), True),
        (Look("tcp", "x", {"address": PUBLIC}), False),
        (Look("browser", "routes", {"urls": []}), False),
    ],
)
def test_an_address_that_is_another_machine_in_each_network_is_not_seen_from_elsewhere(
    look: Look, is_same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind another router, 192.168.1.10 is somebody else, or nobody: the proxy is not silent for that."""
    monkeypatch.setattr(Outside, "_see", lambda self, look: Unknown(Reason.UNREACHABLE, "no route"))
    kept = handed(Kept(look, {"refused": "TimeoutError"}))
    seen = Outside(target(), lambda: Unknown(Reason.MISSING, "no ssh"), handed={"phone": kept}).see(look)
    assert isinstance(seen, Unknown) is not is_same


def test_what_is_silent_now_is_not_passed_by_what_answered_before() -> None:
    """Where nothing tells whether this machine's network or the target is silent, an answer of hours ago says nothing of now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        silent = f"http://localhost:{listening.getsockname()[1]}/"
    look = Look(
        "http",
        "health",
        {"url": silent, "control": None, "addresses": ["127.0.0.1"], "resolvers": [], "names": ["localhost"]},
    )
    kept = handed(Kept(look, {"status": 200}))
    seen = Outside(target(), lambda: Unknown(Reason.MISSING, "no ssh"), handed={"phone": kept}).see(look)
    assert isinstance(seen, Unknown)
    assert "no vantage declares a control address" in seen.detail


def test_a_long_list_of_silent_ports_takes_no_longer_than_its_length() -> None:
    class Counted(int):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    wanted = [Counted(port) for port in range(1, 2001)]
    seen = {**ports(), "silent": list(range(10_000, 14_000))}
    full = replace(tcp(), arguments={**tcp().arguments, "ports": wanted})
    assert handed(Kept(tcp(), seen)).saw(full, NOW)["silent"] == []
    assert Counted.compared < 100 * len(wanted)


def test_without_a_file_nothing_is_looked_at_from_here_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outside, "_look", lambda self, look: pytest.fail("it looked from here"))
    found = target()
    outside = Outside(found, lambda: Unknown(Reason.MISSING, "no ssh"), handed=handed_to(found, NOW))
    seen = outside.see(phone_of(found))
    assert isinstance(seen, Unknown)
    assert "run `zebu look --site zebu.test --address 198.51.100.7 --as phone -o phone.json` there" in seen.detail
    assert "--zebu-look=FILE" in seen.detail


def test_a_file_that_is_gone_since_is_unknown(hand_in: Callable[..., Path]) -> None:
    path = hand_in()
    (found,) = taken_in([target()], [str(path)], NOW)
    path.unlink()
    answer = handed_to(found, NOW)["phone"]
    assert isinstance(answer, Unknown)
    assert "no such file" in answer.detail


# Whether it counts


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    ("of", "key", "phone", "words"),
    [
        (handed(), STRANGER, {}, "is signed by SHA256:"),
        (handed(vantage="tablet"), KEY, {}, "nobody knows who signed it: compare SHA256:"),
        (handed(vantage="lan"), KEY, {}, '"lan" is what a vantage of this machine is called: look again with --as'),
        (handed(names=("other.test",)), KEY, {}, "is of other names"),
        (handed(names=("zebu.test", "www.zebu.test")), KEY, {}, "is of other names"),
        (handed(addresses=("203.0.113.9",)), KEY, {}, "is of other addresses"),
        (handed(at=NOW + FAST_SECONDS + 60), KEY, {}, "ahead of this machine's clock"),
        (
            handed(at=NOW - 24 * HOUR - 1),
            KEY,
            {},
            "was seen 1 day ago, and counts for 24 hours (look_hours): look again: zebu look",
        ),
        (handed(), KEY, {"look_hours": 2.5}, "was seen 3 hours ago, and counts for 2.5 hours"),
    ],
)
@pytest.mark.parametrize("by", ["option", "settings"])
def test_what_does_not_count_is_refused_in_a_line(
    by: str, of: Handed, key: Ed25519PrivateKey, phone: dict[str, Any], words: str, hand_in: Callable[..., Path]
) -> None:
    path = hand_in(of, key)
    named = target({**phone, **({"look": str(path)} if by == "settings" else {})})
    if by == "settings" and of.vantage != "phone":
        words = f'was seen as "{of.vantage}", and not as "phone"'
    with pytest.raises(UsageProblem) as refused:
        taken_in([named], [str(path)] if by == "option" else [], NOW)
    line = str(refused.value)
    assert line.startswith(f"{path}: ")
    assert words in line
    assert "\n" not in line


def test_just_so_old_counts(hand_in: Callable[..., Path]) -> None:
    for at in (NOW - 24 * HOUR, NOW + FAST_SECONDS):
        assert taken_in([target()], [str(hand_in(handed(at=at)))], NOW)


def test_the_line_about_an_unknown_signer_has_what_to_declare(hand_in: Callable[..., Path]) -> None:
    nobody = target().model_copy(update={"settings": Settings.model_validate({"domains": {"site": "zebu.test"}})})
    with pytest.raises(UsageProblem) as refused:
        taken_in([nobody], [str(hand_in())], NOW)
    assert f'name = "phone", kind = "internet", signer = "{SIGNER}"' in str(refused.value)


def test_a_machine_without_a_public_address_has_none_to_look_at() -> None:
    found = target().model_copy(update={"host": Host(address="192.0.2.7")})
    vantage = found.settings.vantages[1]
    assert "public_address of vm is not set" in complaint(handed(signer=SIGNER), vantage, found, NOW)


def test_of_several_hosts_each_gets_its_own(hand_in: Callable[..., Path]) -> None:
    other = target(name="other").model_copy(update={"host": Host(public_address="203.0.113.9")})
    files = [str(hand_in()), str(hand_in(handed(addresses=("203.0.113.9",)), name="other.json"))]
    found = taken_in([target(), other], files, NOW)
    looks = [one.settings.vantages[1].look for one in found]
    assert [look.name for look in looks if look] == ["phone.json", "other.json"]
    only = taken_in([target(), other], files[:1], NOW)
    assert [one.settings.vantages[1].look is not None for one in only] == [True, False]


def test_of_several_hosts_the_settings_may_name_a_file_of_one(hand_in: Callable[..., Path]) -> None:
    mine = target({"look": str(hand_in())})
    other = mine.model_copy(update={"name": "other", "host": Host(public_address="203.0.113.9")})
    assert len(taken_in([mine, other], [], NOW)) == 2
    answer = handed_to(other, NOW)["phone"]
    assert isinstance(answer, Unknown)
    assert "is of other addresses" in answer.detail
    with pytest.raises(UsageProblem, match="is of other addresses"):
        taken_in([other], [], NOW)


def test_an_address_is_the_same_however_it_is_written() -> None:
    found = target().model_copy(update={"host": Host(public_address="2001:DB8:0::7")})
    of = handed(Kept(tcp("2001:db8::7"), ports(p80=True)), signer=SIGNER, addresses=("2001:db8::7",))
    assert complaint(of, found.settings.vantages[1], found, NOW) == ""
    assert of.saw(phone_of(found), NOW)["open"]["80"] is True


def test_two_of_the_same_are_refused(hand_in: Callable[..., Path]) -> None:
    files = [str(hand_in()), str(hand_in(name="again.json"))]
    with pytest.raises(UsageProblem, match="hand in one of them"):
        taken_in([target()], files, NOW)


def test_the_option_comes_before_the_settings(hand_in: Callable[..., Path]) -> None:
    stale = hand_in(handed(at=NOW - 100 * HOUR), name="stale.json")
    (found,) = taken_in([target({"look": str(stale)})], [str(hand_in())], NOW)
    assert found.settings.vantages[1].look == hand_in()


# Strangers' files


def signed(data: Any) -> str:
    return signing.sealed(data if isinstance(data, bytes) else json.dumps(data).encode(), KIND, KEY)


def payload(**changed: Any) -> dict[str, Any]:
    found = {"zebu_look": 1, "vantage": "phone", "at": NOW, "names": ["zebu.test"], "addresses": [PUBLIC], "looks": []}
    return {**found, **changed}


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "\x1f\x8b", "x" * 1000, signed(b""), signed(b"\xff"), signed(b"[" * 50_000), signed(b'{"zebu_look":1e999}'),
        signed([]), signed({}), signed(payload(zebu_look=2)), signed(payload(zebu_look=True)), signed(payload(zebu_look="1")),
        signed(payload(at=None)), signed(payload(at=True)), signed(payload(at=-1)), signed(payload(at=1e300)), signed(payload(at="now")),
        signed(payload(names=None)), signed(payload(names=[1])), signed(payload(names="zebu.test")), signed(payload(addresses={})),
        signed(payload(vantage=7)), signed(payload(looks={})), signed(payload(looks=[1])), signed(payload(looks=[{}])),
        signed(payload(looks=[{"kind": "tcp", "subject": "x", "arguments": []}])), signed(payload(looks=[{}] * (MOST_LOOKS + 1))),
        signed(b'{"zebu_look":1,"looks":[' + b"[]," * 600_000 + b"[]]}"),
    ],
    ids=range(30),
)  # fmt: skip
def test_what_is_none_is_refused_in_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    path.write_text(text)
    with pytest.raises(UsageProblem) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < len(str(path)) + 300


@pytest.mark.hostile("files")
def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for odd in (path, tmp_path, Path("/dev/zero"), tmp_path / "missing.json"):
        with pytest.raises(UsageProblem, match=r"cannot be read|no such file"):
            read(odd)


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "seen",
    [
        None, 7, "open", [], {}, {"open": []}, {"open": {"80": "yes"}, "silent": [], "control": True, "trouble": ""},
        {"open": {"80": True}, "silent": {}, "control": True, "trouble": ""},
        {"open": {"80": True}, "silent": [], "control": "yes", "trouble": ""}, {"$unknown": "no reason", "detail": "x"},
        {"$unknown": "garbled", "detail": "\x1b[2J" * 5000},
    ],
    ids=range(11),
)  # fmt: skip
def test_odd_looks_of_a_known_signer_are_unknown(seen: Any, tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    looks = [{"kind": "tcp", "subject": "ports", "arguments": dict(tcp().arguments), "seen": seen}]
    path.write_text(signed(payload(looks=looks)))
    found = read(path).saw(replace(tcp(), arguments={**tcp().arguments, "ports": [80]}), NOW)
    assert isinstance(found, Unknown)
    assert "\x1b" not in found.detail
    assert len(found.detail) < 3000


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("name", DIRTY)
def test_whatever_a_strangers_file_says_steers_no_terminal(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is refused is said in `zebu`'s own way out, and in that of the plugin."""
    path = tmp_path / "phone.json"
    path.write_text(signed(payload(vantage=DIRTY[name], names=[DIRTY[name]], addresses=[DIRTY[name]])))
    with pytest.raises(UsageProblem) as refused:
        taken_in([target()], [str(path)], NOW)
    monkeypatch.setattr("pytest_zebu.commands.due.run", lambda options: (_ for _ in ()).throw(refused.value))
    assert main(["due"]) == 1
    assert not forbidden(capsys.readouterr().err)


# What is written


def test_no_secret_is_written(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2" * 9
    path = tmp_path / "phone.json"
    path.write_text(written(handed(Kept(tcp(), ports() | {"trouble": f"token {token}"})), KEY))
    assert token.encode() not in signing.opened(path.read_bytes(), KIND).text
    assert token not in str(read(path).kept)


def test_what_came_of_one_look_has_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    look = Look("http", "front", {"url": "https://zebu.test/"})
    path.write_text(written(handed(Kept(look, {"body": "x" * MOST_OF_ONE}), Kept(tcp(), ports(p80=True))), KEY))
    found = read(path)
    assert isinstance(found.saw(look, NOW), Unknown)
    assert found.saw(tcp(), NOW)["open"]["80"] is True


def test_the_command_is_quoted_and_says_what_is_declared() -> None:
    found = target(
        addresses=["203.0.113.0/24", "203.0.113.5"], www="www.zebu.test", api="same-origin", resolvers=["192.0.2.1"]
    )
    vantage = found.settings.vantages[1].model_copy(update={"name": "my phone; id", "control": "1.1.1.1:53"})
    assert command(found, vantage) == (
        "zebu look --site zebu.test --www www.zebu.test --api same-origin --address 203.0.113.0/24 --address 203.0.113.5"
        " --public-address 198.51.100.7 --resolver 192.0.2.1 --as 'my phone; id' --control 1.1.1.1:53 -o 'my phone; id.json'"
    )


# All that it may have


def test_the_healthy_lab_is_judged_alike_whoever_looked_from_outside(tmp_path: Path) -> None:
    """All looks that another machine makes, written there, read here, and handed to every check."""
    here = recordings.evidence(recordings.read_healthy(), tmp_path)
    now = here.gathered.time
    looks = {
        key: look
        for key, look in recordings.looks_of(here).items()
        if look.subject != "own ports" and look.kind in (KINDS if look.vantage == "internet" else STANDS_IN)
    }
    kept = tuple(Kept(look, here.gathered.looks[key]) for key, look in looks.items())
    domains = here.target.settings.domains
    path = tmp_path / "phone.json"
    path.write_text(written(Handed("internet", now - 3 * HOUR, domains.names, domains.addresses, kept), KEY))
    handed_in = read(path)
    seen = {key: handed_in.saw(look, now) for key, look in looks.items()}
    assert len(seen) > 40
    gathered = replace(here.gathered, looks={**here.gathered.looks, **seen})
    there = Evidence(here.target, gathered, here.records, here.past, here.incidents)
    aged = 0
    for item in load():
        mine, theirs = here.judge(item.id), there.judge(item.id)
        assert (theirs.outcome, theirs.reason) == (mine.outcome, mine.reason), item.id
        aged += any("from internet, 3 hours ago: " in line for line in theirs.evidence)
    assert aged > 25
