# Shared: who runs in containers. It needs docker.pl, and what that needs.
#   docker_top(CONTAINER)           a row of titles (PID, PPID, COMMAND), then one of each process, as `docker top` has them; nothing where it is not told
# The daemon has two programs started for each container that it is asked about. So where it is this machine's, its processes are told from the others by
# their control groups. Where its first process is not among those, the daemon is asked; and where it has a machine or a kernel of its own (Kata, gVisor),
# as what is seen from here is then that one's. By the name `runc` Docker lets nobody declare anything else.
use strict;
use warnings;

my ($PROCESSES, $LONGEST_COMMAND) = ('/proc', 32_768);
my $docker_plain = qr/^(?:runc|io\.containerd\.runc\.v2)\z/;    # runtimes that start a container's processes as this machine's
# Its group is named by it, as Docker and podman do; podman's conmon stands beside it, in one of its own.
my $docker_group = qr{/(?:docker-|libpod-)?([0-9a-f]{64})(?:\.scope)?(?:/|$)}m;
my $docker_processes;    # by container

sub docker_top {
  my ($id) = @_;
  my @seen = docker_seen($id);
  return ([qw(PID PPID COMMAND)], @seen) if @seen;
  my $told = docker_told("/containers/$id/top?ps_args=-eo%20pid,ppid,args");
  return if ref $told ne 'HASH' || grep { ref $told->{$_} ne 'ARRAY' } qw(Titles Processes);
  return map { ref $_ eq 'ARRAY' ? [map { $_ // '' } @$_] : [] } $told->{Titles}, @{ $told->{Processes} };
}

sub docker_seen {
  my ($id) = @_;
  my $told = docker_told("/containers/$id/json");
  my ($host, $state) = map { ref $told eq 'HASH' && ref $told->{$_} eq 'HASH' ? $told->{$_} : {} } qw(HostConfig State);
  return if $> || !docker_is_near() || ($host->{Runtime} // '') !~ $docker_plain;
  $docker_processes //= docker_processes();
  my @own = sort { $a <=> $b } @{ $docker_processes->{$id} || [] };
  return if !grep { $_ eq ($state->{Pid} // '') } @own;
  return map { docker_process($_) } @own;
}

sub docker_processes {
  my %found;
  for my $folder (glob "$PROCESSES/[1-9]*") {
    my $groups = docker_text("$folder/cgroup") // next;
    # One container may run others: theirs are in it.
    my ($id) = $groups =~ $docker_group or next;
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
