"""What the scripts about ssh make of options, lines, networks, keys and actions, without a server to ask."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts import scripts

PARTS = scripts.joined("quiet.pl", "ssh-servers.pl", "sshd.pl").split("\n# Asking\n")[0]
GUARDS = scripts.joined("quiet.pl", "ssh-servers.pl", "bruteforce.pl").split("\nmy @services = ")[0]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvvjvB3gV0Z2JzZ4nQbYtqf0d1m0j4cJ8m9cD3CkQbI"


def told(program: str, *arguments: str, parts: str = PARTS) -> str:
    """What a few lines of Perl say behind the script's own functions."""
    done = subprocess.run(
        ["perl", "-", *arguments], input=f"{parts}\n{program}", capture_output=True, text=True, check=False,
        env={"SSH_CONNECTION": "192.0.2.50 4000 192.0.2.1 22"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("options", "kept"), [
    ("-D", ""), ("-D -o PermitRootLogin=yes", "-o|PermitRootLogin=yes"), ("-DeoA=b -p22", "-o|A=b|-p|22"), ("-4 -f /etc/other -h /key", "-4|-f|/etc/other|-h|/key"),
    ("-E /var/log/x -u0 -b 2048", ""), ("-f other", "?"), ("-Z", "?"), ("--help", "?"), ("-o", "?"), ("word", "?"), ("-", "?"), ("-oInclude=/x", "?"), ("-o match=all", "?"),
])  # fmt: skip
def test_options_of_a_running_server(options: str, kept: str) -> None:
    """What its configuration depends on is kept, what does not change it is left; all else is not understood."""
    assert told("my $got = understood(@ARGV); print $got ? join '|', @$got : '?'", *options.split(" ")) == kept


@pytest.mark.parametrize(("title", "kept"), [
    ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", ""),
    ("sshd: /usr/sbin/sshd -D -o PermitRootLogin yes -p 22 [listener] 0 of 10-100 startups", "-o|PermitRootLogin yes|-p|22"),
    ("sshd: sshd -o AllowUsers a@10.0.0.0/8 b -oUsePAM no [listener] 1 of 5-9 startups", "-o|AllowUsers a@10.0.0.0/8 b|-o|UsePAM no"),
    ("sshd: /usr/sbin/sshd -D -o PermitRootL", "?"), ("sshd: deploy@pts/0", "?"), ("sshd: /usr/sbin/sshd -o a\\040b [listener] 0 of 1-2 startups", "?"),
    ("/usr/sbin/sshd\0-D\0-o\0Banner a -b\0", "-o|Banner a -b"), ("/usr/sbin/sshd\0word\0", "?"),
])  # fmt: skip
def test_options_by_what_a_server_calls_itself(title: str, kept: str, tmp_path: Path) -> None:
    (tmp_path / "cmdline").write_text(title)
    program = "no warnings; sub slurp { open my $in, '<', $ARGV[0]; local $/; <$in> } my $got = options_of(1);"
    assert told(f"{program} print $got ? join '|', @$got : '?'", str(tmp_path / "cmdline")) == kept


@pytest.mark.parametrize(("holders", "servers", "others"), [
    ("sshd 100", "100", ""), ("sshd 102,sshd 100", "100", ""), ("sshd 100,sshd 102", "100", ""), ("sshd 102", "", ""), ("dropbear 7", "", "dropbear:22"), ("", "", "a process:22"),
], ids=["alone", "a login begins", "a login begins later", "a session forwards", "another one", "nobody seen"])  # fmt: skip
def test_who_listens_is_not_who_was_begun_for_a_login(holders: str, servers: str, others: str) -> None:
    """Process 100 is the server; 102 was begun by it, and for a moment holds what it listens on."""
    users = ",".join(f'("{name}",pid={pid},fd=3)' for name, pid in (one.split() for one in holders.split(",") if one))
    program = """
    no warnings;
    sub said { return $_[0] eq 'ss' ? ("LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:($ARGV[0])", 0) : ('', 1) }
    sub slurp { my %file = ('/proc/100/stat' => '100 (sshd) S 1 1', '/proc/102/stat' => '102 (sshd) S 100 1', '/proc/100/comm' => 'sshd', '/proc/1/comm' => 'systemd'); $file{ $_[0] } }
    sub is_ours { 1 }
    my ($found, $others) = servers();
    print join(',', map { $_->{pid} } @$found), '|', join ',', map { join ':', @$_ } @$others;
    """
    assert told(program, users) == f"{servers}|{others}"


@pytest.mark.parametrize(("line", "words"), [
    ("Address 10.0.0.0/8,!10.1.0.0/16 User a", "Address|10.0.0.0/8,!10.1.0.0/16|User|a"), ('User="a b" Address=10.0.0.1', "User|a b|Address|10.0.0.1"),
    ("User = a # Address 10.0.0.1", "User|a"), ("'/etc/a b/*.conf' /c", "/etc/a b/*.conf|/c"), ("", ""), ("a#b", "a#b"),
])  # fmt: skip
def test_words_of_a_line(line: str, words: str) -> None:
    assert told("print join '|', words($ARGV[0])", line) == words


@pytest.mark.parametrize(("line", "named"), [
    ("Match Address 10.0.0.0/8,!10.1.* LocalPort 2222", "address:10.0.0.0/8 address:10.1.* localport:2222"), ("match all", ""), ("Match Version x", ""),
    ("AllowUsers a b@10.0.0.0/8,!10.1.0.1 c@*.example.org", "address:10.0.0.0/8 address:10.1.0.1 host:*.example.org"), ("denyusers=*@fe80::*", "address:fe80::*"),
    ("AllowGroups staff", "groups:1"), ("Match Exec true", "unasked:Match exec"), ("Match Invalid-User", ""), ("# Match User a", ""), ("Banner none", ""),
])  # fmt: skip
def test_what_a_line_names(line: str, named: str) -> None:
    program = "read_line($ARGV[0], 0); my @got; for my $one (sort keys %named) { push @got, map { qq($one:$_) } sort keys %{ $named{$one} } }"
    assert told(f"{program} print join ' ', @got, map {{ qq(unasked:$_) }} sort keys %unasked", line) == named


def test_where_options_are_set(tmp_path: Path) -> None:
    """To what, once each, in the order of reading, with what is included; not those of the command line, nor what has no word for its value."""
    (tmp_path / "sshd_config").write_text(
        f"# PermitRootLogin no\nInclude {tmp_path}/*.conf\n\n  PasswordAuthentication=YES\nPort 22\nAuthorizedKeysCommand /x secret\nMatch User a\n\t"
        f'passwordauthentication "no" # here\nUsePAM\nInclude {tmp_path}/1.conf\n'
    )
    (tmp_path / "1.conf").write_text("PermitRootLogin yes\n")
    (tmp_path / "2 3.conf").write_text("\n\nChallengeResponseAuthentication yes\n")
    program = "read_line('PermitRootLogin yes', 0); read_configuration($ARGV[0], 0); print map { qq($_\\n) } @set"
    assert told(program, str(tmp_path / "sshd_config")).splitlines() == [
        f"permitrootlogin yes 1 {tmp_path}/1.conf",
        f"challengeresponseauthentication yes 3 {tmp_path}/2%203.conf",
        f"passwordauthentication yes 4 {tmp_path}/sshd_config",
        f"passwordauthentication no 8 {tmp_path}/sshd_config",
    ]


def test_of_very_many_lines_the_first_are_told(tmp_path: Path) -> None:
    (tmp_path / "many").write_text("PermitRootLogin no\n" * 5000)
    assert told("read_configuration($ARGV[0], 0); print scalar @set", str(tmp_path / "many")) == "200"


ANYWHERE = "127.0.0.1 203.0.113.77 192.0.2.50"


@pytest.mark.parametrize(("patterns", "asked"), [
    ("", "2001:db8::77"), ("10.0.0.0/8", "2001:db8::77 10.0.0.1"), ("10.0.0.0/8 10.0.0.0/24", "2001:db8::77 10.0.0.1 10.0.1.1"), ("10.1.2.3", "2001:db8::77 10.1.2.3"),
    ("192.168.*", "2001:db8::77 192.168.0.1"), ("10.*.*.*", "2001:db8::77 10.0.0.1"), ("0.0.0.0/0", "2001:db8::77"), ("192.168.1*", "192.168.11.1 2001:db8::77"), ("*.7", "1.1.1.7 2001:db8::77"),
    ("203.0.113.0/24", "2001:db8::77"), ("203.0.0.0/8 203.0.113.77", "2001:db8::77 203.0.0.1"), ("2001:db8:5::/48", "2001:db8::77 2001:db8:5::1"), ("fe80::*", "fe80::1 2001:db8::77"),
    ("::/0", "2001:db8::77"), ("10.0.0.0/8 11.0.0.0/8 12.0.0.0/8", "2001:db8::77 10.0.0.1 11.0.0.1 12.0.0.1"), ("*", "2001:db8::77"), ("255.255.255.255", "2001:db8::77"),
    ("10.0.0.255/32 10.0.0.254/31", "2001:db8::77 10.0.0.254 10.0.0.255"),
])  # fmt: skip
def test_one_address_of_each_stretch_is_asked_about(patterns: str, asked: str) -> None:
    """Each network, each part of it that another cuts out, and what is outside of all."""
    program = "$named{address}{$_} = 1 for split ' ', $ARGV[0]; print join ' ', addresses(1)"
    assert told(program, patterns) == f"{ANYWHERE} {asked}".strip()


def test_more_networks_than_can_be_asked_about_are_said() -> None:
    program = "$named{address}{qq(10.$_.0.0/16)} = 1, $named{address}{qq(11.$_.0.0/16)} = 1 for 0 .. 199; addresses(0); print keys %unasked"
    assert told(program) == "sshd about networks beyond 300"


@pytest.mark.parametrize(("line", "counts"), [
    (KEY, 1), (f"  {KEY} me", 1), (f"# {KEY}", 0), (f"garbage {KEY}", 1), ("garbage ssh-ed25519 key", 0), ("ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAABAQ", 0),
    (f'from="10.0.0.0/8",command="echo \\"a b\\"" {KEY}', 1), (f"cert-authority {KEY}", 1), (f'expiry-time="20200101" {KEY}', 0), (f'expiry-time="20990101Z",restrict {KEY}', 1),
    ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA== x", 1), ("", 0), ("ssh-ed25519", 0),
])  # fmt: skip
def test_lines_that_are_keys(line: str, counts: int) -> None:
    assert told("print is_key($ARGV[0])", line) == str(counts)


@pytest.mark.parametrize(("mode", "folder_mode", "trusted"), [
    (0o600, 0o700, "1"), (0o644, 0o755, "1"), (0o666, 0o700, "0"), (0o600, 0o777, "0"), (0o660, 0o700, "?"), (0o600, 0o770, "?"),
])  # fmt: skip
def test_files_that_sshd_trusts(mode: int, folder_mode: int, trusted: str, tmp_path: Path) -> None:
    folder, file = tmp_path / ".ssh", tmp_path / ".ssh/authorized_keys"
    folder.mkdir()
    file.touch()
    file.chmod(mode)
    folder.chmod(folder_mode)
    program = "print is_trusted($ARGV[0], { uid => $>, home => $ARGV[1] }) // '?'"
    assert told(program, str(file), str(tmp_path)) == trusted


@pytest.mark.parametrize(("pattern", "file"), [
    (".ssh/keys", "/home/me/.ssh/keys"), ("%h/k", "/home/me/k"), ("/etc/keys/%u.%U", "/etc/keys/me.7"), ("/a%%b", "/a%b"), ("/a%z", "?"),
])  # fmt: skip
def test_where_keys_are(pattern: str, file: str) -> None:
    assert told("print expanded($ARGV[0], { name => 'me', uid => 7, home => '/home/me' }) // '?'", pattern) == file


@pytest.mark.parametrize(("text", "ranges"), [
    ("ssh", "22-22"), ("22", "22-22"), ("ssh,2200:2299", "22-22,2200-2299"), ("0:65535", "0-65535"), ("2200-2299", "2200-2299"), (":1024", "0-1024"), ("1024:", "1024-65535"),
    (" 22 , 2222 ", "22-22,2222-2222"), ("no-such-service", "?"), ("22,no-such-service", "?"), ("", "?"),
])  # fmt: skip
def test_ports_of_a_jail(text: str, ranges: str) -> None:
    assert told("print ports($ARGV[0])", text, parts=GUARDS) == ranges


IPTABLES = "{ <iptables> -C INPUT -p $proto -m multiport --dports ssh,2222 -j f2b-sshd >/dev/null 2>&1; } || { <iptables> -I INPUT -p $proto -m multiport --dports ssh,2222 -j f2b-sshd; }"
NFTABLES = "nft -- add chain inet f2b-table f2b-chain \\{ type filter hook input priority -1 \\; \\}\nnft add rule inet f2b-table f2b-chain $proto dport \\{ $(echo 'ssh,2222:2230' | sed s/:/-/g) \\} saddr @<addr_set> reject"


@pytest.mark.parametrize(("ban", "start", "port", "protocol", "action"), [
    ("<iptables> -I f2b-sshd 1 -s <ip> -j <blocktype>", f"<iptables> -N f2b-sshd\n{IPTABLES}", "ssh", "tcp", "filter 22-22,2222-2222 input"),
    ("<iptables> -I f2b-sshd 1 -s <ip> -j <blocktype>", "<iptables> -I DOCKER-USER -p tcp -j f2b-sshd", "ssh", "tcp", "filter all docker-user"),
    ("<iptables> -I f2b-sshd 1 -s <ip> -j <blocktype>", "<iptables> -A fail2ban-SSH -j RETURN\n<iptables> -I INPUT -p tcp --dport ssh -j fail2ban-SSH", "ssh", "tcp", "filter 22-22 input"),
    ("nft add element inet f2b-table <addr_set> \\{ <ip> \\}", NFTABLES, "ssh", "tcp", "filter 22-22,2222-2230 input"),
    ("nft add element inet f2b-table <addr_set> \\{ <ip> \\}", NFTABLES.replace("dport", "saddr").replace("input", "forward"), "ssh", "tcp", "filter all forward"),
    ("nft add element inet filter banned \\{ <ip> \\}", "", "ssh", "tcp", "filter all %3F"),
    ("ipset -exist add <ipmset> <ip> timeout 0", "<iptables> -I INPUT -p tcp -m multiport --dports 2222 -m set --match-set <ipmset> src -j DROP", "ssh", "tcp", "filter 2222-2222 input"),
    ("firewall-cmd --add-rich-rule=\"rule source address='<ip>' port port='$p' protocol='tcp' reject\"", "", "ssh,http", "tcp", "filter 22-22,80-80 input"),
    ("firewall-cmd --direct --add-rule <family> filter f2b-x 0 -s <ip> -j REJECT", "firewall-cmd --direct --add-rule <family> filter INPUT_direct 0 -p tcp -m multiport --dports 22 -j f2b-x", "ssh", "tcp", "filter 22-22 input"),
    ("<iptables> -I f2b-sshd 1 -s <ip> -j <blocktype>", "<iptables> -I INPUT -p udp --dport ssh -j f2b-sshd", "ssh", "udp", "filter %3F input"),
    ("ufw prepend reject from <ip> to any", "", "ssh", "tcp", "host all input"), ("ip route add unreachable <ip>", "", "ssh", "tcp", "host all input"),
    ('printf %b "ALL: <ip_value>\\n" >> /etc/hosts.deny', "", "ssh", "", "host all input"), ("printf x | mail -s banned root", "", "ssh", "tcp", "mail all input"),
    ("curl -X POST https://ban.example.org/<ip>", "", "ssh", "tcp", "%3F all input"), ("", "", "", "", "none all input"),
])  # fmt: skip
def test_what_an_action_does(ban: str, start: str, port: str, protocol: str, action: str) -> None:
    """The texts are those of fail2ban's own actions, as its server tells them."""
    expected = f"@action jail:x {action}\n".replace("%3F", "?")
    assert told("tell_action('jail:x', @ARGV)", ban, start, port, protocol, parts=GUARDS) == expected


@pytest.mark.parametrize(("body", "ruled"), [
    (" set crowdsec-blacklists {\n  elements = { 198.51.100.7 }\n }\n chain c {\n  type filter hook input priority 0; policy accept;\n  ip saddr @crowdsec-blacklists drop\n }\n", 1),
    (" chain c {\n  type filter hook forward priority 0; policy accept;\n  ip saddr @crowdsec-blacklists drop\n }\n", 0), (" chain c {\n  type filter hook input priority 0;\n }\n", 0),
    (" chain c {\n  type filter hook input priority 0;\n  ip saddr @crowdsec-blacklists-CAPI counter packets 0 bytes 0 drop\n }\n", 1),
])  # fmt: skip
def test_a_table_that_refuses(body: str, ruled: int) -> None:
    program = "$rules = $ARGV[0]; print is_ruled_by_nft('crowdsec6?', 'crowdsec')"
    assert told(program, f"table ip crowdsec {{\n{body}}}\n", parts=GUARDS) == str(ruled)
    assert told(program, f"table ip other {{\n{body}}}\n", parts=GUARDS) == "0"


def test_of_sets_only_those_that_rules_ask_for_count() -> None:
    sets = (
        "create f2b-sshd hash:ip\nadd f2b-sshd 198.51.100.7\ncreate f2b-sshd-old hash:ip\nadd f2b-sshd-old 198.51.100.8"
    )
    rule = "-A INPUT -p tcp -m set --match-set f2b-sshd src -j REJECT"
    kept = "create f2b-sshd hash:ip\nadd f2b-sshd 198.51.100.7\n"
    assert told("print listed(@ARGV)", rule, sets, parts=GUARDS) == kept
    assert told("print listed(@ARGV)", "-A INPUT -j ACCEPT", sets, parts=GUARDS) == ""


@pytest.mark.parametrize(("shell", "password", "opens"), [
    ("/bin/bash", "*", 1), ("/usr/sbin/nologin", "*", 0), ("/usr/sbin/nologin", "!$y$j9T$x", 0), ("/bin/false", "", 0), ("/usr/sbin/nologin", "x", 0),
    ("/usr/sbin/nologin", "$y$j9T$x", 1), ("/bin/false", "ab0123456789.", 1),
])  # fmt: skip
def test_who_opens_sessions(shell: str, password: str, opens: int) -> None:
    """Without a shell, a password still gives files and forwarded ports."""
    assert told("print opens_sessions(@ARGV)", shell, password) == str(opens)


CLIENT = """#!/bin/sh
echo started >> starts
[ "$*" = -i ] || exit 3
printf 'Fail2Ban reads log file\\n\\nfail2ban> '
while read -r line; do
  case $line in
    exit) exit 0 ;;
    'status') printf 'Status\\n`- Jail list:\\tsshd, web\\n' ;;
    'get sshd failregex') echo '0: Failed password for x' ;;
    'get web failregex') echo '0: GET /' ;;
    'status sshd') printf 'Total failed:\\t7\\nCurrently banned:\\t0\\nsays fail2ban> twice\\nFile list:\\t\\n' ;;
    'get sshd maxretry') echo 5 ;;
    'get sshd findtime') echo 600 ;;
    'get sshd bantime') DIES ;;
    'get sshd actions') printf 'The jail sshd has the following actions:\\nmine\\n' ;;
    'get sshd action mine actionban') echo 'ufw prepend reject from <ip> to any' ;;
    *) ;;
  esac
  printf 'fail2ban> '
done
echo left >> starts
"""


@pytest.mark.parametrize(("dies", "said"), [
    ("echo -1", "@jails 2\n@jail sshd 7 0 5 600 -1\n@action jail:sshd host all input\n"), ("exit 1", "@jails 2\n@jail sshd 7 0 5 600 ?\n"),
    ("kill -9 $$", "@jails 2\n@jail sshd 7 0 5 600 ?\nnot run: fail2ban-client\n"),
])  # fmt: skip
def test_fail2ban_is_asked_in_one_conversation(dies: str, said: str, tmp_path: Path) -> None:
    """Its client is started once; what it does not answer any more is not told, and that it was killed is."""
    (tmp_path / "fail2ban-client").write_text(CLIENT.replace("DIES", dies))
    (tmp_path / "fail2ban-client").chmod(0o755)
    done = subprocess.run(
        ["perl", "-e", f"{GUARDS}\n$| = 1; tell_fail2ban(); leave_fail2ban();"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
        cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout == said
    assert (tmp_path / "starts").read_text() == "started\n" + ("left\n" if dies == "echo -1" else "")


def test_what_is_not_there_is_not_asked(tmp_path: Path) -> None:
    assert told(f"$ENV{{PATH}} = '{tmp_path}'; tell_fail2ban(); leave_fail2ban()", parts=GUARDS) == ""


@pytest.mark.parametrize(("text", "varies"), [
    ("PasswordAuthentication no\n# Match User a\n", ""), ("Include HERE/more/*.conf\n", ""), ("include=HERE/more/*.conf\n", "1"), ('Include "HERE/more/plain.conf"\n', "1"),
    ('"Include" HERE/with.conf\n', "1"), ("Include HERE/with.conf\n", "1"), ("Include HERE/with.conf\nInclude HERE/more/*.conf\n", "1"), ("Match all\n", "1"),
    ('"Match" User a\n', "1"), ("\tmatch=user a\n", "1"), ("PasswordAuthentication no\r\nMATCH User a\n", "1"), ("AllowUsers a@10.0.0.0/8\n", ""),
    ("#" * 1_048_576 + "\nMatch User a\n", "1"), (None, "1"),
])  # fmt: skip
def test_whether_a_server_tells_anybody_apart(text: str | None, varies: str, tmp_path: Path) -> None:
    """In doubt it does. Who tells nobody apart is asked once, others once for each question."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more/plain.conf").write_text("PermitRootLogin no\n")
    (tmp_path / "with.conf").write_text("X11Forwarding no\nMatch User a\nPermitRootLogin yes\n")
    if text is not None:
        (tmp_path / "config").write_text(text.replace("HERE", str(tmp_path)))
    program = """
        no warnings 'redefine'; my $asked = 0; sub said { $asked++; return ("it says $_[-1]", 0) }
        read_configuration("$ARGV[0]/config", 0);
        my %server = (exe => 'sshd', options => [], varies => $varies);
        my @said = map { (sshd_says(\\%server, $_))[0] } qw(a b a);
        print join '|', $varies || '', $asked, @said;"""
    told_all = "it says a|it says b|it says a" if varies else "it says a|it says a|it says a"
    assert told(program, str(tmp_path)) == f"{varies}|{2 if varies else 1}|{told_all}"
