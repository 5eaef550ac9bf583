"""Declared settings: what is lowered must be said, names must hold, secrets come from files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given
from hypothesis import settings as config
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_zebu.settings import Settings, find, read
from pytest_zebu.settings.errors import UsageProblem
from tests.no_files import MAKE

WHY = {"reason": "a small site", "approver": "operations"}


@pytest.mark.parametrize(("key", "settings"), [
    ("requirements.cpus", {"requirements": {"cpus": 3}}), ("thresholds.pre_deployment", {"thresholds": {"pre_deployment": 89}}),
    ("firewall.allowed", {"firewall": {"allowed": [80, 443, 8443]}}), ("firewall.forwarded", {"firewall": {"forwarded": [22]}}),
    ("firewall.allowed_udp", {"firewall": {"allowed_udp": [51820]}}),
    ("firewall.lan_trusted", {"firewall": {"lan_trusted": True}}), ("advisories.allowed", {"advisories": {"allowed": "low"}}),
    ("tls.ca_file", {"tls": {"ca_file": "ca.pem"}}), ("tls.issuer", {"tls": {"issuer": "Own"}}),
])  # fmt: skip
def test_what_is_lowered_must_be_declared(key: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=f"{key} is lower"):
        Settings.model_validate(settings)
    declared = Settings.model_validate({**settings, "relaxed": [{"key": key, **WHY}]})
    (relaxation,) = declared.relaxations
    assert (relaxation.key, relaxation.reason, relaxation.approver) == (key, "a small site", "operations")
    with pytest.raises(ValidationError, match="is not lower"):
        Settings.model_validate({"relaxed": [{"key": key, **WHY}]})


@pytest.mark.parametrize("settings", [
    {}, {"requirements": {"cpus": 4}}, {"requirements": {"cpus": 8}}, {"thresholds": {"pre_deployment": 90}}, {"firewall": {"allowed": [443]}},
])  # fmt: skip
def test_what_is_as_strict_needs_no_reason(settings: dict[str, Any]) -> None:
    assert Settings.model_validate(settings).relaxations == ()


@pytest.mark.parametrize("section", ["proxy", "proxmox"])
def test_names_of_machines_are_declared(section: str) -> None:
    with pytest.raises(ValidationError, match=rf'{section}\.ssh names "node"'):
        Settings.model_validate({section: {"ssh": "node"}})
    assert Settings.model_validate({section: {"ssh": "node"}, "hosts": {"node": {}}}).hosts.keys() == {"node"}


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" s3cret\n")
    declared = Settings(folder=tmp_path)
    assert declared.secret(Path("token"), "forge.token_file") == "s3cret"
    assert declared.secret(None, "forge.token_file") == ""
    with pytest.raises(UsageProblem, match=r"forge\.token_file: gone cannot be read \(No such file or directory\)"):
        declared.secret(Path("gone"), "forge.token_file")


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("content", [
    b"", b" \n", b"one\ntwo\n", b"a\x00b", b"a\rX-Injected: 1", b"\xff\xfe", b"x" * 100_000,
], ids=["empty", "blank", "two lines", "nul", "a header", "no text", "large"])  # fmt: skip
def test_a_secret_is_one_line_of_text(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(UsageProblem, match=r"^forge\.token_file: token (cannot|is|must)") as error:
        Settings(folder=tmp_path).secret(Path("token"), "forge.token_file")
    assert "two" not in str(error.value)
    assert "Injected" not in str(error.value)


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "terminal"])
def test_a_secret_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    MAKE[kind](path)
    with pytest.raises(UsageProblem, match=r"forge\.token_file: token cannot be read"):
        Settings(folder=tmp_path).secret(Path("token"), "forge.token_file")


def test_a_secret_may_be_linked(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("s3cret\r\n")
    (tmp_path / "token").symlink_to("kept")
    assert Settings(folder=tmp_path).secret(Path("token"), "forge.token_file") == "s3cret"


def test_whose_authority_counts(tmp_path: Path) -> None:
    relaxed = [{"key": "tls.ca_file", **WHY}]
    declared = Settings.model_validate({"tls": {"ca_file": "ca.pem"}, "relaxed": relaxed, "folder": tmp_path})
    assert declared.trust(Path("own.pem")) == str(tmp_path / "own.pem")
    assert declared.trust(None) == str(tmp_path / "ca.pem")
    assert Settings().trust(None).endswith("cacert.pem")


def test_where_runs_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Settings().history_file == tmp_path / "state/pytest-zebu/history.sqlite3"
    assert Settings(folder=tmp_path, is_from_file=True).history_file == tmp_path / ".zebu/history.sqlite3"
    named = Settings.model_validate({"evidence": {"history": "runs.sqlite3"}, "folder": tmp_path, "is_from_file": True})
    assert named.history_file == tmp_path / "runs.sqlite3"


def test_the_first_control_address_counts() -> None:
    vantages = [
        {"name": "a", "kind": "lan"},
        {"name": "b", "kind": "lan", "control": "10.0.0.1:53"},
        {"name": "c", "kind": "lan", "control": "10.0.0.2:53"},
    ]
    assert Settings.model_validate({"vantages": vantages}).control == "10.0.0.1:53"
    assert Settings().control is None


def test_what_answers_another_machine_proves_nothing_here() -> None:
    signer = f"SHA256:{'A' * 43}"
    elsewhere = {"name": "phone", "kind": "internet", "signer": signer, "control": "192.168.43.1:53"}
    lan = {"name": "lan", "kind": "lan", "control": "10.0.0.1:53"}
    assert Settings.model_validate({"vantages": [elsewhere]}).control is None
    assert Settings.model_validate({"vantages": [elsewhere, lan]}).control == "10.0.0.1:53"


def test_which_file_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option before the environment, that before the file in the folder, that before the defaults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    assert find(None) == Settings()
    for name, seconds in (("zebu.toml", 1), ("env.toml", 2), ("option.toml", 3)):
        (tmp_path / name).write_text(f"timeout = {seconds}\n")
    assert find(None).timeout == 1
    monkeypatch.setenv("ZEBU_CONFIG", "env.toml")
    assert find(None).timeout == 2
    assert find("option.toml").timeout == 3
    assert read(tmp_path / "zebu.toml").is_from_file


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes() | st.times()
    | st.sampled_from([10**30, 10**400, -1, 2**63, "https://x", "10.0.0.1", "/x", "a:1", "x" * 5000, "\x1b[2J", "nan", 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = {name: list(getattr(field.annotation, "model_fields", {})) for name, field in Settings.model_fields.items()}


def sections(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(NAMES)) | st.text(max_size=6), max_size=4)):
        keys = NAMES.get(name)
        inner = st.dictionaries(st.sampled_from(keys), VALUES, max_size=3) if keys else VALUES
        found[name] = draw(inner | VALUES)
    return found


@given(st.composite(sections)())
@config(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_strangers_settings_say_they_are_settings_or_a_line(said: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "zebu.toml")
        try:
            path.write_bytes(tomli_w.dumps(said).encode(errors="surrogatepass"))
        except (TypeError, ValueError):
            return  # it can be said in no TOML
        complaint = ""
        try:
            read(path)
        except UsageProblem as error:
            complaint = str(error)
        assert not complaint or complaint.startswith(f"{path}: ")


@pytest.mark.hostile("files")
@pytest.mark.parametrize("key", [
    "hosts.vm.identity", "hosts.vm.ssh_config", "hosts.vm.known_hosts", "tls.ca_file", "database.url_file", "proxmox.token_file",
    "proxmox.ca_file", "proxy.password_file", "proxy.ca_file", "forge.token_file", "forge.ca_file", "advisories.ca_file",
    "probes.api_key_file", "probes.staging_api_key_file", "evidence.attestations", "evidence.history", "evidence.incidents",
])  # fmt: skip
def test_a_home_that_nobody_has_is_named(key: str, tmp_path: Path) -> None:
    section, _, name = key.rpartition(".")
    (tmp_path / "zebu.toml").write_text(f'[{section}]\n{name} = "~nobody-of-that-name/file"\n')
    with pytest.raises(UsageProblem, match=rf"{key}: .*there is no home ~nobody-of-that-name: write the whole path"):
        read(tmp_path / "zebu.toml")


def test_what_lies_at_home_is_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = Settings.model_validate(
        {"evidence": {"attestations": "~/a.toml", "incidents": "~/i", "history": "~/h"}, "folder": Path("elsewhere")}
    )
    assert [found.attestations_file, found.incidents_folder, found.history_file] == [
        tmp_path / "a.toml",
        tmp_path / "i",
        tmp_path / "h",
    ]


@pytest.mark.hostile("files")
def test_who_has_no_home_has_the_history_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", nobody)
    assert Settings().history_file == Path(".zebu/history.sqlite3")


# What is declared of one host alone


def declared(**more: Any) -> Settings:
    return Settings.model_validate(
        {
            "hosts": {"blue": {"address": "192.0.2.10"}, "green": {"address": "192.0.2.11", **more.pop("green", {})}},
            **more,
        }
    )


def test_a_host_is_judged_by_its_own_words_key_by_key() -> None:
    found = declared(
        domains={"site": "zebu.example.org", "resolvers": ["192.0.2.53"]}, backups={"folder": "/srv/a", "copy": "/mnt/a"},
        forge={"checks": {"tests": ["unit"], "types": ["mypy"]}, "paths": {"unit": ["backend"], "mypy": ["src"]}}, deadline=60,
        green={
            "domains": {"site": "green.example.org"}, "backups": {"copy": "/mnt/b"}, "deadline": 300, "profile": "small-scale",
            "forge": {"checks": {"tests": ["whole"]}, "paths": {"mypy": ["lib"]}}, "simulated": ["proxmox"],
        },
    )  # fmt: skip
    blue, green = found.for_host("blue"), found.for_host("green")
    assert (blue.domains, blue.backups, blue.forge, blue.deadline) == (
        found.domains, found.backups, found.forge, 60,
    )  # fmt: skip
    assert (green.domains.site, green.domains.resolvers) == ("green.example.org", ("192.0.2.53",))
    assert (green.backups.folder, green.backups.copy_to) == ("/srv/a", "/mnt/b")
    assert (green.forge.checks.tests, green.forge.checks.types) == (("whole",), ("mypy",))
    assert green.forge.paths == {"unit": ("backend",), "mypy": ("lib",)}
    assert (green.deadline, green.profile, green.simulated) == (300, "small-scale", ("proxmox",))
    assert found.for_host("an-alias").domains == found.domains
    assert "domains" in green.model_fields_set and "simulated" not in blue.model_fields_set


def test_what_holds_for_one_host_says_nothing_of_others() -> None:
    """It is kept with a run, and read again as it stands."""
    green = declared(green={"domains": {"site": "green.example.org"}}).for_host("green")
    assert all(not host.own for host in green.hosts.values())
    assert str(green.hosts["blue"].address) == "192.0.2.10"
    assert green.for_host("blue") is green
    again = Settings.model_validate_json(green.model_dump_json(exclude_unset=True, by_alias=True))
    assert again == green


def test_a_lower_value_of_its_own_needs_a_reason_of_its_own() -> None:
    cpus, reason = {"requirements": {"cpus": 2}}, {"key": "requirements.cpus", **WHY}
    with pytest.raises(
        ValidationError, match=r"for hosts\.green: requirements\.cpus is lower .* \[\[hosts\.green\.relaxed\]\]"
    ):
        declared(green=cpus)
    with pytest.raises(ValidationError, match=r"for hosts\.green: requirements\.cpus is lower"):
        declared(requirements={"cpus": 3}, relaxed=[reason], green=cpus)
    with pytest.raises(
        ValidationError, match=r"for hosts\.green: \[\[hosts\.green\.relaxed\]\] names requirements\.cpus, which is not"
    ):
        declared(green={"relaxed": [reason]})
    found = declared(green={**cpus, "relaxed": [{**reason, "reason": "it has no users"}]})
    assert found.for_host("blue").relaxations == ()
    assert [(one.key, one.declared, one.reason) for one in found.for_host("green").relaxations] == [
        ("requirements.cpus", "2", "it has no users")
    ]


def test_a_reason_for_all_holds_where_the_value_for_all_does() -> None:
    shared = {
        "requirements": {"cpus": 2, "disk_gib": 20},
        "relaxed": [{"key": f"requirements.{key}", **WHY} for key in ("cpus", "disk_gib")],
    }
    found = declared(**shared, green={"requirements": {"cpus": 4}})
    assert [one.key for one in found.for_host("blue").relaxations] == ["requirements.cpus", "requirements.disk_gib"]
    assert [one.key for one in found.for_host("green").relaxations] == ["requirements.disk_gib"]


@pytest.mark.parametrize(("text", "complaint"), [
    ("[hosts.green.domain]\nsite = 'a.example'", "unknown key 'hosts.green.domain'; did you mean 'domains'"),
    ("[hosts.green.domains]\nsiet = 'a.example'", "unknown key 'hosts.green.domains.siet'; did you mean 'site'"),
    ("[hosts.green.proxy]\nssh = 'edge'", "for hosts.green: proxy.ssh names \"edge\", which is not in [hosts]"),
    ("[hosts.green.backups]\nfolder = 'x'", 'hosts.green.backups.folder: "x": must be the whole path of a folder'),
    ("[hosts.green.tls]\nca_file = '/dev/zero'\n[[hosts.green.relaxed]]\nkey = 'tls.ca_file'\nreason = 'own'\napprover = 'me'", "hosts.green.tls.ca_file: /dev/zero is no regular file"),
    ("[hosts.'a.b'.requirements]\ncpus = 1", 'for hosts."a.b": requirements.cpus is lower than the checklist\'s: declare it in [[hosts."a.b".relaxed]]'),
])  # fmt: skip
def test_what_is_wrong_with_a_hosts_own_is_said_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "zebu.toml"
    path.write_text(text)
    with pytest.raises(UsageProblem) as caught:
        read(path)
    assert complaint in str(caught.value)
