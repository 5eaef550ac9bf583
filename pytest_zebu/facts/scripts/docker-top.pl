# Shared: who runs in containers. It needs docker.pl, and what that needs.
#   docker_top(CONTAINER)           a row of titles (PID, PPID, COMMAND), then one of each process, as `docker top` has them; nothing where it is not told
# The daemon has two programs started for each container that it is asked about. So where it is this machine's, its processes are told from the others by
# their control groups, whose path begins with the container's; where none is seen so, or all may not be, the daemon is asked.
use strict;
use warnings;

my ($PROCESSES, $LONGEST_COMMAND) = ('/proc', 32_768);
my $docker_processes;    # by container

sub docker_top {
  my ($id) = @_;
  if (!$> && docker_is_near()) {
    $docker_processes //= docker_processes();
    my @own = map { docker_process($_) } sort { $a <=> $b } @{ $docker_processes->{$id} || [] };
    return ([qw(PID PPID COMMAND)], @own) if @own;
  }
  my $told = docker_told("/containers/$id/top?ps_args=-eo%20pid,ppid,args");
  return if ref $told ne 'HASH' || grep { ref $told->{$_} ne 'ARRAY' } qw(Titles Processes);
  return map { ref $_ eq 'ARRAY' ? [map { $_ // '' } @$_] : [] } $told->{Titles}, @{ $told->{Processes} };
}

sub docker_processes {
  my %found;
  for my $folder (glob "$PROCESSES/[1-9]*") {
    my $groups = docker_text("$folder/cgroup") // next;
    # One container may run others: theirs are in it.
    my ($id) = $groups =~ /(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])/ or next;
    push @{ $found{$id} }, $folder =~ /(\d+)\z/;
  }
  return \%found;
}

# As ps has it: its words, or its name where it has none; nothing where it has ended meanwhile.
sub docker_process {
  my ($pid) = @_;
  my ($name, $state, $parent) = (docker_text("$PROCESSES/$pid/stat") // '') =~ /\A\d+ \((.*)\) (\S) (\d+)/s or return;
  my $command = docker_text("$PROCESSES/$pid/cmdline") // return;
  $command = $state eq 'Z' ? "[$name] <defunct>" : "[$name]" if $state eq 'Z' || $command eq '';
  $command =~ tr/\0/ /;
  $command =~ s/[\x01-\x1f\x7f]/?/g;
  return [$pid, $parent, join ' ', split ' ', $command];
}

sub docker_text {
  my ($path) = @_;
  open my $file, '<', $path or return;
  my $text = '';
  read $file, $text, $LONGEST_COMMAND;
  return $text;
}
