"""Who gets in: sshd as it is in effect, the firewall, fail2ban."""

from __future__ import annotations

import pytest
from testinfra.host import Host

SSHD = (
    ("passwordauthentication", "no"),
    ("kbdinteractiveauthentication", "no"),
    ("permitrootlogin", "without-password"),
    ("permitemptypasswords", "no"),
    ("pubkeyauthentication", "yes"),
    ("hostbasedauthentication", "no"),
    ("x11forwarding", "no"),
    ("maxauthtries", "4"),
    ("permituserenvironment", "no"),
    ("loglevel", "INFO"),
)


@pytest.mark.parametrize(("key", "value"), SSHD)
def test_sshd_is_set(host: Host, key: str, value: str) -> None:
    assert f"\n{key} {value}\n" in host.check_output("sshd -T")


def test_sshd_can_start_again(host: Host) -> None:
    assert host.run("sshd -t").succeeded


def test_no_weak_cipher_is_offered(host: Host) -> None:
    assert "cbc" not in host.check_output("sshd -T | grep ^ciphers")


def test_firewall_is_active(host: Host) -> None:
    assert host.check_output("ufw status").startswith("Status: active")


def test_firewall_denies_by_default(host: Host) -> None:
    assert "Default: deny (incoming)" in host.check_output("ufw status verbose")


def test_firewall_lets_ssh_through(host: Host) -> None:
    assert "22/tcp" in host.check_output("ufw status")


def test_firewall_starts_at_boot(host: Host) -> None:
    assert host.file("/etc/ufw/ufw.conf").contains("^ENABLED=yes")


def test_containers_are_behind_the_firewall(host: Host) -> None:
    assert host.service("zebu-docker-firewall").is_running


def test_docker_asks_the_firewall(host: Host) -> None:
    assert "DROP" in host.check_output("iptables -S DOCKER-USER")


def test_bans_are_given_to_ssh(host: Host) -> None:
    assert "sshd" in host.check_output("fail2ban-client status")


def test_bans_come_after_few_failures(host: Host) -> None:
    assert int(host.check_output("fail2ban-client get sshd maxretry")) <= 5


def test_bans_last_long_enough(host: Host) -> None:
    assert int(host.check_output("fail2ban-client get sshd bantime")) >= 600
