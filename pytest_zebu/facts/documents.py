"""The team's documents: where each is, how long and how old, and which topics it has. Their text stays there.

They are looked for in the deployed checkout, and in a folder of the machine that settings name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

TOPICS: Mapping[str, str] = {
    "alembic": "alembic",
    "backup": "back[ -]?up",
    "build": r"compose\b[^\n]*\b(?:build|--build)\b",
    "contacts": r"contacts?\b",
    "configuration": r"configur|\.env\b",
    "contact": r"[\w.+-]+@[\w-]+\.[\w.]+|https?://\S+|\+?\d[\d ()/-]{7,}\d",
    "dependencies": r"depend(?:s|enc(?:y|ies))?\b",
    "deploy": "deploy",
    "diagram": r"^```(?:mermaid|plantuml|dot)|!\[[^\]]*\]\([^)]+\.(?:svg|png|jpe?g|webp|drawio)",
    "dns": r"\bDNS\b",
    "downgrade": "downgrade",
    "hosting": r"hosting|internet provider|\bISP\b|data ?cent(?:re|er)|hypervisor|proxmox",
    "logs": r"\blogs?\b",
    "admin": r"administrator|server access|\badmin\b|ssh access",
    "migration": "migration",
    "registrar": "registrar",
    "release": r"git checkout|\btag\b|release",
    "resources": r"\bCPUs?\b|\bmemory\b|\bRAM\b|\bdisk\b",
    "restore": "restore",
    "rollback": "roll(?:s|ing|ed)?[ -]?back",
    "rotation": "rotat",
    "rpo": r"(?:\bRPO\b|recovery point objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "rto": r"(?:\bRTO\b|recovery time objective)[^.\n]{0,60}\d+ ?(?:hours?|minutes?|days?|h\b|min\b)",
    "scaling": r"\bscal(?:e|es|ing)\b",
    "secrets": "secrets?",
    "shutdown": r"shut(?:ting)? ?down|emergency stop",
    "steps": r"^\s*\d+\. |^\s*[-*] \[[ xX]\]",
    "start": r"compose\b[^\n]*\bup\b",
    "stop": r"compose\b[^\n]*\b(?:stop|down)\b",
    "troubleshooting": r"troubleshoot|what is seen|symptom",
    "verify": r"healthy|/health|verif(?:y|ied)|smoke test",
}
"""What documents are searched for, without regard to case, line by line."""
_PLACEHOLDER = r"\b(?:TODO|TBD|FIXME|lorem ipsum|changeme|to be (?:written|done|defined))\b|<your[-_ ]"
# A command of a code block must be on this machine, and a path that is named must be there. Names are told, nothing else.
_PERL = r"""
use strict; use Errno qw(EACCES);
my %topic; my @names; my $hollow;
while (@ARGV) { my ($name, $pattern) = splice @ARGV, 0, 2; if ($name eq "-") { $hollow = qr/$pattern/i } else { push @names, $name; $topic{$name} = qr/$pattern/im } }
my %builtin = map { $_ => 1 } qw(cd export set source . if then else fi for while do done case esac exit echo printf read test [ [[ eval exec umask wait trap true false unset local return EOF SQL);
my @path = qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin);
my (%time, $at); open my $log, "-|", "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "log", "-n", "400", "--format=\@%ct", "--name-only", "--", "*.md", "*.rst", "*.txt" or exit 1;
while (<$log>) { chomp; if (/^\@(\d+)$/) { $at = $1 } elsif (length) { $time{"./$_"} //= $at } }
close $log;
while (my $file = <STDIN>) {
  chomp $file; open my $in, "<", $file or next; my $text = do { local $/; <$in> } // "";
  my $words = () = $text =~ /\S+/g; my $empty = () = $text =~ /$hollow/g;
  my $changed = $time{$file} // (stat $file)[9];
  (my $shown = $file) =~ s{^\./}{}; $shown =~ s/[^\x21-\x7e]/?/g;
  print "\@document $words $empty $changed $shown\n";
  my $headings = join "\n", $text =~ /^#+ +(.*)$/mg; $headings .= "\n$shown";
  for my $name (@names) { my $all = () = $text =~ /$topic{$name}/g; my $head = () = $headings =~ /$topic{$name}/g; print "\@topic $name $all $head\n" if $all || $head }
  my %lacks; my @code;
  while ($text =~ /^```(?:sh|bash|shell|console)\s*\n(.*?)^```/msg) { push @code, $1 }
  for my $block (@code) {
    $block =~ s/\\\n/ /g; my $until;
    for my $line (split /\n/, $block) {
      if (defined $until) { undef $until if $line =~ /^\s*\Q$until\E\s*$/; next }
      $until = $1 if $line =~ /<<-?\s*["']?(\w+)/;
      $line =~ s/^\s*(?:\$|#)\s+//; next if $line =~ /^\s*(?:#|$)/;
      1 while $line =~ s/^\s*(?:sudo(?: -\w+)*|\w+=(?:\$\([^)]*\)|"[^"]*"|'[^']*'|\S*))\s+//;
      my ($command) = $line =~ m{^\s*([\w./+-]+)} or next;
      next if $builtin{$command} || $line =~ /^\s*\w+=\S*\s*$/;
      my $is_there = $command =~ m{/} ? -e $command : grep { -x "$_/$command" } @path;
      $lacks{$command} = 1 if !$is_there;
    }
  }
  my $plain = join "\n", @code, $text =~ /`([^`\n]+)`/g;
  for my $word ($plain =~ m#(?<![\w./:~-])((?:/(?:etc|opt|var|srv|usr|home)/|(?:docs|scripts|backend|frontend)/)[\w./-]*\w)(?![\w*\$<{%-])#g) {
    next if lstat $word or $! == EACCES; $lacks{$word} = 1;
  }
  my @lacks = sort keys %lacks; print join(" ", "\@lacks", splice @lacks, 0, 20), "\n" if @lacks;
}
"""
PROBE = Probe(
    "documents",
    r"""
cd "$ZEBU_APP_DIR" || exit 1
export GIT_OPTIONAL_LOCKS=0
{ find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -size -512k -print | sort | head -n 300
  [ -z "$ZEBU_SET_DOCUMENTS" ] || find "$ZEBU_SET_DOCUMENTS" -xdev -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -size -512k -print | sort | head -n 300
  find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*network*.svg' -o -name '*network*.png' -o -name '*architecture*.svg' -o -name '*architecture*.png' -o -name '*.drawio' \) -print | head -n 5 | sed 's/^/@picture /' >&2
} | perl -e '"""
    + _PERL.replace("'", "\\x27")
    + "' -- - "
    + "'"
    + _PLACEHOLDER.replace("'", "")
    + "' "
    + " ".join(f"{name} '{pattern}'" for name, pattern in TOPICS.items())
    + " 2>&1",
    needs=("APP_DIR", "OWNER"),
    owner=True,
    timeout=15,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        topics: those of `TOPICS` that it mentions, with how often.
        sections: those that one of its headings, or its name, mentions.
        placeholders: how many words stand for something that is still to be written.
        changed: when it last changed: by its last commit, or by the file where there is none.
        lacks: commands and paths in it that are not on the machine.
    """

    path: str
    words: int
    topics: Mapping[str, int]
    sections: frozenset[str] = frozenset()
    placeholders: int = 0
    changed: datetime | None = None
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    path: str
    words: int
    placeholders: int
    changed: datetime
    topics: dict[str, int] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)
    lacks: tuple[str, ...] = ()


def parse(gathered: Gathered, target: Target) -> tuple[Document, ...]:
    """From what was counted on the machine."""
    found: list[_Reading] = []
    pictures = []
    try:
        for line in gathered.said("documents").out.splitlines():
            match line.split(" ", 4):
                case ["@document", words, placeholders, changed, path]:
                    moment = datetime.fromtimestamp(int(changed), UTC)
                    found.append(_Reading(path, int(words), int(placeholders), moment))
                case ["@topic", name, everywhere, headings] if found and name in TOPICS:
                    found[-1].topics[name] = int(everywhere)
                    if int(headings):
                        found[-1].sections.add(name)
                case ["@lacks", *_] if found:
                    found[-1].lacks = tuple(line.split(" ")[1:])
                case ["@picture", *_]:
                    pictures.append(line.partition(" ")[2])
                case _:
                    raise Garbled("the listing of documents")
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of documents") from None
    documents = [
        Document(one.path, one.words, one.topics, frozenset(one.sections), one.placeholders, one.changed, one.lacks)
        for one in found
    ]
    documents += [Document(path, 0, {"diagram": 1}, frozenset({"diagram"})) for path in pictures]
    return tuple(documents)


FACT = Fact("documents", parse, (PROBE,))
