"""A snapshot file: what is written is what is read."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.snapshot import (
    DEEPEST,
    MOST_BYTES,
    MOST_VALUES,
    TRIALS_AMONG_LOOKS,
    Snapshot,
    dump,
    read,
    write,
)
from pytest_zebu.settings.errors import UsageProblem
from tests import recorded

WHY = Unknown(Reason.NOT_CONFIGURED, "domains.staging is not set")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    gathered = Gathered(
        {"one": Said(0, "a"), "two": WHY},
        {"tcp@here ports": {"open": {"22": True}, "inner": WHY}},
        12.5,
        {"use": {"left": 0, "deep": [WHY]}, "staged_use": WHY},
    )
    snapshot = Snapshot("vm", gathered, reachable=True, logins=1, round_trips=2, seconds=1.5)
    write(tmp_path / "a.json", {"vm": snapshot})
    assert read(tmp_path / "a.json") == {"vm": snapshot}
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    written = json.loads((tmp_path / "a.json").read_text())["hosts"]["vm"]["gathered"]
    assert sorted(written["trials"]) == ["staged_use", "use"]


def test_trials_of_an_older_snapshot_are_found(tmp_path: Path) -> None:
    """They stood among the looks."""
    said = json.loads(recorded.SNAPSHOT.read_text())
    gathered = said["hosts"]["lab"]["gathered"]
    gathered["looks"] |= {key: {"of": name} for key, name in TRIALS_AMONG_LOOKS.items()}
    gathered.pop("trials", None)
    (tmp_path / "old.json").write_text(json.dumps(said))
    found = read(tmp_path / "old.json")["lab"].gathered
    assert found.trials == {name: {"of": name} for name in ("use", "staged_use", "drill", "attack")}
    assert not TRIALS_AMONG_LOOKS.keys() & found.looks.keys()


SNAPSHOT = Snapshot("vm", Gathered({"a": Said(1, "out\n", "err"), "b": WHY}), reachable=True)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no such snapshot"):
        read(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("change", "why"),
    [({"zebu_snapshot": 0}, "version 0"), ({"hosts": []}, "damaged"), ({"hosts": {"vm": {}}}, "damaged")],
)
def test_a_file_that_is_none_of_ours(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps({**json.loads(dump({"vm": SNAPSHOT})), **change}))
    with pytest.raises(UsageProblem, match=why):
        read(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_short(share: float, tmp_path: Path) -> None:
    path, text = tmp_path / "snapshot.json", dump({"vm": SNAPSHOT})
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(UsageProblem, match="cut short"):
        read(path)


# Strangers' files


def changed(**parts: Any) -> dict[str, Any]:
    """A snapshot file's data, with parts of its one host, or of what was gathered, otherwise."""
    data: dict[str, Any] = json.loads(dump({"vm": SNAPSHOT}))
    host = data["hosts"]["vm"]
    for key, value in parts.items():
        place = host["gathered"] if key in ("time", "answers", "looks", "trials") else host
        if value is None:
            del place[key]
        else:
            place[key] = value
    return data


DAMAGED: dict[str, dict[str, Any]] = {
    "no answers": {"answers": None}, "answers in a list": {"answers": []}, "answers as text": {"answers": "x"},
    "no looks": {"looks": None}, "looks in a list": {"looks": [1]}, "trials as text": {"trials": "use"}, "no time": {"time": None},
    "time as text": {"time": "12"}, "time as truth": {"time": True}, "time before all": {"time": -1}, "time after all": {"time": 1e18},
    "time of many digits": {"time": 10**30}, "seconds before none": {"seconds": -5}, "seconds as list": {"seconds": []},
    "reachable as number": {"reachable": 1}, "reachable as text": {"reachable": "false"}, "no reachable": {"reachable": None},
    "host as number": {"host": 5}, "host as table": {"host": {}}, "logins as text": {"logins": "many"}, "logins as truth": {"logins": True},
    "round trips of many digits": {"round_trips": 10**39}, "gathered as list": {"gathered": []}, "no gathered": {"gathered": None},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("parts", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_part_of_a_host(parts: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(changed(**parts)))
    with pytest.raises(UsageProblem, match=r"damaged \(") as error:
        read(path)
    assert len(str(error.value)) < 300 + len(str(path))


NAMES = (
    "", "-oProxyCommand=sh", "../../etc/passwd", "/etc/passwd", "a,b", "a b", "a\nb", "a\x1b[2Jb", "a\u202eb", "<script>", '"', "a;reboot", "$(reboot)", "`id`",
    "a|b", "a&b", "a'b", "x" * 300, "a\\b", "ssh://", "a\x00b", "http://a/b", "%h {",
)  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_what_is_no_name_of_a_host(name: str, tmp_path: Path) -> None:
    """Without --zebu-host, the names of a stranger's file are asked about: ssh reads its configuration for each."""
    data = changed()
    data["hosts"] = {name: data["hosts"]["vm"]}
    (tmp_path / "snapshot.json").write_text(json.dumps(data))
    with pytest.raises(UsageProblem, match="is no name of a host") as error:
        read(tmp_path / "snapshot.json")
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    ["vm", "vm-1.example.org", "root@10.0.0.1:22", "ssh://root@[fd00::1]:22", "fd00::1", "10.0.0.1", "ssh://vm/"],
)
def test_what_is_a_name_of_a_host(name: str, tmp_path: Path) -> None:
    write(tmp_path / "snapshot.json", {name: SNAPSHOT})
    assert read(tmp_path / "snapshot.json") == {name: SNAPSHOT}


ODD_ANSWERS: dict[str, Any] = {
    "nothing": None, "a number": 5, "a text": "out", "a list": [0, "out", ""], "no status": {"out": "", "err": ""}, "status as text": {"status": "0", "out": "", "err": ""},
    "status as truth": {"status": False, "out": "", "err": ""}, "status with parts": {"status": 0.0, "out": "", "err": ""},
    "status beyond all": {"status": 2**40, "out": "", "err": ""}, "output in a list": {"status": 0, "out": ["a"], "err": ""},
    "output as nothing": {"status": 0, "out": None, "err": ""}, "no complaint": {"status": 0, "out": ""}, "a reason that is none": {"$unknown": "because", "detail": ""},
    "a reason in a list": {"$unknown": [], "detail": ""}, "a reason without detail": {"$unknown": "garbled"}, "a detail as number": {"$unknown": "garbled", "detail": 1},
    "a reason and more": {"$unknown": "garbled", "detail": "", "status": 0, "out": "", "err": ""}, "more than is kept": {"status": 0, "out": "x" * 2**23, "err": ""},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_odd_answer_is_unknown_and_no_other(answer: Any, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(changed(answers={"odd": answer, "good": {"status": 0, "out": "a", "err": ""}})))
    found = read(path)["vm"].gathered.answers
    assert found["good"] == Said(0, "a")
    odd = found["odd"]
    assert isinstance(odd, Unknown)
    assert odd.reason is Reason.GARBLED


@pytest.mark.hostile("parsers")
def test_answers_of_a_file_are_cleaned_as_those_of_a_machine(tmp_path: Path) -> None:
    out = "one\x1b[2J\x0btwo\x85three\x1c\r\nfour\x00\ud800"
    (tmp_path / "a.json").write_text(
        json.dumps(changed(answers={"a": {"status": 0, "out": out, "err": "\x9b1m!"}}, trouble="\x1b]0;x\x07no"))
    )
    found = read(tmp_path / "a.json")["vm"]
    assert found.gathered.answers["a"] == Said(0, "onetwothree\nfour\ufffd", "1m!")
    assert found.trouble == "no"


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 200_000, "no JSON"), ('{"a":' * 200_000, "no JSON"), ("[" * 150 + "]" * 150, "nested too deep"), ('{"zebu_snapshot": NaN}', "is none"),
        ('{"zebu_snapshot": 1e999}', "is none"), ('{"zebu_snapshot": ' + "9" * 5000 + "}", "beyond all bounds"), ('{"hosts": {}, "hosts": {"a": 1}}', "two things"),
        ('{"zebu_snapshot": 1, "hosts": {"vm": {}, "vm": {"a": 1}}}', "two things"), ("null", "version None"), ("[]", "version None"), ('"x"', "version None"),
        ("1", "version None"), ('{"zebu_snapshot": true}', "version True"), ('{"zebu_snapshot": "1"}', "version '1'"), ('{"zebu_snapshot": 1.0}', "version 1.0"),
        ('{"zebu_snapshot": "\\u001b[2J"}', "version"), ('{"zebu_snapshot": 1}', "damaged"), ('{"zebu_snapshot": 1, "hosts": null}', "damaged"),
        ("\ufeff{}", "cut short"), ("\x00" * 64, "cut short"),
    ],
    ids=lambda text: ascii(text[:24]),
)  # fmt: skip
def test_a_text_that_is_no_snapshot(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_text(text)
    with pytest.raises(UsageProblem, match=why) as error:
        read(tmp_path / "snapshot.json")
    assert "\x1b" not in str(error.value)


def _folder(path: Path) -> None:
    path.mkdir()


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "no regular file"),
    "a folder": (_folder, "regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "no regular file"),
    "a terminal's device": (lambda path: path.symlink_to("/dev/tty"), "no regular file|cannot be read"),
    "a link to nothing": (lambda path: path.symlink_to(path.with_name("gone")), "no such snapshot"),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "packed": (lambda path: path.write_bytes(gzip.compress(b"{}")), "gzip"),
    "no text": (lambda path: path.write_bytes(b"{\xff\xfe}"), "cut short"),
    "wide characters": (lambda path: path.write_text("{}", encoding="utf-16"), "cut short"),
    "too large": (_huge, "larger than 128 MiB"),
    "too many values": (lambda path: path.write_text("[" + "[]," * (MOST_VALUES // 2 + 1) + "[]]"), "more values than any snapshot"),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("make", "why"), FILES.values(), ids=FILES)
def test_a_file_of_another_kind(make: Callable[[Path], object], why: str, tmp_path: Path) -> None:
    make(tmp_path / "snapshot.json")
    with pytest.raises(UsageProblem, match=why):
        read(tmp_path / "snapshot.json")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000, "\ud800"], ids=["nul", "long", "half a character"])
def test_a_name_that_no_file_has(name: str) -> None:
    with pytest.raises(UsageProblem):
        read(Path(name))


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = {"a": [found]}
    return found


ODD_SIGHTS: dict[str, Any] = {
    "nested too deep": nested(DEEPEST), "nested beyond Python's stack": nested(100_000), "no number": float("nan"), "without end": [float("-inf")],
    "of many digits": {"id": 10**5000}, "of one digit too many": -(10**39), "bytes": b"\xff", "a set": {1}, "an object": object(), "a forged reason": {"$unknown": "because", "detail": ""},
    "a forged reason within": [{"a": {"$unknown": 5}}], "names that become one": dict.fromkeys(map(chr, (0xD800, 0xD801)), 1), "names of other types": {1: "a", "1": "b"},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("seen", ODD_SIGHTS.values(), ids=ODD_SIGHTS)
def test_what_a_look_may_see_loses_no_other(seen: Any, tmp_path: Path) -> None:
    """A run reads back what it gathered: what an API said must not end it."""
    gathered = replace(SNAPSHOT.gathered, looks={"odd": seen, "good": [1]}, trials={"odd": seen, "good": {"left": 0}})
    write(tmp_path / "a.json", {"vm": replace(SNAPSHOT, gathered=gathered)})
    for found in (read(tmp_path / "a.json"), read(tmp_path / "a.json", is_own=True)):
        assert found["vm"].gathered.answers == SNAPSHOT.gathered.answers
        assert found["vm"].gathered.looks["good"] == [1]
        assert found["vm"].gathered.trials["good"] == {"left": 0}
        assert "Unknown(reason=<Reason.GARBLED" in repr(found["vm"].gathered.looks["odd"])


@pytest.mark.hostile("parsers")
def test_halves_of_characters_are_never_read(tmp_path: Path) -> None:
    gathered = replace(
        SNAPSHOT.gathered,
        looks={"a\udfff": {"b\ud800": ["c\ud800"]}},
        answers={"a": Said(0, "\ud800"), "b": Unknown(Reason.GARBLED, "\ud800")},
    )
    write(tmp_path / "a.json", {"vm": replace(SNAPSHOT, gathered=gathered, trouble="\ud800")})
    found = read(tmp_path / "a.json")["vm"]
    assert found.gathered.looks == {"a\ufffd": {"b\ufffd": ["c\ufffd"]}}
    assert found.gathered.answers == {"a": Said(0, "\ufffd"), "b": Unknown(Reason.GARBLED, "\ufffd")}
    repr(found).encode()


@pytest.mark.hostile("parsers")
def test_a_run_of_ours_has_no_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that says as much as it may must not be able to lose the run."""
    monkeypatch.setattr(snapshots, "MOST_BYTES", 10)
    monkeypatch.setattr(snapshots, "OWN_LIMIT", 1)
    write(tmp_path / "a.json", {"vm": SNAPSHOT})
    assert read(tmp_path / "a.json", is_own=True) == {"vm": SNAPSHOT}
    with pytest.raises(UsageProblem, match="larger"):
        read(tmp_path / "a.json")
