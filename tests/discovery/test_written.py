"""zebu.toml as it comes of what was seen."""

from __future__ import annotations

import tomllib

import pytest

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.vantages import FoundVantage
from pytest_zebu.discovery.written import keys_of, name_in_file, suggested, written

LAN = FoundVantage("lan", "lan", "10.0.0.7", "10.0.0.1:53", "10.0.0.7/24 of this machine has 10.0.0.10 in it")
SEEN: tuple[Seen | FoundVantage, ...] = (
    Found("host.public_address", "198.51.100.7", "what zebu.test leads to"), Found("domains.site", "zebu.test", "CORS_ORIGINS", "b.test may ask, too"),
    Found("domains.addresses", ("198.51.100.7",), "5 servers"), LAN, Unseen("vantages", 'name = "internet"', "run `zebu look`"),
    Found("backups.retention_days", 7, "find"), Unseen("forge.token_file", '"keys/forge.secret"', "a token\nof GitHub"), Unseen("domains.staging", '"s.test"', "x"),
)  # fmt: skip


def test_a_new_file_says_where_each_value_was_seen() -> None:
    found = written("", "vm", SEEN, {"forge.token_file": 12, "domains.staging": 1})
    assert tomllib.loads(found.text) == {
        "hosts": {"vm": {"public_address": "198.51.100.7"}},
        "domains": {"site": "zebu.test", "addresses": ["198.51.100.7"]},
        "vantages": [{"name": "lan", "kind": "lan", "source": "10.0.0.7", "control": "10.0.0.1:53"}],
        "backups": {"retention_days": 7},
        "forge": {},
    }
    lines = found.text.splitlines()
    assert 'site = "zebu.test" # CORS_ORIGINS; b.test may ask, too' in lines
    assert '# token_file = "keys/forge.secret"  # opens 12 items: a token of GitHub' in lines
    assert '# staging = "s.test"  # opens 1 item: x' in lines
    assert not found.differs
    assert found.added == (
        "hosts.vm.public_address", "domains.site", "domains.addresses", "vantages.lan", "backups.retention_days",
    )  # fmt: skip


def test_written_again_nothing_changes() -> None:
    first = written("", "vm", SEEN, {"forge.token_file": 12}).text
    again = written(first, "vm", SEEN, {})
    assert (again.text, again.differs, again.added) == (first, (), ())


def test_what_people_wrote_stays_and_what_differs_is_told() -> None:
    theirs = (
        "# ours\n[domains]   # the names\nsite = 'other.test'  # decided\n# staging = not yet\n\n"
        '[[vantages]]\nname = "office"\nkind = "lan"\n[backups]\nretention_days = 7\n'
    )
    found = written(theirs, "vm", SEEN, {})
    for line in theirs.splitlines():
        assert line in found.text.splitlines()
    assert found.differs == ('domains.site is "other.test" in the file, and "zebu.test" by CORS_ORIGINS',)
    assert found.added == ("hosts.vm.public_address", "domains.addresses")
    said = tomllib.loads(found.text)
    assert (said["domains"]["site"], said["domains"]["addresses"]) == ("other.test", ["198.51.100.7"])
    assert [one["name"] for one in said["vantages"]] == ["office"]
    assert found.text.count("staging") == 1


@pytest.mark.parametrize("name", ["vm", "192.0.2.10", "a.b", "fd00::1", 'q"uote'])
def test_hosts_of_any_name_have_a_table(name: str) -> None:
    said = tomllib.loads(written("", name, [Found("host.user", "deploy", "x")], {}).text)
    assert said["hosts"] == {name: {"user": "deploy"}}


@pytest.mark.parametrize("theirs", ["domains = 3", "[[domains]]\nsite = 'x'", "= 3", "[hosts]\nvm = 'x'"])
def test_a_file_that_cannot_be_added_to_is_refused(theirs: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        written(theirs, "vm", SEEN, {})


@pytest.mark.parametrize(
    "theirs",
    [
        "domains = {site = 'x'}  # ours\n",
        "[hosts]\nvm = {}\n",
        "hosts = {}\n",
        "[hosts.vm]\n[domains]\nsite = 'x'\n[hosts.proxy]\naddress = '10.0.0.2'\n",
        "[hosts.proxy]\naddress = '10.0.0.2'\n[domains]\nsite = 'x'\n[hosts.node]\n[proxy]\nssh = 'proxy'\n[proxmox]\nssh = 'node'\n",
    ],
)
def test_tables_are_added_to_however_they_are_written(theirs: str) -> None:
    """In one line, or with others between their parts; again, nothing changes."""
    found = written(theirs, "vm", SEEN, {})
    said, before = tomllib.loads(found.text), tomllib.loads(theirs)
    assert said["hosts"] == {**before.get("hosts", {}), "vm": {"public_address": "198.51.100.7"}}
    assert said["domains"]["addresses"] == ["198.51.100.7"]
    assert said["domains"]["site"] == before.get("domains", {}).get("site", "zebu.test")
    assert written(found.text, "vm", SEEN, {}).text == found.text


def test_without_a_vantage_the_word_about_them_is_added_once() -> None:
    seen = [one for one in SEEN if one is not LAN]
    first = written("", "vm", seen, {}).text
    assert first.count("[[vantages]]") == 1
    assert written(first, "vm", seen, {}).text == first


def test_a_comment_of_another_section_says_nothing_of_a_key() -> None:
    theirs = "[domains]\n# api = ours is not there yet\n"
    found = written(theirs, "vm", [Unseen("domains.api", '"x"', "y"), Unseen("proxy.api", '"z"', "y")], {})
    assert found.text == f'{theirs}\n[proxy]\n# api = "z"  # y\n'


def test_what_opens_items_is_told_of_hosts_too() -> None:
    found = written("", "vm", [Unseen("host.project", '"zebu"', "which")], {"hosts.NAME.project": 90})
    assert '# project = "zebu"  # opens 90 items: which' in found.text.splitlines()


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "text", ['x"\n[proxmox]\napi = "http://evil"', "\x1b[2J", "'''", "a" * 100_000, "\\u0000\x00", "] # x"]
)
def test_what_a_target_says_stays_in_its_place(text: str) -> None:
    seen: list[Seen | FoundVantage] = [
        Found("domains.site", text, text, text),
        Unseen("proxy.api", '"x"', text),
        Unseen("proxy.identity", f'"{text}"', text),
        Found("host.user", text, text),
    ]
    found = written("", "vm", seen, {})
    said = tomllib.loads(found.text)
    assert said == {"hosts": {"vm": {"user": text}}, "domains": {"site": text}, "proxy": {}}
    assert "\x1b" not in found.text


def test_a_block_to_copy_has_what_opens_the_most() -> None:
    """Each table once, the largest first, within each too; what opens nothing is no first step."""
    unseen = [
        Unseen("proxmox.vmid", "100", "its number there"),
        Unseen("proxmox.api", '"https://pve.example.org:8006"', "where it answers"),
        Unseen("backups.copy", '"backup@nas.example.org:zebu"', "where copies go"),
        Unseen("vantages", 'name = "internet", kind = "internet"', "from outside"),
        Unseen("host.project", '"zebu"', "which it is"),
        Unseen("domains.staging", '"staging.zebu.example.org"', "where it is tried"),
    ]
    opens = {"proxmox.vmid": 3, "proxmox.api": 1, "backups.copy": 1, "vantages": 2, "hosts.NAME.project": 90}
    lines = suggested("vm one", unseen, opens, most=5)
    assert lines == [
        '[hosts."vm one"]',
        'project = "zebu"  # opens 90 items: which it is',
        "[proxmox]",
        "vmid = 100  # opens 3 items: its number there",
        'api = "https://pve.example.org:8006"  # opens 1 item: where it answers',
        "[[vantages]]",
        "# opens 2 items: from outside",
        'name = "internet"',
        'kind = "internet"',
        "[backups]",
        'copy = "backup@nas.example.org:zebu"  # opens 1 item: where copies go',
    ]
    assert tomllib.loads("\n".join(lines))["hosts"]["vm one"] == {"project": "zebu"}
    assert suggested("vm", unseen, opens, most=1) == ["[hosts.vm]", 'project = "zebu"  # opens 90 items: which it is']
    assert suggested("vm", unseen, {}) == []


def test_keys_are_told_in_full() -> None:
    assert keys_of('[hosts.vm]\nuser = "deploy"\n[domains]\nsite = "x.example"\n[[vantages]]\nname = "x"\n') == [
        "hosts.vm.user",
        "domains.site",
        "vantages",
    ]


@pytest.mark.parametrize(
    ("name", "address", "called"),
    [
        ("vm", "192.0.2.1", "vm"),
        ("ssh://deploy@vm.example.org:2222", "vm.example.org", "vm.example.org"),
        ("ssh://deploy@vm.example.org:2222", None, "vm.example.org"),
        ("deploy@192.0.2.1", None, "192.0.2.1"),
        ("ssh://[fd00::1]:22", None, "fd00::1"),
    ],
)
def test_a_machine_has_one_name_in_the_file_however_it_was_called(name: str, address: str | None, called: str) -> None:
    assert name_in_file(name, address) == called


def test_what_another_machine_has_otherwise_is_its_own() -> None:
    """The common tables are those of the file's first machine: nothing of them changes for it."""
    theirs = "[hosts.first]\n[domains]\nsite = 'first.test'\n[backups]\nretention_days = 7\n"
    found = written(theirs, "vm", SEEN, {})
    said = tomllib.loads(found.text)
    assert {key: said[key] for key in ("domains", "backups")} == {
        key: tomllib.loads(theirs)[key] for key in ("domains", "backups")
    }
    assert said["hosts"]["vm"]["domains"] == {"site": "zebu.test", "addresses": ["198.51.100.7"]}
    assert "backups" not in said["hosts"]["vm"], "it says what the common one says"
    assert "hosts.vm.domains.site" in found.added and found.differs == ()
    assert written(found.text, "vm", SEEN, {}).text == found.text
    of_first = written(found.text, "first", SEEN, {})
    assert tomllib.loads(of_first.text)["domains"]["site"] == "first.test"
    assert any("domains.site is" in line for line in of_first.differs)
