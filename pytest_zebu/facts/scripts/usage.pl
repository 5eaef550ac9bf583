# Reads lines `SERVICE PID MEMORY-FILE STAT-FILE CPU-FILE`; tells four times: `@sample SERVICE USED HELD NANOSECONDS UPTIME`.
use strict;
use warnings;
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
}
