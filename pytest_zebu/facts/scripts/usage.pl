# The containers' counters, from the beginning until the standard input ends, each half second: `@sample SERVICE USED HELD NANOSECONDS UPTIME`.
# At least four, over a second and a half, and the last at the end; of many the first, the last and some between are told.
# The kernel's own counters, wherever this machine has them: cgroup v2 and v1. Page cache that can be dropped at any time
# is no use of memory: Docker leaves it out too. What entered the container from outside (`docker exec`, our own looks
# among it) is no descendant of its first process: its memory is counted apart.
# A leak is looked for in what processes hold for themselves, and only in those that are there all the time: sessions of a database come and go,
# our own among them, and what they share is bounded by the server's settings. HELD is that of the process which gained most: several
# workers warm up side by side, each by a little, and that is no leak.
use strict;
use warnings;

my ($PROC, $GROUPS) = ('/proc', '/sys/fs/cgroup');
my ($FEWEST, $MOST, $STEP, $SHORTEST, $LONGEST) = (4, 60, 0.5, 1.5, 45);

sub slurp { open my $in, '<', $_[0] or return ''; local $/; return <$in> // '' }
sub uptime { return (split / /, slurp("$PROC/uptime"))[0] }

# Each container: the name of its service, of a replica with its number, its first process, and the files of its counters.
sub found {
  my @all = grep { ($_->{State}{Pid} // '') =~ /^[1-9]\d*$/ } @{ docker_containers(once => 1) // docker_end(5) };
  my @names = map { ('-o', '-name', "*$_->{Id}*") } @all or return;
  my %folders;
  for my $folder (split /\0/, said('find', $GROUPS, qw(-maxdepth 6 -type d), '(', @names[1 .. $#names], ')', '-print0')) {
    $folder =~ /\Q$_->{Id}\E[^\/]*\z/ and push @{ $folders{ $_->{Id} } }, $folder for @all;
  }
  return map { row($_, @{ $folders{ $_->{Id} } || [] }) } @all;
}

sub said {
  my (@command) = @_;
  my $pid = open(my $in, '-|');
  if (!defined $pid) { unrun($command[0]); return '' }
  if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec { $command[0] } @command or unstarted($command[0]);
  }
  local $/;
  my $text = <$in> // '';
  close $in;
  unrun($command[0]) if is_killed($?);
  return $text;
}

sub row {
  my ($one, @folders) = @_;
  my $number = ($one->{Config}{Labels} || {})->{'com.docker.compose.container-number'} // '1';
  my $name = docker_service($one);
  my %row = (service => $number eq '1' || $number eq '' ? $name : "$name-$number", first => $one->{State}{Pid});
  for my $folder (@folders) {
    for my $file (qw(memory.current memory.usage_in_bytes)) { @row{qw(memory stat)} = ("$folder/$file", "$folder/memory.stat") if -f "$folder/$file" }
    $row{cpu} = "$folder/cpu.stat" if slurp("$folder/cpu.stat") =~ /^usage_usec/m;
    $row{cpu} = "$folder/cpuacct.usage" if -f "$folder/cpuacct.usage";
  }
  return defined $row{memory} && defined $row{cpu} ? \%row : ();
}

# The processes of a group, and of those within it.
sub processes {
  my ($folder, $depth) = @_;
  my @found = split ' ', slurp("$folder/cgroup.procs");
  return @found if $depth > 4 || ((stat $folder)[3] // 2) <= 2;
  opendir my $in, $folder or return @found;
  return @found, map { processes($_, $depth + 1) } grep { -d } map { "$folder/$_" } grep { !/^\.\.?$/ } readdir $in;
}

sub parent_of { my ($pid) = @_; return slurp("$PROC/$pid/stat") =~ /.*\) \S (\d+)/s ? $1 : undef }

sub sample {
  my ($row, $up) = @_;
  my ($folder) = $row->{memory} =~ m{(.*)/};
  my %parent;
  my $is_own = sub {
    my ($pid) = @_;
    for (1 .. 64) {
      return 1 if $pid == $row->{first};
      $pid = $parent{$pid} //= parent_of($pid) // return 0;
      return 0 if $pid <= 1;
    }
    return 0;
  };
  my ($foreign, %own) = (0);
  for my $pid (processes($folder, 0)) {
    my %rss = slurp("$PROC/$pid/status") =~ /^Rss(Anon|Shmem):\s*(\d+)/mg or next;
    if ($is_own->($pid)) { $own{$pid} = 1024 * $rss{Anon} } else { $foreign += 1024 * ($rss{Anon} + $rss{Shmem}) }
  }
  my ($used) = slurp($row->{memory}) =~ /^(\d+)/ or return;    # it ended meanwhile
  my ($idle) = slurp($row->{stat}) =~ /^(?:total_)?inactive_file (\d+)/m;
  my $text = slurp($row->{cpu});
  my $time = $text =~ /usage_usec (\d+)/ ? 1000 * $1 : $text =~ /^(\d+)/ ? $1 : return;
  return { row => $row, used => $used - ($idle // 0) - $foreign, own => \%own, time => $time, up => $up };
}

# Wait for the next sample, or, once there may be a last one, for the end of the input.
my $is_over = 0;
sub wait_until {
  my ($next, $may_end) = @_;
  while ((my $left = $next - uptime()) > 0) {
    return if $is_over && $may_end->();
    if ($is_over) { select undef, undef, undef, $left < 0.1 ? $left : 0.1; next }
    my $ready = '';
    vec($ready, 0, 1) = 1;
    $is_over = 1 if select($ready, undef, undef, $left) > 0 && !sysread(STDIN, my $text, 65_536);
  }
}

# So many at most, evenly, the first and the last among them.
sub thinned {
  my ($most, @all) = @_;
  return @all if @all <= $most;
  return map { $all[int($_ * $#all / ($most - 1) + 0.5)] } 0 .. $most - 1;
}

# Of the processes that are there in every sample, the one that gained most.
sub most {
  my (@own) = @_;
  my ($first, $last) = @own[0, -1];
  my @stays = grep { my $pid = $_; !grep { !exists $_->{$pid} } @own } sort { $a <=> $b } keys %$first;
  my ($found) = sort { $last->{$b} - $first->{$b} <=> $last->{$a} - $first->{$a} || $last->{$b} <=> $last->{$a} } @stays;
  return $found;
}

my @rows = found();
my @rounds;
my $begun = uptime();
while (1) {
  my $up = uptime();
  push @rounds, [map { sample($_, $up) } @rows];
  my $lasted = $up - $begun;
  last if @rounds >= $FEWEST && ($is_over && $lasted >= $SHORTEST || $lasted >= $LONGEST);
  wait_until($up + $STEP, sub { @rounds >= $FEWEST - 1 && uptime() - $begun >= $SHORTEST });
}
my @told = map { @$_ } thinned($MOST, @rounds);
my %series;
for my $sample (@told) {
  my $service = $sample->{row}{service};
  push @{ $series{$service} }, $sample->{own};
}
my %keeps = map { ($_ => most(@{ $series{$_} })) } keys %series;
for my $sample (@told) {
  my $service = $sample->{row}{service};
  my $held = defined $keeps{$service} ? $sample->{own}{ $keeps{$service} } : 0;
  printf "\@sample %s %d %d %.0f %s\n", $service, $sample->{used}, $held, $sample->{time}, $sample->{up};
}
