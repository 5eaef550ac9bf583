"""Passwords of login users, compared with known defaults on the machine: what travels is a name and a word."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

# perl's crypt is the machine's own, so it knows whatever scheme the machine's hashes have (yescrypt too).
PROBE = Probe(
    "accounts",
    r"""exec perl -e '
  my @defaults = qw(docker root debian admin password changeme zebu papertrade proxmox toor 123456);
  open my $shadow, "<", "/etc/shadow" or exit 126;
  while (<$shadow>) {
    my ($user, $hash) = split /:/;
    if ($hash eq "") { print "$user empty\n"; next }
    if ($hash =~ /^[!*]/) { print "$user locked\n"; next }
    my $word = "own";
    for my $try (@defaults, $user) {
      my $made = crypt $try, $hash;
      if (!defined $made || $made =~ /^\*/) { $word = "unknown"; last }
      if ($made eq $hash) { $word = "default"; last }
    }
    print "$user $word\n";
  }'
""",
    needs=("ROOT",),
    timeout=15,
)


@dataclass(frozen=True, slots=True)
class Account:
    """A user, and what its password is: own, default, empty, locked, or unknown where the hash could not be compared."""

    user: str
    password: str


def parse(gathered: Gathered, target: Target) -> tuple[Account, ...]:
    """From /etc/shadow, compared there."""
    found = []
    for line in gathered.said("accounts").out.splitlines():
        user, _, word = line.partition(" ")
        if word not in ("own", "default", "empty", "locked", "unknown"):
            raise Garbled("the comparison of passwords")
        found.append(Account(user, word))
    return tuple(found)


FACT = Fact("accounts", parse, (PROBE,))
