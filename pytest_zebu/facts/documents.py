"""The documents of the deployed checkout: where each is, how long, and which topics it has. Their text stays there."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.base import Fact, Garbled, Gathered, Probe
from pytest_zebu.settings import Target

TOPICS = ("downgrade", "rollback", "restore", "migration", "backup", "alembic")
PROBE = Probe(
    "documents",
    r"""
cd "$ZEBU_APP_DIR" || exit 1
find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -size -512k -print | sort | head -n 300 |
  perl -e '
    my %topic = map { (my $p = $_) =~ s/rollback/roll[ -]?back/; $_ => qr/$p/i } @ARGV;
    while (my $file = <STDIN>) {
      chomp $file; open my $in, "<", $file or next; local $/; my $text = <$in> // "";
      my $words = () = $text =~ /\S+/g; $file =~ s{^\./}{};
      print "\@document $words $file\n";
      for my $name (sort keys %topic) { my $count = () = $text =~ /$topic{$name}/g; print "\@topic $name $count\n" }
    }' """
    + " ".join(TOPICS),
    needs=("APP_DIR", "OWNER"),
    owner=True,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        topics: those of `TOPICS` that it mentions.
    """

    path: str
    words: int
    topics: frozenset[str]


def parse(gathered: Gathered, target: Target) -> tuple[Document, ...]:
    """From find, wc and grep."""
    found: list[tuple[str, int, set[str]]] = []
    for line in gathered.said("documents").out.splitlines():
        word, _, rest = line.partition(" ")
        number, _, name = rest.partition(" ")
        if word == "@document" and number.isdigit():
            found.append((name, int(number), set()))
        elif word == "@topic" and found:
            if name.isdigit() and int(name):
                found[-1][2].add(number)
        else:
            raise Garbled("the listing of documents")
    return tuple(Document(path, words, frozenset(topics)) for path, words, topics in found)


FACT = Fact("documents", parse, (PROBE,))
