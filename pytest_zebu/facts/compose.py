"""What the compose files and `.env` would make now, beside what runs; and what the images were made from.

Environments are compared on the machine: what travels is the names of variables that differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pytest_zebu.facts.answer import Garbled, is_number, moment_of
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "compose",
    r"""
ids=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False) && [ -n "$ids" ] || exit 9
cd "$ZEBU_APP_DIR" || exit 9
export OWNER_NAME="$(stat -c %U "$ZEBU_APP_DIR")"
docker inspect -f '{{index .Config.Labels "com.docker.compose.project.config_files"}}' $ids | sort -u | while IFS= read -r files; do
IDS=; for id in $ids; do [ "$(docker inspect -f '{{index .Config.Labels "com.docker.compose.project.config_files"}}' "$id")" = "$files" ] && IDS="$IDS $id"; done
export IDS
set -- ; old=$IFS; IFS=,; for file in $files; do set -- "$@" -f "$file"; done; IFS=$old
docker compose -p "$ZEBU_PROJECT" --project-directory "$ZEBU_APP_DIR" "$@" config --format json 2>/dev/null | perl -e '
  use strict; our $text;
  sub value {
    $text =~ /\G\s+/gc;
    if ($text =~ /\G\{/gc) { my %o; $text =~ /\G\s+/gc; return \%o if $text =~ /\G\}/gc;
      while (1) { my $k = value(); $text =~ /\G\s*:/gc or die; $o{$k} = value(); $text =~ /\G\s*,/gc and next; $text =~ /\G\s*\}/gc or die; return \%o } }
    if ($text =~ /\G\[/gc) { my @a; $text =~ /\G\s+/gc; return \@a if $text =~ /\G\]/gc;
      while (1) { push @a, value(); $text =~ /\G\s*,/gc and next; $text =~ /\G\s*\]/gc or die; return \@a } }
    if ($text =~ /\G"((?:[^"\\]|\\.)*)"/gcs) { my $s = $1; my %e = (n => "\n", t => "\t", r => "\r", b => "\b", f => "\f");
      $s =~ s{\\(?:u([0-9a-fA-F]{4})|(.))}{defined $1 ? do { my $c = chr hex $1; utf8::encode($c) if ord $c > 127; $c } : ($e{$2} // $2)}ges; return $s }
    return undef if $text =~ /\Gnull/gc;
    $text =~ /\G([^\s,\]\}]+)/gc or die; return $1;
  }
  sub decode { local $text = $_[0]; pos($text) = 0; return value() }
  sub said { open my $in, "-|", @_ or exit 8; local $/; return <$in> // "" }
  sub slurp { open my $in, "<", $_[0] or return undef; local $/; return <$in> // "" }
  sub clean { my $t = shift // ""; $t =~ s/[^\x21-\x7e]/?/g; return length $t ? $t : "-" }
  my @containers = @{ decode(said("docker", "inspect", split " ", $ENV{IDS})) };
  my $made = do { local $/; <STDIN> };
  if (!$made) { printf "\@unreadable %s\n", clean($_->{Config}{Labels}{"com.docker.compose.service"}) for @containers; exit 0 }
  my $wanted = decode($made);
  my %image = map { $_->{Id} => $_ } @{ decode(said("docker", "image", "inspect", map { $_->{Image} } @containers)) };
  for my $container (@containers) {
    my $name = $container->{Config}{Labels}{"com.docker.compose.service"};
    my $service = $wanted->{services}{$name};
    my $image = $image{ $container->{Image} } || {};
    my $labels = $image->{Config}{Labels} || {};
    my $context = $service && $service->{build} ? (ref $service->{build} ? $service->{build}{context} : $service->{build}) : "";
    my ($changed, @files) = "-";
    if ($context) {
      my @git = ("runuser", "-u", $ENV{OWNER_NAME}, "--", "env", "GIT_OPTIONAL_LOCKS=0", "git", "-C", $ENV{ZEBU_APP_DIR}, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat");
      chomp($changed = said(@git, "log", "-1", "--format=%ct", "--", $context) || "-");
      # An image that tells no revision is compared with the tree, file by file, where it has the files at all.
      @files = split /\0/, said(@git, "ls-files", "-z", "--", $context) if ($labels->{"org.opencontainers.image.revision"} // "unknown") eq "unknown";
    }
    printf "\@service %s %s %s %s %s\n", clean($name), !$service ? "gone" : $context ? "built" : "pulled", clean($labels->{"org.opencontainers.image.revision"}), clean($image->{Created}), clean($changed);
    next if !$service;
    if (@files && $container->{State}{Pid}) {
      my ($root, $same, $other, $absent) = ("/proc/$container->{State}{Pid}/root" . ($image->{Config}{WorkingDir} || ""), 0, 0, 0);
      for my $file (map { "$ENV{ZEBU_APP_DIR}/$_" } splice @files, 0, 2000) {
        next if -l $file || !-f $file || -s $file > 1048576 || substr($file, 0, 1 + length $context) ne "$context/";
        my $inner = substr $file, 1 + length $context;
        my ($folder) = $inner =~ m{(.*)/};
        if (-f "$root/$inner" && !-l "$root/$inner") {
          my ($here, $there) = (slurp($file), slurp("$root/$inner"));
          !defined $here || !defined $there ? $absent++ : $here eq $there ? $same++ : $other++;
        }
        elsif (defined $folder && -d "$root/$folder") { $absent++ }
      }
      printf "\@files %s %d %d %d\n", clean($name), $same, $other, $absent;
    }
    my %base = map { split /=/, $_, 2 } @{ $image->{Config}{Env} || [] };
    my %runs = map { split /=/, $_, 2 } @{ $container->{Config}{Env} || [] };
    my %should = %{ $service->{environment} || {} };
    defined $should{$_} or $should{$_} = "" for keys %should;
    my @differ;
    for my $key (sort keys %should) { push @differ, $key if ($runs{$key} // "\0") ne $should{$key} }
    for my $key (sort keys %runs) { push @differ, $key if !exists $should{$key} && ($base{$key} // "\0") ne $runs{$key} }
    printf "\@environment %s %d %s\n", clean($name), scalar keys %should, join(",", map { clean($_) } @differ) || "-";
  }'
done
""",
    needs=("ROOT", "PROJECT", "APP_DIR"),
    timeout=12,
)


@dataclass(frozen=True, slots=True)
class Service:
    """A container of the project, beside what compose would make of it now.

    Attributes:
        kind: built, pulled, gone where the files know no such service, or unreadable where compose could not read them.
        revision: what the image says that it was built from; empty where it says nothing.
        created: when its image was made.
        context_changed: when a commit last changed what it is built from.
        variables: how many variables compose would give it.
        differing: names of those that it has otherwise.
        files: of the files that it is built from, how many are in it as they are in the tree, otherwise, and not at all
            though their folder is; nothing where the image tells its revision.
    """

    name: str
    kind: str
    revision: str
    created: datetime | None
    context_changed: datetime | None
    variables: int = 0
    differing: tuple[str, ...] = ()
    files: tuple[int, int, int] | None = None


def parse(gathered: Gathered, target: Target) -> tuple[Service, ...]:
    """From compose's own reading of its files, compared on the machine."""
    found: dict[str, Service] = {}
    for line in gathered.said("compose").out.splitlines():
        fields = line.split(" ")
        match fields:
            case ["@service", name, kind, revision, created, changed]:
                moment = moment_of(changed, "the last change of a context") if is_number(changed) else None
                found[name] = Service(name, kind, "" if revision == "-" else revision, docker_time(created), moment)
            case ["@unreadable", name]:
                found[name] = Service(name, "unreadable", "", None, None)
            case ["@environment", name, count, names] if name in found and is_number(count):
                differing = tuple(part for part in names.split(",") if part != "-")
                found[name] = replace(found[name], variables=int(count), differing=differing)
            case ["@files", name, *counts] if name in found and len(counts) == 3 and all(map(is_number, counts)):
                same, other, absent = map(int, counts)
                found[name] = replace(found[name], files=(same, other, absent))
            case _:
                raise Garbled(f"compose said: {line[:120]}")
    if not found:
        raise Garbled("compose named no service")
    return tuple(found.values())


FACT = Fact("compose", parse, (PROBE,))
