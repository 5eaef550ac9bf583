"""What a run was judged from comes back as it was, without a secret, and takes little room."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu import redaction
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.gather.deadline import aside
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.memory import history
from pytest_zebu.memory.evidence import Kept, pack, unpack
from pytest_zebu.memory.history import Past
from pytest_zebu.people import attestations
from pytest_zebu.people.incidents import Incident, Step
from pytest_zebu.plugin import remembered
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.remembered import Lost, evidence_of, fingerprint, kept_of, reasons_of, target_as_kept
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.settings import Settings
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Finding, Outcome
from tests.gather.canaries import canaries, parts
from tests.remembering import healthy, judged

COSTS = "post.maintenance.capacity.costs"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = 365
NO_PAST: Known[Past] = Known(Past(()))


def kept(evidence: Evidence, **findings: Finding) -> Kept:
    return kept_of(evidence, Snapshot(evidence.target.name, evidence.gathered, True, "", 1, 1, 2.5), findings)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return healthy(tmp_path_factory.mktemp("lab"))


def test_what_is_remembered_is_judged_as_it_was(lab: Evidence) -> None:
    found = judged(lab)
    whole = kept_of(lab, Snapshot("lab", lab.gathered, True, "", 1, 1, 2.5), found)
    back = Kept(whole.tool, whole.suite, unpack(pack(whole.parts)))
    again, snapshot = evidence_of(back, lab.target.settings, lab.past)
    assert (again.target, again.records, again.incidents) == (lab.target, lab.records, lab.incidents)
    assert again.target.settings.model_fields_set == lab.target.settings.model_fields_set | {"folder", "is_from_file"}
    assert again.target.settings.folder == lab.target.settings.folder
    assert (snapshot.reachable, snapshot.seconds) == (True, 2.5)
    without = {item: dataclasses.replace(one, pictures=()) for item, one in found.items()}
    assert {item: dataclasses.replace(one, pictures=()) for item, one in judged(again).items()} == without
    assert reasons_of(back) == {item: one.reason for item, one in found.items()}


def test_a_fingerprint_that_looks_like_a_token_comes_back_whole(lab: Evidence) -> None:
    """It is public, and of a thousand keys one has such a name: a run must not be lost for it."""
    phone = {"name": "phone", "kind": "internet", "signer": "SHA256:PSK6dohhjuinHnjZgCWJ8HchOnG1CI9KCPePox+Htxo"}
    declared = Settings.model_validate({"vantages": [{"name": "lan", "kind": "lan"}, phone]})
    evidence = replace(lab, target=lab.target.model_copy(update={"settings": declared}))
    again, _ = evidence_of(kept(evidence), declared, lab.past)
    assert again.target.settings.vantages == declared.vantages


def test_a_year_of_daily_runs_takes_less_than_is_kept(lab: Evidence) -> None:
    size = len(pack(kept(lab).parts))
    assert 20_000 < size < 80_000
    assert YEAR * size < history.MOST_EVIDENCE


def test_pictures_are_not_remembered_and_all_else_is(lab: Evidence) -> None:
    look = "browser@here routes"
    pictured = {"screens": [{"width": 360, "picture": "/9j/AAAA", "small": ["a picture"]}], "pictures": 3}
    seen = replace(lab.gathered, looks={**lab.gathered.looks, look: pictured})
    again, _ = evidence_of(kept(replace(lab, gathered=seen)), lab.target.settings, NO_PAST)
    assert again.gathered.looks[look] == {
        "screens": [{"width": 360, "picture": "", "small": ["a picture"]}],
        "pictures": 3,
    }
    others = {key: one for key, one in lab.gathered.looks.items() if key != look}
    assert {key: one for key, one in again.gathered.looks.items() if key != look} == others


def test_records_of_incidents_that_cannot_be_read_stay_so(lab: Evidence) -> None:
    unread = replace(lab, incidents=Unknown(Reason.GARBLED, "the records of incidents: 2026: is not UTF-8"))
    again, _ = evidence_of(kept(unread), lab.target.settings, NO_PAST)
    assert again.incidents == unread.incidents


def test_files_that_old_settings_name_are_looked_for_where_those_of_today_are(lab: Evidence, tmp_path: Path) -> None:
    today = Settings(folder=tmp_path, is_from_file=True)
    again, _ = evidence_of(kept(lab), today, NO_PAST)
    assert again.target.settings.folder == tmp_path


# Secrets


@pytest.mark.hostile("secrets")
def test_no_part_has_a_secret_that_people_typed(tmp_path: Path) -> None:
    """In words, settings and notes, where no tool hides them before; the file itself has none of them either."""
    seen = healthy(tmp_path)
    shapes = [one for one in canaries() if "\n" not in one.text]
    texts = " ; ".join(one.text for one in shapes if len(one.text) < 200)[:1900]
    settings = seen.target.settings
    vantage = settings.vantages[0].model_copy(update={"name": texts})
    target = seen.target.model_copy(
        update={"settings": settings.model_copy(update={"vantages": (vantage,), "simulated": (texts,)})}
    )
    standing = next(iter(seen.records.attestations.values()))
    record = standing.record.model_copy(update={"statement": texts, "by": "operations"})
    records = dataclasses.replace(
        seen.records, attestations={record.id: dataclasses.replace(standing, record=record, history=texts)}
    )
    notes = {"incident.assess.severity": Step("incident.assess.severity", True, (texts,))}
    incident = Incident("2026", texts, "lab", NOW, None, notes)
    looked = replace(seen, target=target, records=records, incidents=Known((incident,)))
    whole = kept(looked, **{COSTS: Finding(COSTS, Outcome.FAILED, texts)})
    run = history.PastRun(NOW, "v1", False, {COSTS: Outcome.FAILED}, {})
    path = tmp_path / "runs.sqlite3"
    history.record(path, "lab", run, whole)
    found = history.evidence(path, 1)
    assert found is not None
    for name, text in {**found.parts, "the file": path.read_bytes().decode("latin-1")}.items():
        told = [one for one in shapes if one.text in texts]
        assert len(told) > 10
        assert [one.text for one in told for piece in parts(one.secret) if piece in text] == [], name
    assert all(
        "[redacted]" in found.parts[name]
        for name in (remembered.TARGET, remembered.RECORDS, remembered.INCIDENTS, remembered.REASONS)
    )
    again, _ = evidence_of(found, settings, NO_PAST)
    assert again.judge(COSTS).outcome in Outcome


@pytest.mark.hostile("secrets")
def test_files_of_secrets_are_remembered_by_their_names_only(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2hunter2hunter2")
    (tmp_path / "zebu.toml").write_text(
        '[hosts.vm]\n[forge]\nrepository = "zebu/zebu"\ntoken_file = "token"\n[proxmox]\napi = "https://pve.zebu.test:8006"\ntoken = "audit@pve!zebu"\ntoken_file = "token"\n'
    )
    settings = read_settings(tmp_path / "zebu.toml")
    seen = healthy(tmp_path / "lab")
    target = seen.target.model_copy(update={"settings": settings})
    assert settings.secret(settings.forge.token_file, "forge.token_file") == "hunter2hunter2hunter2"
    said = Said(0, "what the machine says", "")
    answers = {**seen.gathered.answers, "sshd": said}
    found = kept(replace(seen, target=target, gathered=replace(seen.gathered, answers=answers)))
    assert "hunter2" not in json.dumps(dict(found.parts))
    again, _ = evidence_of(found, settings, NO_PAST)
    assert again.target.settings.forge.token_file == Path("token")
    assert again.target.settings.proxmox.token == "audit@pve!zebu"


# What cannot be judged again


def spoilt(lab: Evidence, **parts_instead: str) -> Kept:
    known = kept(lab)
    return replace(known, parts={**known.parts, **parts_instead})


SPOILT: dict[str, tuple[dict[str, str], str]] = {
    "no snapshot": ({"snapshot": ""}, "evidence cannot be read"), "another's snapshot": ({"snapshot": '{"zebu_snapshot": 9}'}, "evidence cannot be read"),
    "a snapshot without hosts": ({"snapshot": '{"zebu_snapshot": 1, "hosts": {}}'}, "evidence cannot be read"),
    "values without end": ({"snapshot": "[" * 3_000_001}, "more values"), "records without end": ({"records": "," * 3_000_001}, "more values"),
    "no records": ({"records": "x"}, "records cannot be read"), "other records": ({"records": "[]"}, "settings or records"),
    "records of nobody": ({"records": '{"attestations": {"x": {}}}'}, "settings or records"),
    "no settings": ({"target": "{}"}, "settings or records"), "settings of another kind": ({"target": "[1]"}, "settings or records"),
    "an unknown key": ({"target": '{"name": "lab", "host": {}, "settings": {"nonsense": 1}}'}, "settings or records"),
    "incidents of another kind": ({"incidents": '{"known": [1]}'}, "settings or records"),
    "incidents that are nothing": ({"incidents": "null"}, "settings or records"),
    "incidents unknown for no reason": ({"incidents": '{"unknown": ["because", "x"]}'}, "settings or records"),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("instead", "words"), SPOILT.values(), ids=SPOILT)
def test_what_cannot_be_read_any_more_says_so(instead: dict[str, str], words: str, lab: Evidence) -> None:
    with pytest.raises(Lost, match=words):
        evidence_of(spoilt(lab, **instead), lab.target.settings, NO_PAST)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("text", ["", "[]", "null", '{"a": 1}', "x"])
def test_reasons_that_cannot_be_read_are_none(text: str, lab: Evidence) -> None:
    assert reasons_of(spoilt(lab, reasons=text)) == {}


def test_nothing_that_is_kept_is_nothing_to_judge(lab: Evidence) -> None:
    with pytest.raises(Lost, match="is not kept"):
        evidence_of(Kept("1", "2", {}), lab.target.settings, NO_PAST)


# The fingerprint


def test_another_rule_is_another_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = dict(remembered._sources())
    for name in (
        "facts/sshd.py", "facts/scripts/sshd.pl", "verdict/settle.py", "catalogue/checklist.toml", "people/attestations.py", "settings/sections.py",
        "plugin/judge.py", "plugin/checks.py", "tests_prod/pre_deployment/test_security_ssh.py",
    ):  # fmt: skip
        assert name in sources
        changed = tmp_path / "changed"
        changed.write_bytes(sources[name].read_bytes() + b"\n# otherwise")
        with monkeypatch.context() as patch:
            patch.setattr(
                remembered, "_sources", lambda name=name, changed=changed: iter({**sources, name: changed}.items())
            )
            assert fingerprint.__wrapped__() != fingerprint()
    assert fingerprint.__wrapped__() == fingerprint()
    assert not any(name.endswith(".pyc") or name.startswith(("reports/", "gather/", "memory/")) for name in sources)


# A run


def test_a_run_remembers_what_it_was_judged_from(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    path = tmp_path / "state/runs.sqlite3"
    settings = seen.target.settings
    where = settings.evidence.model_copy(update={"history": path})
    target = seen.target.model_copy(update={"settings": settings.model_copy(update={"evidence": where})})
    run = Run({"lab": target}, Options())
    try:
        run._snapshots = {"lab": Snapshot("lab", seen.gathered, True)}
        for item_id in ("pre.security.ssh.no-passwords", COSTS):
            run.selected["lab"].add(item_id)
            run.record("lab", run.evidence("lab").judge(item_id))
        run.remember("lab")()
    finally:
        run.close()
    assert run.troubles == []
    (one,) = history.remembered(path, "lab")
    assert (one.suite, one.run.is_partial, one.run.outcomes[COSTS]) == (fingerprint(), True, Outcome.ATTESTED)
    found = history.evidence(path, one.number)
    assert found is not None
    again, _ = evidence_of(found, settings, NO_PAST)
    assert again.judge("pre.security.ssh.no-passwords").outcome is Outcome.PASSED
    assert again.judge(COSTS).reason == reasons_of(found)[COSTS]


def test_evidence_that_cannot_be_kept_loses_no_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = healthy(tmp_path)
    path = tmp_path / "state/runs.sqlite3"
    where = seen.target.settings.evidence.model_copy(update={"history": path})
    target = seen.target.model_copy(update={"settings": seen.target.settings.model_copy(update={"evidence": where})})
    run = Run({"lab": target}, Options())

    def breaks(*_: object) -> Kept:
        raise RecursionError("too deep")

    monkeypatch.setattr("pytest_zebu.plugin.run.kept_of", breaks)
    try:
        run._snapshots = {"lab": Snapshot("lab", seen.gathered, True)}
        run.record("lab", Finding(COSTS, Outcome.PASSED))
        run.remember("lab")()
    finally:
        run.close()
    assert [
        line
        for line in run.troubles
        if "what this run was judged from is not remembered" in line and "RecursionError" in line
    ]
    (one,) = history.remembered(path, "lab")
    assert (one.run.outcomes, one.size) == ({COSTS: Outcome.PASSED}, 0)


def test_records_that_are_read_again_are_those_of_the_file(lab: Evidence) -> None:
    settings = lab.target.settings
    records = attestations.read(settings.attestations_file, load(), required=True, approved=settings.evidence.approved)
    again, _ = evidence_of(kept(replace(lab, records=records)), settings, NO_PAST)
    assert again.records == records
    assert records.attestations


def test_what_nobody_declared_is_remembered_as_such(lab: Evidence) -> None:
    """Else a run that is judged again would take what was read from DNS for what somebody declared."""
    settings = lab.target.settings.model_copy(update={"seen": frozenset({"domains.addresses"})})
    told = replace(lab, target=lab.target.model_copy(update={"settings": settings}))
    kept = kept_of(told, Snapshot("lab", lab.gathered, True, "", 1, 1, 2.5), {})
    again, _ = evidence_of(kept, settings.model_copy(update={"seen": frozenset()}), NO_PAST)
    assert again.target.settings.seen == {"domains.addresses"}


def test_one_host_is_packed_while_the_report_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, path = healthy(tmp_path), tmp_path / "state/runs.sqlite3"
    where = seen.target.settings.evidence.model_copy(update={"history": path})
    target = seen.target.model_copy(update={"settings": seen.target.settings.model_copy(update={"evidence": where})})
    run = Run({"lab": target}, Options())
    begun: list[Future[bytes]] = []

    def begin(work: Callable[[], bytes]) -> Future[bytes]:
        begun.append(aside(work))
        return begun[-1]

    monkeypatch.setattr("pytest_zebu.plugin.run.aside", begin)
    try:
        run._snapshots = {"lab": Snapshot("lab", seen.gathered, True)}
        run.record("lab", Finding(COSTS, Outcome.PASSED))
        run.begin_to_remember()
        assert len(begun) == 1
        assert not path.exists()
        run.keep()
    finally:
        run.close()
    assert (run.troubles, len(begun)) == ([], 1)
    (one,) = history.remembered(path, "lab")
    assert one.size == len(begun[0].result())


def test_what_cannot_be_remembered_is_said_once(tmp_path: Path) -> None:
    run = Run({"lab": healthy(tmp_path).target}, Options())
    try:
        run._snapshots = {"lab": Snapshot("lab", healthy(tmp_path).gathered, True)}
        run.record("lab", Finding("no.such.item", Outcome.PASSED))
        run.begin_to_remember()
        run.keep()
    finally:
        run.close()
    assert len(run.troubles) == 1
    assert "this run is not remembered" in run.troubles[0]


def test_a_secret_that_becomes_known_during_the_run_is_kept_of_no_host() -> None:
    """What was filtered before it was known is filtered anew."""
    secret = "canary-0d41-later"
    settings = Settings.model_validate({"domains": {"site": f"{secret}.example.org"}})
    target = Target(name="vm", host=Host(), settings=settings)
    assert secret in json.dumps(target_as_kept(target))
    redaction.remember(secret)
    try:
        assert secret not in json.dumps(target_as_kept(target))
    finally:
        redaction.forget([secret])


@pytest.mark.parametrize("has_threads", [True, False], ids=["threads", "none is left"])
def test_many_hosts_are_packed_beside_each_other_and_all_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_threads: bool
) -> None:
    seen, path, names = healthy(tmp_path), tmp_path / "state/runs.sqlite3", [f"host{number}" for number in range(6)]
    where = seen.target.settings.evidence.model_copy(update={"history": path})
    settings = seen.target.settings.model_copy(update={"evidence": where})
    targets = {name: seen.target.model_copy(update={"settings": settings, "name": name}) for name in names}
    run, begun = Run(targets, Options()), list[object]()

    def begin(work: Callable[[], bytes]) -> Future[bytes]:
        begun.append(work)
        job: Future[bytes] = Future()
        job.set_exception(RuntimeError("can't start new thread"))
        return aside(work) if has_threads else job

    monkeypatch.setattr("pytest_zebu.plugin.run.aside", begin)
    try:
        run._snapshots = {name: Snapshot(name, seen.gathered, True) for name in names}
        for name in names:
            run.record(name, Finding(COSTS, Outcome.PASSED, f"of {name}"))
        run.keep()
    finally:
        run.close()
    assert run.troubles == []
    assert len(begun) == len(names)
    for name in names:
        (one,) = history.remembered(path, name)
        kept = history.evidence(path, one.number)
        assert kept is not None
        assert reasons_of(kept) == {COSTS: f"of {name}"}
