"""What an item points to: the line of the very file that has to be mended."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab import recordings
from lab.recordings import JUDGED, Case
from pytest_zebu.facts.answer import Said
from pytest_zebu.verdict.locate import Place, location_of
from pytest_zebu.verdict.outcome import Finding, Outcome


@cache
def healthy() -> Case:
    return recordings.read_healthy()


def found(case_id: str, item: str, more: dict[str, tuple[str, str]], folder: Path) -> Finding:
    """What comes of a recording whose machine also tells lines: behind a text of what it said."""
    whole = recordings.over(healthy(), recordings.read(JUDGED / f"{case_id}.json", healthy()))
    answers = dict(whole.answers)
    for probe, (behind, lines) in more.items():
        said = answers[probe]
        assert isinstance(said, Said)
        assert behind in said.out
        answers[probe] = replace(said, out=said.out.replace(behind, f"{behind}{lines}", 1))
    return recordings.evidence(replace(whole, answers=answers), folder).judge(item)


DROPIN = "/etc/ssh/sshd_config.d/00-legacy.conf"
COMPOSE = {"compose": ("@environment backend 16 -\n", "@port backend 8000/tcp - 8000 31 deploy/docker-compose.yml\n")}
NGINX = {
    "proxy.configuration": ("@host no tls api.zebu.test\n", "@at 12 /etc/nginx/sites-enabled/api.conf\n"),
}


@pytest.mark.parametrize(("case_id", "item", "more", "place"), [
    ("pre.security.ssh.no-passwords/dropin_sorts_first", "pre.security.ssh.no-passwords",
     {"sshd": ("", f"@set passwordauthentication no 2 /etc/ssh/sshd_config.d/0.conf\n@set passwordauthentication yes 4 {DROPIN}\n@set usepam yes 9 /etc/ssh/sshd_config\n")}, Place(DROPIN, 4)),
    ("pre.security.ssh.root-restricted/permitted", "pre.security.ssh.root-restricted",
     {"sshd": ("", f"@set permitrootlogin no 2 /etc/ssh/sshd_config.d/0.conf\n@set permitrootlogin yes 7 {DROPIN}\n")}, Place(DROPIN, 7)),
    ("pre.security.firewall.backend-not-exposed/docker_past_ufw", "pre.security.firewall.backend-not-exposed",
     COMPOSE, Place("deploy/docker-compose.yml", 31, is_in_repository=True)),
    ("pre.security.firewall.backend-not-exposed/docker_past_ufw", "pre.security.firewall.required-ports-only",
     COMPOSE, Place("deploy/docker-compose.yml", 31, is_in_repository=True)),
    ("pre.security.application.rate-limit/none", "pre.security.application.rate-limit",
     NGINX, Place("/etc/nginx/sites-enabled/api.conf", 12)),
])  # fmt: skip
def test_a_failure_points_to_the_line_that_mends_it(
    case_id: str, item: str, more: dict[str, tuple[str, str]], place: Place, tmp_path: Path
) -> None:
    """In its evidence or its reason, in its case's own, and in its fix where that names the file."""
    finding = found(case_id, item, more, tmp_path)
    failed = next(case for case in finding.cases if case.outcome is Outcome.FAILED)
    assert finding.outcome is Outcome.FAILED
    assert location_of(failed.reason, *failed.seen, *finding.evidence) == place
    plain = found(case_id, item, {}, tmp_path)
    assert location_of(plain.reason, *plain.evidence) != place
    assert (plain.outcome, [(case.name, case.outcome) for case in plain.cases]) == (
        finding.outcome,
        [(case.name, case.outcome) for case in finding.cases],
    )


def test_a_line_that_is_right_is_not_what_has_to_be_mended(tmp_path: Path) -> None:
    """Where a default, or the command line, lets people in, no line of the files is wrong."""
    right = {"sshd": ("", "@set passwordauthentication no 2 /etc/ssh/sshd_config\n")}
    item = "pre.security.ssh.no-passwords"
    finding = found(f"{item}/dropin_sorts_first", item, right, tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert location_of(finding.reason, *finding.evidence) is None
    assert "`grep -rin PasswordAuthentication" in finding.fix
