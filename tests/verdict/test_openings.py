"""What would open what was not seen: on all that recordings say, and by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab import recordings
from lab.recordings import JUDGED
from pytest_zebu.catalogue import load
from pytest_zebu.people.attestations import Records
from pytest_zebu.settings import Settings
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.causes import LONGEST_TEXT, causes
from pytest_zebu.verdict.openings import ATTEST, LOOK, WHOLE_RUN, in_section, openings
from pytest_zebu.verdict.outcome import Case, Finding, Outcome, combine
from pytest_zebu.verdict.plan import Cause, Opening, OpeningKind
from pytest_zebu.verdict.readiness import assess

CATALOGUE = load()
IDS = [item.id for item in CATALOGUE]
UNSEEN = Outcome.NOT_ASSESSED
MOST_OTHER = 0.03
"""Of what recordings could not see, the share that no rule knows, and that is left to people's eyes."""


def unseen(item: str, reason: str, *cases: tuple[str, str]) -> Finding:
    judged = tuple(Case(name, UNSEEN, why) for name, why in cases)
    return Finding(item, UNSEEN, reason or combine(judged)[1], cases=judged)


def one(reason: str) -> Opening:
    (opening,) = openings([unseen("pre.security.ssh.key-auth", reason)])
    return opening


def said() -> Iterator[tuple[str, str]]:
    """All that recordings say of items that are not assessed."""
    for line in (JUDGED / "said.txt").read_text(encoding="utf-8").splitlines():
        item, is_unseen, reason = line.partition(": not_assessed: ")
        if is_unseen and item in CATALOGUE:
            yield item, reason


STEP = re.compile(r"`[^`]+`|^(?:let|give|put|grant|install|mend|run|fetch|check|set)\b[^;]{5,}")
"""What can be done: a command, a key of the settings, or a sentence that begins with what to do."""


def test_whatever_recordings_could_not_see_they_say_what_to_do() -> None:
    lines = sorted(set(said()))
    assert len(lines) > 400
    left_alone = []
    for item, reason in lines:
        (opening,) = openings([Finding(item, UNSEEN, reason)])
        assert opening.items == (item,)
        assert opening.kind is not OpeningKind.OTHER
        assert STEP.search(opening.text), (item, reason, opening.text)
        left_alone += [(item, reason)] if opening.key == f"see {item}" else []
    assert len(left_alone) / len(lines) < MOST_OTHER, left_alone


KNOWN = {
    "unreachable: ssh: the host has no perl (Debian's perl-base), or the login shell": (OpeningKind.TOOL, "ssh: perl"),
    "unreachable: ssh: there is no route to the host": (OpeningKind.ACCESS, "ssh"),
    "no permission: sshd needs root, and sudo -n was refused": (OpeningKind.ACCESS, "sudo"),
    "not there: Docker's containers could not be listed": (OpeningKind.ACCESS, "docker"),
    "not there: no compose project was seen, or several (set project)": (OpeningKind.ACCESS, "application"),
    "not configured: forge.repository is not set": (OpeningKind.SETTING, "set forge.repository"),
    "not configured: proxmox.api and proxmox.token are not set": (
        OpeningKind.SETTING,
        "set proxmox.api and proxmox.token",
    ),
    "no domain is declared ([domains] site, www, api)": (OpeningKind.SETTING, "set domains.site"),
    "no vantage is declared from which to look ([[vantages]])": (OpeningKind.SETTING, "set vantages"),
    "forge.checks.tests names no check run": (OpeningKind.SETTING, "set forge.checks.tests"),
    "not configured: needs --zebu-active=functional": (OpeningKind.SETTING, "probe functional"),
    "no permission: Proxmox version: the credential was refused (401 )": (
        OpeningKind.CREDENTIAL,
        "credential of Proxmox",
    ),
    "no permission: forge: check runs: the credential was refused (401 Bad credentials)": (
        OpeningKind.CREDENTIAL,
        "credential of forge",
    ),
    "no permission: the API key was refused (401)": (OpeningKind.CREDENTIAL, "credential of probes.api_key_file"),
    "no such command: no browser at /x: apt-get install chromium, or set browser.executable": (
        OpeningKind.TOOL,
        "browser",
    ),
    "unreachable: zebu.test:443 does not answer, nor does the control address 10.0.0.1:53": (
        OpeningKind.NETWORK,
        "network to the control address 10.0.0.1:53",
    ),
    "unreachable: forge: check runs: ConnectionError": (OpeningKind.NETWORK, "forge"),
    "not configured: phone looks from another machine: run `zebu look -o phone.json` there": (
        OpeningKind.NETWORK,
        "zebu look",
    ),
    "undecidable: phone.json: is of other addresses (192.0.2.1) than vm has (192.0.2.7): look again: zebu look --site zebu.test": (
        OpeningKind.NETWORK,
        "zebu look",
    ),
    "undecidable: phone.json: is of a moment 2.0 hours ahead of this machine's clock: set the one that is wrong, and look again": (
        OpeningKind.NETWORK,
        "zebu look",
    ),
    "earlier runs do not span a day: growth is not known yet": (OpeningKind.TIME, "runs a day apart"),
    "backend-types is in progress still": (OpeningKind.TIME, "a later run"),
    "not attested": (OpeningKind.PEOPLE, ATTEST),
    "whether somebody tried it, people attest": (OpeningKind.PEOPLE, ATTEST),
    "no completion is on record": (OpeningKind.PEOPLE, ATTEST),
    "undecidable: caddy serves: its limits are not read": (OpeningKind.PEOPLE, LOOK),
}


@pytest.mark.parametrize("reason", KNOWN)
def test_a_reason_says_what_opens_it(reason: str) -> None:
    opening = one(reason)
    assert (opening.kind, opening.key) == KNOWN[reason]
    assert opening.text.endswith("to see 1 more item")


def test_a_setting_is_named_as_a_file_has_it() -> None:
    reason = "not configured: forge.repository is not set"
    (opening,) = openings([unseen(item, reason) for item in IDS[:9]])
    assert opening.text == "set `[forge] repository` to see 9 more items"
    assert opening.items == tuple(IDS[:9])
    assert in_section("forge.checks.tests") == "`[forge.checks] tests`"
    assert in_section("vantages") == "`[[vantages]]`"
    assert in_section("requirements") == "`[requirements]`"


def test_what_no_rule_knows_is_alone_with_its_reason_and_left_to_people() -> None:
    found = openings([unseen(IDS[0], "the moon is in the way"), unseen(IDS[1], "the moon is in the way")])
    assert [(opening.kind, opening.items) for opening in found] == [
        (OpeningKind.PEOPLE, (IDS[0],)),
        (OpeningKind.PEOPLE, (IDS[1],)),
    ]
    assert found[0].text.startswith("the moon is in the way: look at it, and attest what you find")
    assert f"`zebu attest {IDS[0]}`" in found[0].text


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not UNSEEN])
def test_only_what_was_not_assessed_is_opened(outcome: Outcome) -> None:
    assert openings([Finding(IDS[0], outcome, "not attested")]) == ()


def test_a_check_that_broke_is_opened_by_nothing() -> None:
    assert openings([Finding(IDS[0], UNSEEN, "the check itself broke: KeyError", broken=True)]) == ()


def test_the_first_that_all_parts_need_is_asked_for() -> None:
    sudo, key = "no permission: x needs root, and sudo -n was refused", "not configured: forge.repository is not set"
    (both,) = openings([unseen(IDS[0], "", ("a", f"{key}; {sudo}"), ("b", sudo))])
    assert both.key == "sudo"
    (first,) = openings([unseen(IDS[0], "", ("a", key), ("b", sudo))])
    assert first.key == "set forge.repository"
    (later,) = openings([unseen(IDS[0], "", ("a", "the moon"), ("b", sudo))])
    assert later.key == "sudo"


def test_what_is_hidden_behind_a_greater_thing_is_opened_with_it() -> None:
    docker = unseen(IDS[0], "not there: Docker's containers could not be listed")
    folder = unseen(
        IDS[1], "not there: the application's folder is unknown: no container of a compose project was seen"
    )
    sudo = unseen(IDS[2], "no permission: x needs root, and sudo -n was refused")
    assert [opening.key for opening in openings([folder])] == ["application"]
    assert [opening.key for opening in openings([docker, folder])] == ["docker"]
    assert [opening.key for opening in openings([docker, folder, sudo])] == ["sudo"]


def test_a_cause_opens_what_it_hides() -> None:
    cause = Cause("service redis", "redis: is exited", ("deploy.redis.running",), ("deploy.redis.cache",))
    hidden = unseen("deploy.redis.cache", "not there: no running container of Redis was seen")
    (opening,) = openings([hidden], [cause])
    assert (opening.kind, opening.key, opening.items) == (
        OpeningKind.CAUSE,
        "mend service redis",
        ("deploy.redis.cache",),
    )


def test_what_was_not_run_is_opened_by_running_it_and_stands_last() -> None:
    findings = assess(CATALOGUE, [unseen(IDS[0], "not attested")], [IDS[0]]).findings
    found = openings(findings)
    assert [opening.key for opening in found] == [ATTEST, WHOLE_RUN]
    assert len(found[1].items) == len(IDS) - 1


def test_a_lapsed_word_is_no_reason_of_the_machine() -> None:
    lapsed = "the attestation by operations expired on 2026-01-01"
    cases = (Case("a", UNSEEN, "not configured: forge.repository is not set"),)
    finding = Finding(IDS[0], UNSEEN, f"{combine(cases)[1]}; {lapsed}", cases=cases, lapsed=lapsed)
    assert openings([finding])[0].key == "set forge.repository"


@pytest.mark.parametrize("name", ["without_root", "without_network", "without_credentials", "without_ssh"])
def test_each_item_is_in_one_opening(name: str, tmp_path: Path) -> None:
    healthy = recordings.read_healthy()
    case = recordings.read(JUDGED / f"blinded/{name}.json", healthy)
    evidence = recordings.evidence(recordings.over(healthy, case), tmp_path)
    findings = [evidence.judge(item) for item in case.outcomes]
    found = openings(findings, causes(findings, CATALOGUE))
    items = [item for opening in found for item in opening.items]
    assert sorted(items) == sorted(finding.item for finding in findings if finding.outcome is UNSEEN)
    assert [len(opening.items) for opening in found] == sorted((len(one.items) for one in found), reverse=True)
    assert len({opening.key for opening in found}) == len(found)


def test_a_first_run_without_settings_is_told_what_to_set(tmp_path: Path) -> None:
    """The healthy machine, of which nothing is declared: whatever is not seen, some rule knows why."""
    known = recordings.evidence(replace(recordings.read_healthy(), active=frozenset()), tmp_path)
    bare = Target(name="lab", host=known.target.host, settings=Settings(folder=tmp_path / "nothing"))
    evidence = replace(known, target=bare, records=Records())
    found = openings([evidence.judge(item) for item in IDS])
    assert not [
        opening.text for opening in found if opening.kind is OpeningKind.OTHER or opening.key.startswith("see ")
    ]
    assert found[0].text.startswith("set `[domains] site` to see ")


def test_odd_sentences_take_no_longer_than_their_length() -> None:
    odd = ("a." * 500, ".env" * 250, "x" * 1_000, "-" * 1_000, "forge: " * 140, "a.b and " * 120)
    cases = [(str(number), f"{number}{odd[number % len(odd)]}") for number in range(2_000)]
    findings = [unseen(item, "", *cases) for item in IDS]
    start = time.process_time()
    openings(findings)
    assert time.process_time() - start < 20


def test_texts_are_bounded() -> None:
    assert len(one("x" * 10_000).text) <= LONGEST_TEXT
    assert len(one(f"unreachable: x, nor does the control address {'1' * 10_000}").text) <= LONGEST_TEXT
