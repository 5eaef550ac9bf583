"""Updates that install themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.updates import MISSING_SUITE, Pending, interval_of
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why

SECURITY = "o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64"
MAIN = "v=12.15,o=Debian,a=oldstable,n=bookworm,l=Debian,c=main,b=amd64"
PATTERN = "@pattern origin=Debian,codename=${distro_codename}-security,label=Debian-Security\n"
UPDATES = f"""@release debian 12 bookworm
@life eol 2026-07-11
@package installed
@periodic 1 1 1
{PATTERN}@timer apt-daily.timer active enabled
@service apt-daily.service loaded
@timer apt-daily-upgrade.timer inactive enabled
@stamp {AT - 5400}
@run 2026-11-24 11:30:00,123 1
@suite 500 debian.example.org {SECURITY}
@suite 500 debian.example.org {MAIN}
@target bookworm-security debian.example.org
@target bookworm debian.example.org
@list {AT - 7000} {AT - 9000}
@list {AT - 3600} {AT - 7200}
@published {AT - 4000} {AT + 604800} o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security
@published {AT - 9999999} - o=Debian,a=oldstable,n=bookworm,l=Debian
@refreshed {AT - 1800}
@simulated 0\x20
@pending openssl 3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64]
@pending less 590-2.1 Debian:12.11/stable [amd64]
@booted {AT - 864000}
@reboot {AT - 86400}
@running 6.1.0-27-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.115-1 (2024-11-01)
@utc +0100
"""


def changed(*pairs: tuple[str, str]) -> str:
    """The answer with pieces otherwise."""
    text = UPDATES
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_updates(target: Target) -> None:
    found = read("updates", UPDATES, target)
    assert (found.is_installed, found.is_switched_on, found.uncovered, found.unreadable) == (True, True, (), ())
    assert (found.release.ended, str(found.release)) == (date(2028, 6, 30), "debian 12")
    assert found.dead_timers == ("apt-daily-upgrade.timer",)
    assert found.last_run == NOON - timedelta(minutes=90)
    assert (found.begun, found.errors) == (datetime(2026, 11, 24, 10, 30, tzinfo=UTC), 1)
    assert (found.arrived, found.published) == (NOON - timedelta(hours=1), NOON - timedelta(hours=2))
    assert (found.signed, found.valid_until) == (NOON - timedelta(seconds=4000), NOON + timedelta(days=7))
    assert found.reboot_since == NOON - timedelta(days=1)
    assert [one.is_security for one in found.pending] == [True, False]
    assert (found.trouble, found.refused, found.without_suite, found.odd) == ("", "", "", ())


@pytest.mark.parametrize(("stamp", "overlooked"), [(AT - 3601, False), (AT - 3600, True), ("", True)])
def test_an_update_is_overlooked_that_the_machine_knew_of_before_the_last_run(
    stamp: int | str, overlooked: bool, target: Target
) -> None:
    """The newest list came an hour ago; one that was published before, but not fetched, nobody could install."""
    found = read("updates", changed((f"@stamp {AT - 5400}\n", f"@stamp {stamp}\n")), target)
    security = Pending("openssl", "3.0.17-1~deb12u3", "Debian-Security:12/stable-security [amd64]")
    assert found.overlooked == ((security,) if overlooked else ())


@pytest.mark.parametrize("log", ["@run 2026-11-24 11:30:00,123 1\n", ""])
def test_a_stamp_tells_the_last_run_whatever_the_log_says(log: str, target: Target) -> None:
    """The log speaks the machine's language, or was rotated away."""
    found = read("updates", changed(("@run 2026-11-24 11:30:00,123 1\n", log)), target)
    assert found.last_run == NOON - timedelta(minutes=90)


@pytest.mark.parametrize(("text", "interval"), [
    ("0", None), ("", None), ("1", timedelta(days=1)), ("7", timedelta(days=7)), ("2d", timedelta(days=2)), ("12h", timedelta(hours=12)),
    ("90m", timedelta(minutes=90)), ("3600s", timedelta(hours=1)), ("always", timedelta()), ("true", timedelta()),
])  # fmt: skip
def test_intervals_as_apts_daily_script_reads_them(text: str, interval: timedelta | None) -> None:
    assert interval_of(text) == interval


@pytest.mark.parametrize(("periodic", "interval"), [
    ("1 1 1", timedelta(days=1)), ("1 1 7", timedelta(days=7)), ("1 3 always", timedelta(days=3)), ("always always 12h", timedelta(hours=12)),
    ("1 1 0", None), ("0 1 1", None), ("1 0 1", None), ("00 1 1", None),
])  # fmt: skip
def test_all_three_switches_count(periodic: str, interval: timedelta | None, target: Target) -> None:
    found = read("updates", changed(("@periodic 1 1 1", f"@periodic {periodic}")), target)
    assert (found.interval, found.is_switched_on) == (interval, interval is not None)


def test_days_of_the_week_make_it_weekly(target: Target) -> None:
    found = read("updates", UPDATES + "@days Mon\n@days Thu\n", target)
    assert found.interval == timedelta(days=7)


@pytest.mark.parametrize(("patterns", "uncovered"), [
    ("@pattern origin=*\n", False), ("@pattern o=*,a=*-security\n", False), ("@pattern o=*,a=stable\n", True),
    ("@pattern l=Debian-Security\n", False), ("@pattern label=Debian-Security,codename=bookworm\n", True),
    ("@pattern origin=Debian,codename=bullseye-security,label=Debian-Security\n", True), ("@pattern n=bookworm-security\n", False),
    ("@pattern suite=oldstable-security , origin = Debian\n", False), ("@pattern archive=stable-security\n", True),
    ("@pattern site=*.example.org\n", False), ("@pattern site=security.example.org\n", True), ("@pattern c=main\n", False),
    ("@pattern c=contrib\n", True), ("@pattern origin=debian,label=Debian-Security\n", True), ("", True),
    ("@allowed ${distro_id}:oldstable-security\n", False), ("@allowed ${distro_id}:${distro_codename}-security\n", True),
    ("@allowed Debian oldstable-security\n", False), ("@pattern origin=Debian,codename=$distro_codename-security\n", False),
    ("@pattern o=Debian\\, indeed\n@pattern l=Debian-Sec*\n", False),
])  # fmt: skip
def test_what_patterns_cover(patterns: str, uncovered: bool, target: Target) -> None:
    found = read("updates", changed((PATTERN, patterns)), target)
    assert found.uncovered == (("bookworm-security/main",) if uncovered else ())
    assert found.unreadable == ()


@pytest.mark.parametrize(
    "text", ["@pattern Debian", "@pattern codname=x", "@pattern o=a=b", "@allowed one", "@allowed a:b:c"]
)
def test_what_unattended_upgrades_stops_at(text: str, target: Target) -> None:
    assert read("updates", f"{UPDATES}{text}\n", target).unreadable == (text.partition(" ")[2],)


def test_ubuntus_origins_cover_its_pockets(target: Target) -> None:
    """Every component of the pocket is one."""
    suites = "".join(
        f"@suite 500 security.ubuntu.example.org v=22.04,o=Ubuntu,a=jammy-security,n=jammy,l=Ubuntu,c={part},b=amd64\n"
        for part in ("main", "universe")
    )
    text = changed(
        ("debian 12 bookworm", "ubuntu 22.04 jammy"),
        (f"@suite 500 debian.example.org {SECURITY}\n@suite 500 debian.example.org {MAIN}\n", suites),
    )
    allowed = text.replace(PATTERN, "@allowed ${distro_id}:${distro_codename}-security\n")
    assert read("updates", allowed, target).uncovered == ()
    by_component = text.replace(PATTERN, "@pattern o=Ubuntu,c=main\n")
    assert read("updates", by_component, target).uncovered == ("jammy-security/universe",)


def test_another_releases_suite_is_not_the_machines_own(target: Target) -> None:
    """A source of the next release, for a single package, need not be covered; nor is it what the machine needs."""
    other = (
        "@suite 100 debian.example.org o=Debian,a=stable-security,n=trixie-security,l=Debian-Security,c=main,b=amd64\n"
    )
    assert read("updates", UPDATES + other, target).uncovered == ()
    alone = changed(
        (f"@suite 500 debian.example.org {SECURITY}\n", other), ("@target bookworm-security debian.example.org\n", "")
    )
    assert read("updates", alone, target).without_suite == MISSING_SUITE


@pytest.mark.parametrize(("security", "main", "refused"), [
    (500, 500, ""), (990, 500, ""), (-1, 500, "bookworm-security/main is pinned to -1"),
    (500, 990, "bookworm-security/main has priority 500, below another suite's 990"), (500, 100, ""),
])  # fmt: skip
def test_preferences_may_refuse_security(security: int, main: int, refused: str, target: Target) -> None:
    """APT::Default-Release "bookworm" raises one suite above the other."""
    text = changed(
        (f"@suite 500 debian.example.org {SECURITY}", f"@suite {security} debian.example.org {SECURITY}"),
        (f"@suite 500 debian.example.org {MAIN}", f"@suite {main} debian.example.org {MAIN}"),
    )
    assert read("updates", text, target).refused == refused


def test_preferred_backports_keep_no_security_update_back(target: Target) -> None:
    backports = "@suite 990 debian.example.org o=Debian Backports,a=oldstable-backports,n=bookworm-backports,l=Debian Backports,c=main\n"
    assert read("updates", UPDATES + backports, target).refused == ""


@pytest.mark.parametrize(("changes", "reason"), [
    ((("@target bookworm-security debian.example.org\n", ""),), MISSING_SUITE),
    ((), "the lists of bookworm-security of debian.example.org were never fetched"),
    ((("@target bookworm-security debian.example.org\n", ""), (f"@suite 500 debian.example.org {MAIN}\n", "")), "no list was ever fetched"),
    ((("@target bookworm-security debian.example.org\n", ""), ("o=Debian,a=oldstable,n=bookworm,l=Debian,c=main", "o=Devuan,n=daedalus")),
     "none of the suites of Devuan is known to bring security updates"),
])  # fmt: skip
def test_without_a_security_list_nothing_pending_says_nothing(
    changes: tuple[tuple[str, str], ...], reason: str, target: Target
) -> None:
    text = changed((f"@suite 500 debian.example.org {SECURITY}\n", ""), *changes)
    assert read("updates", text, target).without_suite == reason


def test_what_no_run_will_install(target: Target) -> None:
    """Held by dpkg, on unattended-upgrades' list, or pinned below what waits."""
    assert read("updates", UPDATES + "@held openssl\n@held less\n", target).kept_back == ("openssl",)
    assert read("updates", UPDATES + "@left openssl\n@held openssl:amd64\n", target).kept_back == ("openssl",)
    assert read("updates", UPDATES + "@pinned tzdata 2026f-0+deb12u1\n", target).kept_back == ("tzdata",)
    assert read("updates", UPDATES, target).kept_back == ()


@pytest.mark.parametrize(("release", "more", "ended"), [
    ("debian 11 bullseye", "", date(2026, 8, 31)), ("debian 13 trixie", "@life eol 2020-01-01\n", date(2030, 6, 30)),
    ("debian 11 bullseye", "@suite 500 deb.freexian.com o=Freexian,n=bullseye,l=extended-lts\n", date(2031, 6, 30)),
    ("ubuntu 22.04 jammy", "", date(2027, 6, 1)), ("ubuntu 20.04 focal", "", date(2025, 5, 29)),
    ("ubuntu 20.04 focal", "@suite 500 esm.ubuntu.example.org o=UbuntuESM,a=focal-infra-security,n=focal\n", date(2030, 4, 23)),
    ("debian 17 later", "@life eol-lts 2041-01-01\n", date(2041, 1, 1)), ("ubuntu 28.04 later", "", date(2026, 7, 11)),
    ("devuan 5 daedalus", "", date(2026, 7, 11)),
])  # fmt: skip
def test_how_long_a_release_gets_updates(release: str, more: str, ended: date, target: Target) -> None:
    """By our own table, else by the machine's."""
    text = changed(("@release debian 12 bookworm", f"@release {release}")) + more
    assert read("updates", text, target).release.ended == ended


@pytest.mark.parametrize("life", ["", "@life eol soon\n"])
def test_a_release_that_nobody_knows(life: str, target: Target) -> None:
    text = changed(("@release debian 12 bookworm", "@release elsewhere 1 one"), ("@life eol 2026-07-11\n", life))
    assert read("updates", text, target).release.ended is None


KERNEL = "@kernel {} {} {}\n"


@pytest.mark.parametrize(("kernels", "since"), [
    ("", None), (KERNEL.format(AT - 900000, "6.1.0-27-amd64", "6.1.115-1"), None),
    # A newer one of the same flavour, installed since the machine booted; and before it did.
    (KERNEL.format(AT - 900000, "6.1.0-27-amd64", "6.1.115-1") + KERNEL.format(AT - 60, "6.1.0-30-amd64", "6.1.124-1"), AT - 60),
    (KERNEL.format(AT - 900000, "6.1.0-27-amd64", "6.1.115-1") + KERNEL.format(AT - 880000, "6.1.0-30-amd64", "6.1.124-1"), None),
    (KERNEL.format(AT - 900000, "6.1.0-27-amd64", "6.1.115-1") + KERNEL.format(AT - 60, "6.1.0-9-amd64", "6.1.27-1"), None),
    (KERNEL.format(AT - 900000, "6.1.0-27-amd64", "6.1.115-1") + KERNEL.format(AT - 60, "6.1.0-30-rt-amd64", "6.1.124-1"), None),
    # The same name, another version; and a kernel that is not this machine's own at all.
    (KERNEL.format(AT - 60, "6.1.0-27-amd64", "6.1.119-1"), AT - 60), (KERNEL.format(AT - 60, "6.1.0-27-amd64", ""), None),
    (KERNEL.format(AT - 60, "6.1.0-30-amd64", "6.1.124-1"), None),
])  # fmt: skip
def test_a_newer_kernel_waits_for_a_reboot(kernels: str, since: int | None, target: Target) -> None:
    found = read("updates", changed((f"@reboot {AT - 86400}\n", kernels)), target).reboot_since
    assert found == (None if since is None else datetime.fromtimestamp(since, UTC))


def test_no_apt_is_no_verdict(target: Target) -> None:
    answer = ALL["updates"].read(Gathered({"updates": Said(0, "")}), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.MISSING


@pytest.mark.parametrize(("old", "new", "field", "value"), [
    ("@package installed", "@package config-files", "is_installed", False),
    ("inactive enabled", "active disabled", "dead_timers", ("apt-daily-upgrade.timer",)), ("inactive enabled", "active enabled", "dead_timers", ()),
    ("inactive enabled", "active masked", "dead_timers", ("apt-daily-upgrade.timer",)),
    ("@service apt-daily.service loaded", "@service apt-daily.service masked", "dead_timers", ("apt-daily-upgrade.timer", "apt-daily.service (masked)")),
    (f"@reboot {AT - 86400}\n", "", "reboot_since", None), (f"@refreshed {AT - 1800}", "@refreshed ", "refreshed", None),
    ("@simulated 0 ", "@simulated 100 Unmet dependencies", "trouble", "Unmet dependencies"), ("@simulated 0 ", "@simulated 100 ", "trouble", "exit status 100"),
    ("@simulated 0 ", "@unconfigured Syntax error\n@simulated 0 ", "unconfigured", "Syntax error"),
    ("@utc", "@broken half-configured libc6\n@utc", "broken", ("libc6 is half-configured",)), ("@utc", "@busy\n@utc", "is_busy", True),
    ("@utc", "@shutdown true\n@utc", "waits_for_shutdown", True), ("@utc", "@shutdown false\n@utc", "waits_for_shutdown", False),
    ("@utc", "@excluded 300 301\n@utc", "left_alone", (300, 301)), ("@utc", "@tool cron-apt\n@utc", "tools", ("cron-apt",)),
    ("@reboot", "@pending openssl\n@reboot", "odd", ("pending openssl",)), ("@life eol 2026", "@life eol x", "odd", ("life eol x-07-11",)),
])  # fmt: skip
def test_each_sign_counts(old: str, new: str, field: str, value: Any, target: Target) -> None:
    assert getattr(read("updates", changed((old, new)), target), field) == value


def test_without_systemd_timers_are_not_known(target: Target) -> None:
    text = "".join(line for line in UPDATES.splitlines(keepends=True) if not line.startswith(("@timer", "@service")))
    assert read("updates", text, target).dead_timers is None


@pytest.mark.parametrize(("old", "new"), [
    ("@utc +0100", "@utc CET"), ("@utc +0100\n", ""), ("@periodic 1 1 1\n", ""), ("11:30:00", "soon"), ("@simulated 0 \n", ""),
    ("@utc", "@excluded many\n@utc"),
])  # fmt: skip
def test_less_is_garbled(old: str, new: str, target: Target) -> None:
    assert why("updates", changed((old, new)), target) is Reason.GARBLED
