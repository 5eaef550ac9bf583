"""The deployed git checkout. It is hostile too: git runs as its owner, and runs nothing of the checkout's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

GIT = 'GIT_OPTIONAL_LOCKS=0 GIT_CONFIG_NOSYSTEM=1 git -C "$ZEBU_APP_DIR" -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.pager=cat -c safe.directory="$ZEBU_APP_DIR"'
PROBE = Probe(
    "repository",
    f"""
command -v git >/dev/null || exit 127
git() {{ {GIT.replace(" git ", " command git ")} "$@"; }}
head=$(git rev-parse --verify HEAD) || exit 1
echo "@head $head"
echo "@owner $(stat -c %U "$ZEBU_APP_DIR")"
echo "@remote $(git remote get-url origin 2>/dev/null | sed -E 's#//[^/@]*@#//#')"
echo "@known $(git for-each-ref --contains HEAD --format=x refs/remotes refs/tags 2>/dev/null | wc -l)"
echo "@absent $(git ls-tree -r HEAD 2>/dev/null | awk '{{ print $3 }}' | git cat-file --batch-check 2>/dev/null | grep -c missing)"
git for-each-ref --format='@tag %(refname:short) %(objecttype) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)' refs/tags
git -c filter.lfs.process= -c filter.lfs.smudge= status --porcelain --untracked-files=normal --ignore-submodules=all | head -n 50 | sed 's/^/@change /'
""",
    needs=("APP_DIR", "OWNER"),
    owner=True,
)
# Every object that the repository has, reachable or not, is read on the machine, as its owner. The secrets come by
# standard input; what is told is whether one was found.
HISTORY_PROBE = Probe(
    "history",
    f"""
command -v git >/dev/null || exit 127
exec 3<&0 </dev/null
git() {{ {GIT.replace(" git ", " command git ")} "$@"; }}
git rev-parse --verify -q HEAD >/dev/null || exit 1
echo "shallow=$(git rev-parse --is-shallow-repository)"
echo "fetch=$(git config --get-all remote.origin.fetch | tr '\\n' ' ')"
git check-ignore -q .env && echo ignored=1 || echo ignored=0
echo "tracked=$(git ls-files -- .env '.env.*' '*/.env' | grep -vcE '(example|sample|template)')"
git log --all --format= --name-only --diff-filter=A -- .env '.env.*' '*/.env' '*.env' 2>/dev/null | grep -vE '(example|sample|template)' | sort -u | head -n 5 | sed 's/^/committed=/'
git cat-file --batch-all-objects --batch --buffer --unordered 2>/dev/null | perl -e '
  open my $given, "<&=", 3 or exit 3; chomp(my @secrets = <$given>); @secrets or exit 3;
  my ($longest) = sort {{ $b <=> $a }} map {{ length }} @secrets; my $any = join "|", map {{ quotemeta }} @secrets; my ($text, $read, $found) = ("", 0, 0);
  while (my $got = sysread STDIN, $text, 1_048_576, length $text) {{ $read += $got; $found = 1 if $text =~ /$any/; $text = substr $text, -$longest if length $text > $longest }}
  print "found=$found\n" if $read'
""",
    needs=("APP_DIR", "OWNER"),
    owner=True,
    secrets=True,
    timeout=20,
)
VERSION = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)(?:\+[0-9A-Za-z.-]+)?$")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and the commit that it names."""

    name: str
    commit: str

    @property
    def version(self) -> tuple[int, int, int] | None:
        """The release that it names; none for a pre-release or another kind of name."""
        found = VERSION.match(self.name)
        if found is None:
            return None
        return int(found[1]), int(found[2]), int(found[3])


@dataclass(frozen=True, slots=True)
class CommittedSecrets:
    """What became of `.env` and of its values in the repository's history.

    Attributes:
        is_partial: why the history is not all there; empty if it is.
        committed: `.env` files that some commit of some branch has added.
        holds_secret: some object holds the exact value of a present secret.
    """

    is_partial: str
    is_ignored: bool
    is_tracked: bool
    committed: tuple[str, ...]
    holds_secret: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """The checkout's state.

    Attributes:
        remote: the address of `origin`, without any credential.
        is_known: some branch or tag of the remote has the commit.
        absent: how many files of the commit the repository does not hold.
    """

    head: str
    tags: tuple[Tag, ...]
    changes: tuple[str, ...]
    owner: str = ""
    remote: str = ""
    is_known: bool = False
    absent: int = 0

    @property
    def tags_at_head(self) -> tuple[Tag, ...]:
        """The tags that name exactly the commit that is checked out."""
        return tuple(tag for tag in self.tags if tag.commit == self.head)

    @property
    def newest_release(self) -> Tag | None:
        """The tag of the newest stable release."""
        return max((tag for tag in self.tags if tag.version), key=lambda tag: tag.version or (0, 0, 0), default=None)

    @property
    def describe(self) -> str:
        """The deployed version for people."""
        releases = [tag.name for tag in self.tags_at_head if tag.version]
        return (releases[0] if releases else self.head[:12]) + (" (dirty)" if self.changes else "")


def parse(gathered: Gathered, target: Target) -> Repository:
    """From rev-parse, for-each-ref and status."""
    head, owner, tags, changes = "", "", [], []
    more: dict[str, str] = {}
    for line in gathered.said("repository").out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "@head":
            head = rest
        elif word == "@owner":
            owner = rest
        elif word == "@tag":
            fields = rest.split()
            if len(fields) != 3:
                raise Garbled(f"git said: {line[:120]}")
            tags.append(Tag(fields[0], fields[2]))
        elif word in ("@remote", "@known", "@absent"):
            more[word] = rest.strip()
        elif word == "@change":
            changes.append(rest)
        else:
            raise Garbled(f"git said: {line[:120]}")
    if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", head):
        raise Garbled("git gave no commit")
    known, absent = more.get("@known", "0"), more.get("@absent", "0")
    if not (known.isdigit() and absent.isdigit()):
        raise Garbled("git said how much it holds in another way than known")
    return Repository(head, tuple(tags), tuple(changes), owner, more.get("@remote", ""), known != "0", int(absent))


FACT = Fact("repository", parse, (PROBE,))


def parse_history(gathered: Gathered, target: Target) -> CommittedSecrets:
    """From git, all branches and all objects."""
    lines = gathered.said("history").out.splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    if not {"shallow", "ignored", "tracked", "found"} <= said.keys():
        raise Garbled("the search of the history")
    partial = ""
    if said["shallow"] == "true":
        partial = "the clone is shallow"
    elif said.get("fetch", "").strip() and "refs/heads/*" not in said["fetch"]:
        partial = "the clone has one branch only"
    committed = tuple(line.removeprefix("committed=") for line in lines if line.startswith("committed="))
    return CommittedSecrets(partial, said["ignored"] == "1", said["tracked"] != "0", committed, said["found"] == "1")


HISTORY = Fact("history", parse_history, (HISTORY_PROBE,))
