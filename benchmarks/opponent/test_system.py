"""The machine below the application: packages, services, accounts, files, kernel, network."""

from __future__ import annotations

import pytest
from testinfra.host import Host

PACKAGES = (
    "ca-certificates", "cron", "docker.io", "fail2ban", "git", "logrotate", "openssh-server", "rsync", "rsyslog", "sudo", "ufw",
    "unattended-upgrades",
)  # fmt: skip
UNWANTED = ("telnetd", "rsh-server", "vsftpd", "nis")
SERVICES = ("containerd", "cron", "docker", "fail2ban", "rsyslog", "ssh", "unattended-upgrades")
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer", "zebu-backup.timer", "zebu-watch.timer")
FILES = (
    ("/etc/passwd", "root", "root", 0o644),
    ("/etc/group", "root", "root", 0o644),
    ("/etc/shadow", "root", "shadow", 0o640),
    ("/etc/sudoers", "root", "root", 0o440),
    ("/etc/ssh/sshd_config", "root", "root", 0o644),
    ("/etc/ssh/ssh_host_ed25519_key", "root", "root", 0o600),
    ("/etc/docker/daemon.json", "root", "root", 0o644),
    ("/etc/apt/apt.conf.d/20auto-upgrades", "root", "root", 0o644),
    ("/home/deploy/.ssh", "deploy", "deploy", 0o700),
    ("/opt/zebu", "deploy", "deploy", 0o750),
    ("/opt/zebu/.env", "deploy", "deploy", 0o600),
    ("/var/backups/zebu", "root", "root", 0o700),
)
SYSCTL = (
    ("net.ipv4.ip_forward", 1),
    ("net.ipv4.tcp_syncookies", 1),
    ("net.ipv4.conf.all.accept_redirects", 0),
    ("net.ipv4.conf.all.accept_source_route", 0),
    ("net.bridge.bridge-nf-call-iptables", 1),
    ("kernel.randomize_va_space", 2),
    ("kernel.dmesg_restrict", 1),
    ("fs.suid_dumpable", 0),
)
LISTENING = ("tcp://0.0.0.0:22", "tcp://0.0.0.0:80", "tcp://0.0.0.0:8000", "tcp://127.0.0.1:5432")
SILENT = ("tcp://0.0.0.0:5432", "tcp://0.0.0.0:6379", "tcp://0.0.0.0:2375", "tcp://0.0.0.0:2376")


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_installed(host: Host, name: str) -> None:
    assert host.package(name).is_installed


@pytest.mark.parametrize("name", UNWANTED)
def test_package_is_not_installed(host: Host, name: str) -> None:
    assert not host.package(name).is_installed


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_running(host: Host, name: str) -> None:
    assert host.service(name).is_running


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_enabled(host: Host, name: str) -> None:
    assert host.service(name).is_enabled


@pytest.mark.parametrize("name", TIMERS)
def test_timer_is_active(host: Host, name: str) -> None:
    assert host.check_output("systemctl is-active %s", name) == "active"


@pytest.mark.parametrize(("path", "user", "group", "mode"), FILES)
def test_file_is_protected(host: Host, path: str, user: str, group: str, mode: int) -> None:
    file = host.file(path)
    assert (file.user, file.group, file.mode) == (user, group, mode)


@pytest.mark.parametrize(("key", "value"), SYSCTL)
def test_kernel_is_set(host: Host, key: str, value: int) -> None:
    assert host.sysctl(key) == value


@pytest.mark.parametrize("address", LISTENING)
def test_socket_is_listening(host: Host, address: str) -> None:
    assert host.socket(address).is_listening


@pytest.mark.parametrize("address", SILENT)
def test_socket_is_not_listening(host: Host, address: str) -> None:
    assert not host.socket(address).is_listening


def test_debian_is_supported(host: Host) -> None:
    assert (host.system_info.distribution, host.system_info.release.split(".")[0]) == ("debian", "12")


def test_clock_is_in_utc(host: Host) -> None:
    assert host.check_output("date +%Z") == "UTC"


def test_root_has_room(host: Host) -> None:
    assert int(host.check_output("df --output=pcent / | tail -1").strip(" %")) < 80


def test_root_has_inodes(host: Host) -> None:
    used = host.check_output("df --output=ipcent / | tail -1").strip(" %-")
    assert not used or int(used) < 80


def test_memory_is_enough(host: Host) -> None:
    assert int(host.check_output("awk '/^MemTotal/ {print $2}' /proc/meminfo")) >= 4 * 1024 * 1024


def test_memory_is_available(host: Host) -> None:
    assert int(host.check_output("awk '/^MemAvailable/ {print $2}' /proc/meminfo")) >= 512 * 1024


def test_processors_are_enough(host: Host) -> None:
    assert int(host.check_output("nproc")) >= 2


def test_no_unit_has_failed(host: Host) -> None:
    assert host.check_output("systemctl list-units --state=failed --no-legend --plain 'zebu*' 'docker*'") == ""


def test_no_package_is_broken(host: Host) -> None:
    assert host.check_output("dpkg --audit") == ""


def test_no_restart_is_due(host: Host) -> None:
    assert not host.file("/run/reboot-required").exists


def test_deploy_may_become_root(host: Host) -> None:
    assert "sudo" in host.user("deploy").groups


def test_deploy_has_a_shell(host: Host) -> None:
    assert host.user("deploy").shell == "/bin/bash"


def test_deploy_has_its_home(host: Host) -> None:
    assert host.user("deploy").home == "/home/deploy"


@pytest.mark.parametrize("name", ["www-data", "backup", "nobody"])
def test_account_has_no_shell(host: Host, name: str) -> None:
    assert host.user(name).shell == "/usr/sbin/nologin"


def test_only_root_is_root(host: Host) -> None:
    assert host.check_output("awk -F: '$3 == 0 {print $1}' /etc/passwd") == "root"


def test_no_account_lacks_a_password(host: Host) -> None:
    assert host.check_output("awk -F: '$2 == \"\" {print $1}' /etc/shadow") == ""


def test_keys_are_authorized(host: Host) -> None:
    assert host.file("/home/deploy/.ssh/authorized_keys").contains("^ssh-ed25519 ")


@pytest.mark.parametrize("name", ["Update-Package-Lists", "Unattended-Upgrade"])
def test_upgrades_are_automatic(host: Host, name: str) -> None:
    assert host.file("/etc/apt/apt.conf.d/20auto-upgrades").contains(f'^APT::Periodic::{name} "1";')


def test_names_are_resolved(host: Host) -> None:
    assert host.addr("api.zebu.test").is_resolvable


def test_there_is_a_way_out(host: Host) -> None:
    assert host.check_output("ip route show default").startswith("default via ")
