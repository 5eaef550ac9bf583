# Of each service `@service NAME STATUS`, then its distributions: `NAME VERSION`, and `? FOLDER` for one that does not
# tell both; `@cut COUNT` where there are more containers than are asked.
# Each image's own Python tells what is installed for it, and each other Python that runs there by its own path, as that of
# an environment; nothing of the application is imported. `-I` keeps the working folder, which is the application's, out of
# the path. 126 and 127: there is no python3 on the image's path; `unseen`: and a Python from elsewhere runs, or may run.
# No program is started in a container that has no python3 there, which is seen from outside.
use strict;
use warnings;
use POSIX ();

my ($MOST, $LIMIT) = (24, 1_048_576);
my $DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
my $PROC = '/proc';
my $ASK = <<'PYTHON';
import importlib.metadata as m
for d in m.distributions():
    try: name, version = d.metadata["Name"], d.version
    except Exception: name = version = None
    print(*(name, version) if name and version else ("?", str(getattr(d, "_path", "")).rpartition("/")[2]))
PYTHON

my @running = grep { ($_->{State} // '') eq 'running' } @{ docker_list(once => 1) // docker_end(1) };
my %name = map { $_->{Id} => docker_service($_) } @running;
my @ids = sort { $name{$a} cmp $name{$b} || $a cmp $b } keys %name;
print '@cut ', scalar @ids, "\n" if @ids > $MOST;
tell_service($_) for splice @ids, 0, $MOST;

sub tell_service {
  my ($id) = @_;
  my $runs = commands($id);
  my ($place, $is_environment) = python_of($id);
  my ($status, @found) = $place eq 'none' ? 127 : ask($id, 'python3');
  my $first = $status;
  if ($first == 126 || $first == 127) {
    # Where it is not told what runs, nobody knows that none does.
    $status = !$runs || (grep { m{^python|[/ ]python} } @$runs) ? 'unseen' : 'none';
  }
  my %other = map { m{^((?:/\S*/)?python[0-9.]*)(?:\s|$)} && ($first || $1 !~ m{^(?:/usr/(?:local/)?bin/|python)}) ? ($1 => 1) : () } @{ $runs || [] };
  # Those of the environment that has told already are the same.
  my @others = sort grep { $first || $_ ne "$place/python3" && !($is_environment && m{^\Q$place\E/[^/]*$}) } keys %other;
  # Where each Python that runs is asked by its path, none is unseen.
  say_of($id, $status, @found) unless $status eq 'unseen' && @others;
  say_of($id, ask($id, $_)) for @others > 4 ? @others[0 .. 3] : @others;
}

sub say_of { my ($id, $status, @lines) = @_; print "\@service $name{$id} $status\n", $status eq '0' ? @lines : () }

sub commands {    # of what runs in it
  my ($id) = @_;
  my $told = docker_told("/containers/$id/top?ps_args=-eo%20pid,args");
  return if ref $told ne 'HASH' || ref $told->{Processes} ne 'ARRAY';
  return [map { ref $_ eq 'ARRAY' ? $_->[-1] // '' : '' } @{ $told->{Processes} }];
}

sub ask {    # how a Python of a container ended, and the lines that it said
  my ($id, $python) = @_;
  my $pid = open(my $in, '-|');
  if (!defined $pid) { unrun('docker'); return 125 }
  if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec 'docker', 'exec', $id, $python, '-I', '-c', $ASK or POSIX::_exit(125);
  }
  my $text = '';
  read $in, $text, $LIMIT;
  close $in;
  my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
  return ($status, map { "$_\n" } split /\n/, $text);
}

# The folder of a container's path that has python3, and whether that is an environment of its own; `none` if no folder has it, for sure, and nothing
# where that is not to be seen. Who looks from within the container's root follows links as its programs do.
sub python_of {
  my ($id) = @_;
  my $one = docker_told("/containers/$id/json");
  return '' if ref $one ne 'HASH' || ref $one->{Config} ne 'HASH' || ref $one->{State} ne 'HASH';
  my ($first) = ($one->{State}{Pid} // '') =~ /^([1-9]\d*)$/ or return '';
  my ($path) = map { /^PATH=(.*)/s ? $1 : () } reverse @{ $one->{Config}{Env} || [] };
  my @folders = split /:/, $path // $DEFAULT_PATH, -1;
  return '' if !@folders || grep { !m{^/} } @folders;    # what that means, its working folder tells
  my $pid = open(my $in, '-|') // return '';
  if (!$pid) {
    $SIG{ALRM} = 'DEFAULT';
    alarm 1 + int(2 * ($ENV{ZEBU_SLOWER} || 1));
    POSIX::_exit(1) if !chroot "$PROC/$first/root" or !chdir '/' or !-d '/';
    for my $folder (@folders) {
      if (-f "$folder/python3" && -x _) { syswrite STDOUT, (-f "$folder/../pyvenv.cfg" ? 1 : 0) . $folder; POSIX::_exit(0) }
      POSIX::_exit(1) if lstat "$folder/python3" or !$!{ENOENT} && !$!{ENOTDIR};
    }
    syswrite STDOUT, '0none';
    POSIX::_exit(0);
  }
  my $told = '';
  read $in, $told, 4096;
  close $in;
  return $? || $told eq '' ? '' : (substr($told, 1), substr $told, 0, 1);
}
