"""The ssh server: what it lets in, for each login user, from several addresses; and what it really offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.settings.target import Target

# For each user with a login shell and each address that a Match block may treat differently: the effective
# configuration (sshd -T -C). Addresses: the loopback, ours, one of the documentation range (RFC 5737) for "anywhere",
# and those that the configuration itself names.
SCRIPT = r"""
command -v sshd >/dev/null || exit 127
addresses=$(perl -e '
  my %seen; my @files = ("/etc/ssh/sshd_config");
  my @found = ("127.0.0.1", "203.0.113.77", (split " ", $ENV{SSH_CONNECTION} // "")[0] // ());
  while (defined(my $file = shift @files)) {
    next if $seen{$file}++;
    open my $in, "<", $file or next;
    while (<$in>) {
      if (/^\s*include\s+(.*)/i) { push @files, map { glob(m{^/} ? $_ : "/etc/ssh/$_") } split " ", $1 }
      next unless /^\s*match\s+(.*)/i;
      my $rest = $1;
      while ($rest =~ /\baddress\s+"?([^\s"]+)/ig) {
        for my $address (split /,/, $1) {
          next if $address =~ /^!/;
          if ($address =~ m{^(\d+\.\d+\.\d+)\.(\d+)/(\d+)$}) { push @found, $3 < 32 ? "$1." . ($2 + 1) : "$1.$2" }
          elsif ($address =~ m{^([0-9A-Fa-f:]+)(?:/\d+)?$}) { my $first = $1; $first .= "1" if $first =~ /::$/; push @found, $first }
          elsif ($address =~ /^[\d.*?]+$/) { (my $one = $address) =~ tr/*?/11/; push @found, $one }
        }
      }
    }
  }
  my %once; print join " ", grep { !$once{$_}++ && /^[0-9A-Fa-f.:]+$/ } @found[0 .. ($#found > 11 ? 11 : $#found)];
')
getent passwd | while IFS=: read -r user _ uid _ _ _ shell; do
  case $shell in */nologin|*/false|*/sync|'') continue ;; esac
  case $user in -*|*[!A-Za-z0-9_.-]*) continue ;; esac
  printf '@user %s %s\n' "$user" "$(id -Gn "$user" | tr ' ' ',')"
  home=$(getent passwd "$user" | cut -d: -f6)
  printf '@keys %s %s\n' "$user" "$(cat "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" 2>/dev/null | grep -cE '^[^#]*(ssh-|ecdsa-|sk-)')"
  for address in $addresses; do
    printf '@for %s %s\n' "$user" "$address"
    sshd -T -C "user=$user,host=$address,addr=$address,laddr=127.0.0.1,lport=22" 2>&1 |
      grep -Ei '^(passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication|pubkeyauthentication|hostbasedauthentication|gssapiauthentication|permitrootlogin|permitemptypasswords|authenticationmethods|usepam|allowusers|denyusers|allowgroups|denygroups) |^[^ ]*sshd_config.*(line|bad)|no hostkeys|error'
  done
done
printf '@state\n'
systemctl show ssh.service sshd.service -p Id -p ActiveState -p ExecMainStartTimestamp -p ExecReload --timestamp=unix 2>/dev/null
printf '@socket %s\n' "$(systemctl is-active ssh.socket 2>/dev/null)"
printf '@changed %s\n' "$(find /etc/ssh/sshd_config /etc/ssh/sshd_config.d -type f -printf '%C@\n' 2>/dev/null | sort -n | tail -n 1)"
printf '@reloaded %s\n' "$(journalctl -q -o short-unix -u ssh.service -u sshd.service -n 200 --grep '^(Reloaded |Received SIGHUP|Server listening)' 2>/dev/null | cut -d. -f1 | sort -n | tail -n 1)"
"""
PROBE = Probe("sshd", SCRIPT, needs=("ROOT",), timeout=15)
ALLOWED = ("allowusers", "denyusers", "allowgroups", "denygroups")


@dataclass(frozen=True, slots=True)
class Login:
    """What one user may do from one address, by the server's effective configuration."""

    user: str
    address: str
    options: Mapping[str, str]
    groups: tuple[str, ...] = ()

    def _is_on(self, name: str) -> bool:
        return self.options.get(name, "no") == "yes"

    @property
    def is_admitted(self) -> bool:
        """Whether AllowUsers and its kin let the user try at all."""

        def names(patterns: str) -> bool:
            return any(_matches(pattern, self.user, self.address) for pattern in patterns.split())

        def groups(patterns: str) -> bool:
            return any(fnmatchcase(group, pattern) for pattern in patterns.split() for group in self.groups)

        options = self.options
        if names(options.get("denyusers", "")) or groups(options.get("denygroups", "")):
            return False
        if "allowusers" in options and not names(options["allowusers"]):
            return False
        if "allowgroups" in options and not groups(options["allowgroups"]):
            return False
        return not (self.user == "root" and options.get("permitrootlogin") == "no")

    @property
    def methods_without_key(self) -> tuple[str, ...]:
        """The methods that open a session alone, without the user's public key."""
        if not self.is_admitted:
            return ()
        # PAM asks for the password through keyboard-interactive; for root, prohibit-password shuts both.
        root_by_key = self.user == "root" and self.options.get("permitrootlogin") in (
            "without-password",
            "prohibit-password",
            "forced-commands-only",
        )
        found = []
        if self._is_on("passwordauthentication") and not root_by_key:
            found.append("password")
        if (
            self._is_on("kbdinteractiveauthentication") or self._is_on("challengeresponseauthentication")
        ) and not root_by_key:
            found.append("keyboard-interactive")
        if self._is_on("hostbasedauthentication"):
            found.append("hostbased")
        if self._is_on("gssapiauthentication"):
            found.append("gssapi-with-mic")
        chains = self.options.get("authenticationmethods", "any").split()
        if chains in ([], ["any"]):
            return tuple(found)
        open_chains = [chain for chain in chains if "publickey" not in chain.split(",")]
        return tuple(chain for chain in open_chains if all(step.split(":")[0] in found for step in chain.split(",")))


def _matches(pattern: str, user: str, address: str) -> bool:
    name, _, host = pattern.partition("@")
    return fnmatchcase(user, name) and (not host or fnmatchcase(address, host))


@dataclass(frozen=True, slots=True)
class Sshd:
    """The server."""

    logins: tuple[Login, ...]
    changed: float
    loaded: float
    offered: Known[tuple[str, ...]] | Unknown = field(default=Unknown(Reason.NOT_GATHERED, "what the server offers"))
    keys: Mapping[str, int] = field(default_factory=dict)

    @property
    def users(self) -> tuple[str, ...]:
        """The users with a login shell."""
        return tuple(dict.fromkeys(login.user for login in self.logins))

    def keys_of(self, user: str) -> int:
        """How many keys a user has in the usual files."""
        return self.keys.get(user, 0)

    def of(self, user: str) -> tuple[Login, ...]:
        """A user's logins, from each address."""
        return tuple(login for login in self.logins if login.user == user)

    @property
    def runs_older_configuration(self) -> bool:
        """Whether the files changed after the server last read them."""
        return bool(self.loaded) and self.changed > self.loaded + 1


def look(target: Target) -> Look:
    """What the server offers, without a try to log in."""
    host = target.host
    return Look("ssh", "methods", {"host": host.address or target.name})


def parse(gathered: Gathered, target: Target) -> Sshd:
    """From the effective configurations and the server's own offer."""
    logins: list[Login] = []
    groups: dict[str, tuple[str, ...]] = {}
    state: dict[str, str] = {}
    keys: dict[str, int] = {}
    changed = loaded = 0.0
    socket_activated = False
    current: dict[str, str] | None = None
    for line in gathered.said("sshd").out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "@user":
            name, _, joined = rest.partition(" ")
            groups[name] = tuple(joined.split(","))
        elif word == "@keys":
            name, _, count = rest.partition(" ")
            keys[name] = int(count) if is_number(count) else 0
        elif word == "@for":
            user, _, address = rest.partition(" ")
            current = {}
            logins.append(Login(user, address, current, groups.get(user, ())))
        elif word == "@state":
            current = None
        elif word == "@socket":
            socket_activated = rest.strip() == "active"
        elif word == "@changed":
            changed = _number(rest)
        elif word == "@reloaded":
            loaded = max(loaded, _number(rest))
        elif current is not None:
            if word.lower() in ALLOWED and word.lower() in current:
                current[word.lower()] += f" {rest}"
            elif " " in line and word.isalpha():
                current[word.lower()] = rest.strip()
            else:
                raise Garbled(f"sshd -T said: {line[:120]}")
        elif "=" in line:
            key, _, value = line.partition("=")
            state[key] = value
            if key == "ExecMainStartTimestamp":
                loaded = max(loaded, _number(value.lstrip("@")))
            for word in value.split(";"):
                if key == "ExecReload" and word.strip().startswith("start_time=["):
                    loaded = max(loaded, _number(word.strip().removeprefix("start_time=[@").rstrip("] ")))
    if not logins:
        raise Missing(Unknown(Reason.UNDECIDABLE, "no user with a login shell was found"))
    for login in logins:
        if "passwordauthentication" not in login.options or "permitrootlogin" not in login.options:
            raise Garbled(f"sshd -T gave no effective configuration for {login.user}")
    offer = gathered.saw(look(target))
    offered = Known(tuple(map(str, part(offer.value, "methods", list)))) if isinstance(offer, Known) else offer
    return Sshd(tuple(logins), changed, 0.0 if socket_activated else loaded, offered, keys)


def _number(text: str) -> float:
    try:
        return float(text.strip().split()[0])
    except (ValueError, IndexError):
        return 0.0


FACT = Fact("sshd", parse, (PROBE,), lambda target: (look(target),))
