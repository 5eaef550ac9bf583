"""What the project's containers and the file systems use: samples of the kernel's counters, and df."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

# The kernel's own counters, wherever this machine has them: cgroup v2 and v1. Page cache that can be dropped at any time
# is no use of memory: Docker leaves it out too. What entered the container from outside (`docker exec`, our own looks
# among it) is no descendant of its first process: its memory is counted apart. A leak is looked for in what processes hold
# for themselves, and only in those that are there all the time: sessions of a database come and go, our own among them,
# and what they share is bounded by the server's settings.
PROBE = Probe(
    "usage",
    r"""
list=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$ZEBU_PROJECT")
for id in $list; do
  first=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Pid}}' "$id")
  memory=; cpu=
  for folder in $(find /sys/fs/cgroup -maxdepth 6 -type d -name "*$id*" 2>/dev/null); do
    [ -f "$folder/memory.current" ] && memory="$folder/memory.current $folder/memory.stat"
    [ -f "$folder/memory.usage_in_bytes" ] && memory="$folder/memory.usage_in_bytes $folder/memory.stat"
    [ -f "$folder/cpu.stat" ] && grep -q usage_usec "$folder/cpu.stat" && cpu=$folder/cpu.stat
    [ -f "$folder/cpuacct.usage" ] && cpu=$folder/cpuacct.usage
  done
  echo "$first $memory $cpu"
done | perl -e '
  my @rows = map { [split] } <STDIN>;
  sub slurp { open my $f, "<", $_[0] or return ""; local $/; my $t = <$f>; return $t // "" }
  sub is_own { my ($pid, $first) = @_; for (1 .. 64) { return 1 if $pid == $first; return 0 if $pid <= 1;
    ($pid) = slurp("/proc/$pid/stat") =~ /.*\) \S (\d+)/s or return 0 } return 0 }
  my ($rounds, @samples, %stays) = (4);
  for my $round (1 .. $rounds) {
    select undef, undef, undef, 0.5 if $round > 1;
    my ($up) = split / /, slurp("/proc/uptime");
    for my $row (@rows) {
      my ($service, $first, $memory, $stat, $cpu) = @$row; next unless defined $cpu;
      my ($folder) = $memory =~ m{(.*)/}; my ($foreign, %own) = (0);
      for my $pid (split " ", slurp("$folder/cgroup.procs")) {
        my %rss = slurp("/proc/$pid/status") =~ /^Rss(Anon|Shmem):\s*(\d+)/mg or next;
        if (is_own($pid, $first)) { $own{$pid} = 1024 * $rss{Anon} } else { $foreign += 1024 * ($rss{Anon} + $rss{Shmem}) }
      }
      my $used = slurp($memory); chomp $used;
      my ($idle) = slurp($stat) =~ /^(?:total_)?inactive_file (\d+)/m;
      my $text = slurp($cpu); my $ns = $text =~ /usage_usec (\d+)/ ? 1000 * $1 : $text + 0;
      push @samples, [$service, $used - ($idle // 0) - $foreign, \%own, $ns, $up];
      $stays{"$service $_"}++ for keys %own;
    }
  }
  for my $sample (@samples) {
    my ($service, $used, $own, $ns, $up) = @$sample; my $held = 0;
    $held += $own->{$_} for grep { $stays{"$service $_"} == $rounds } keys %$own;
    printf "\@sample %s %d %d %.0f %s\n", $service, $used, $held, $ns, $up;
  }'
""",
    needs=("ROOT", "PROJECT"),
    timeout=12,
)
DISK_PROBE = Probe(
    "disk",
    r"""
root=$(docker info -f '{{.DockerRootDir}}' 2>/dev/null)
for place in / /var/log "$root" "$ZEBU_APP_DIR" "$ZEBU_SET_BACKUP_FOLDER"; do
  [ -n "$place" ] && [ -d "$place" ] || continue
  df -B1 --output=target,size,avail,itotal,iavail "$place" 2>/dev/null | tail -n 1
done | sort -u
""",
    needs=("ROOT", "APP_DIR"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading.

    Attributes:
        memory: bytes that the container uses, without cache that can be dropped, and without what was brought in by
            `docker exec`.
        held: bytes of it that the processes which were there in every sample hold for themselves: what a leak is made of.
        cpu: seconds of processor time since the container began.
        at: seconds since the machine booted.
    """

    memory: int
    held: int
    cpu: float
    at: float


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Sizes in bytes and counts of inodes; no inodes are counted where the file system makes them as it needs them."""

    place: str
    size: int
    available: int
    inodes: int
    free_inodes: int

    @property
    def free(self) -> float:
        """The share that is free to users."""
        return self.available / self.size if self.size else 0.0


def parse(gathered: Gathered, target: Target) -> Mapping[str, tuple[Sample, ...]]:
    """By service, in the order of time."""
    found: dict[str, list[Sample]] = {}
    try:
        for line in gathered.said("usage").out.splitlines():
            word, service, memory, held, cpu, at = line.split()
            if word != "@sample":
                raise Garbled(f"the counters said: {line[:120]}")
            found.setdefault(service, []).append(Sample(int(memory), int(held), int(cpu) / 1e9, float(at)))
    except ValueError:
        raise Garbled("the containers' counters") from None
    if not found:
        raise Missing(Unknown(Reason.MISSING, "the kernel's counters of the containers were not found"))
    return {service: tuple(samples) for service, samples in found.items()}


def parse_disk(gathered: Gathered, target: Target) -> tuple[FileSystem, ...]:
    """From df."""
    found = []
    for line in gathered.said("disk").out.splitlines():
        fields = line.rsplit(None, 4)
        try:
            size, available, inodes, free = (int(field) if field != "-" else 0 for field in fields[1:])
        except ValueError:
            raise Garbled(f"df said: {line[:120]}") from None
        found.append(FileSystem(fields[0], size, available, inodes, free))
    if not found:
        raise Missing(Unknown(Reason.MISSING, "df named no file system"))
    return tuple(found)


FACT = Fact("usage", parse, (PROBE,))
DISK = Fact("disk", parse_disk, (DISK_PROBE,))
