# Of each service `@service NAME STATUS`, then its distributions: `NAME VERSION`, and `? FOLDER` for one that does not
# tell both; `@cut COUNT` where there are more containers than are asked.
# Each image's own Python tells what is installed for it, and each other Python that runs there by its own path, as that of
# an environment; nothing of the application is imported. `-I` keeps the working folder, which is the application's, out of
# the path. 126 and 127: there is no python3 on the image's path; `unseen`: and a Python from elsewhere runs, or may run.
# No program is started in a container that has no python3 there, which is seen from outside; nor where the folders that its Python looks in are known
# for sure, and so what is installed in them is read from outside: an ordinary arrangement, of CPython's own, of Debian's or of an environment.
use strict;
use warnings;
use Cwd ();
use POSIX ();

my ($MOST, $LIMIT) = (24, 1_048_576);
my $DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
my $PROC = '/proc';
my $ASK = <<'PYTHON';
import os
try: os.nice(19)  # it shares the container's processors with the application
except OSError: pass
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
  my ($place, $is_environment, @read) = python_of($id);
  my ($status, @found) = $place eq 'none' ? 127 : @read ? splice @read : ask($id, 'python3');
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
  my (undef, @rows) = docker_top($id) or return;
  return [map { $_->[-1] // '' } @rows];
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
# where that is not to be seen. Then, where what is installed could be read: 0, and its lines. Who looks from within the container's root follows links
# as its programs do.
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
    alarm 1 + int(4 * ($ENV{ZEBU_SLOWER} || 1));    # longer on a busy machine
    my $groups = '';
    if (open my $file, '<', "$PROC/$first/cgroup") { local $/; $groups = <$file> // '' }
    POSIX::_exit(1) if !chroot "$PROC/$first/root" or !chdir '/' or !-d '/';
    @INC = ();    # a stranger's modules are in there now
    for my $folder (@folders) {
      if (-f "$folder/python3" && -x _) {
        # A daemon may be on another machine, and a process may be another one by now.
        my @read = index($groups, $id) >= 0 ? installed("$folder/python3") : ();
        print -f "$folder/../pyvenv.cfg" ? 1 : 0, "$folder\n", @read;
        POSIX::_exit(close(STDOUT) ? 0 : 1);
      }
      POSIX::_exit(1) if lstat "$folder/python3" or !$!{ENOENT} && !$!{ENOTDIR};
    }
    print "0none\n";
    POSIX::_exit(close(STDOUT) ? 0 : 1);
  }
  my $told = '';
  read $in, $told, $LIMIT;
  close $in;
  return '' if $? || $told !~ /\A([01])([^\n]*)\n/;
  my ($is_environment, $place) = ($1, $2);
  my ($is_read, @lines) = split /\n/, substr $told, 2 + length $place;
  return ($place, $is_environment, defined $is_read ? (0, map { "$_\n" } @lines) : ());
}

# What a Python's `importlib.metadata` would find: `read`, and its lines; nothing where the folders that it looks in are not known for sure.
sub installed {
  my ($python) = @_;
  my $real = Cwd::abs_path($python) // return;
  my ($base, $version) = $real =~ m{^(/.+)/bin/python(3\.\d{1,2})\z} or return;
  return if -e "$real._pth" || text_of($real, 4) ne "\x7fELF";
  my ($programs, $prefix) = $python =~ m{^((.*)/[^/]+)/python3\z} or return;
  return if -e "$programs/pyvenv.cfg";
  my $settings = text_of("$programs/../pyvenv.cfg", 65_536);
  if ($settings ne '') {    # an environment: its own folder stands in place of what its Python has
    my ($home) = $settings =~ /^home *= *(\S+) *$/m or return;
    return if $settings !~ /^include-system-site-packages *= *false *$/mi || (Cwd::abs_path($home) // '') ne "$base/bin";
  }
  my $library = "$base/lib/python$version";
  return if !-f "$library/os.py" || -e "$base/lib/python" . $version =~ tr/.//dr . '.zip';
  my $is_debian = text_of("$library/site.py", 262_144) =~ /dist-packages/;
  my @own = $settings ne '' ? "$prefix/lib/python$version/site-packages"
    : $is_debian ? ("$base/local/lib/python$version/dist-packages", "$base/lib/python3/dist-packages")
    : "$library/site-packages";
  return if $settings ne '' && !-d $own[0] || $settings eq '' && $is_debian && ($base ne '/usr' || -e "$library/dist-packages");
  # Some systems have a second folder for what is made for one kind of machine.
  for my $place ($base, $prefix) { return if -d "$place/lib64/python$version" && !same("$place/lib64/python$version", "$place/lib/python$version") }
  my @lines;
  for my $folder ($library, "$library/lib-dynload", @own) {
    opendir my $handle, $folder or do { next if $!{ENOENT}; return };
    for my $name (sort readdir $handle) {
      return if $name =~ /\.pth\z/ && $folder ne $library && !is_plain_pth("$folder/$name");
      return if $name =~ /^(?:site|user)customize(?:\.|\z)/ && ($name !~ /\.py\z/ || text_of("$folder/$name", 65_536) =~ /path|site|meta|hook_|exec|eval/);
      next if $name !~ /\.(?:dist|egg)-info\z/i;
      push @lines, line_of("$folder/$name") // return;
      return if @lines > 5000;
    }
  }
  return ("read\n", @lines);
}

sub same { my @folders = map { my @stat = stat; "@stat[0, 1]" } @_; return $folders[0] eq $folders[1] }

# Whether a file of paths only has what is known to add none.
sub is_plain_pth {
  my ($path) = @_;
  return !grep { !/^\s*(?:#|$)/ && !/^import _virtualenv\s*$/ && !/^import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '\w+'\) == 'local'; enabled and __import__\('_distutils_hack'\)\.add_shim\(\);?\s*$/ } split /\n/, text_of($path, 65_536, 1);
}

# A line of one distribution; nothing where it is told otherwise than usual.
sub line_of {
  my ($place) = @_;
  my ($file) = -d $place ? grep { -s $_ } "$place/METADATA", "$place/PKG-INFO" : $place;
  my ($called) = $place =~ m{([^/]*)\z};
  return if $called =~ /[^\x20-\x7e]/;
  my $head = defined $file ? text_of($file, 262_144) : '';
  return if length $head >= 262_144 && $head !~ /\n\r?\n/;
  $head =~ s/\n\r?\n.*/\n/s;
  my %told;
  for my $name (qw(Name Version)) {
    my ($text, $more) = $head =~ /^$name:[ \t]*([^\r\n]*?)[ \t]*\r?(?:\n|\z)([ \t]?)/mi or next;
    return if $more ne '' || $text =~ /[^\x21-\x7e]/;
    $told{$name} = $text;
  }
  return ($told{Name} // '') ne '' && ($told{Version} // '') ne '' ? "$told{Name} $told{Version}\n" : "? $called\n";
}

# What a file begins with; nothing is read of what is none.
sub text_of {
  my ($path, $most) = @_;
  sysopen my $file, $path, POSIX::O_RDONLY() | POSIX::O_NONBLOCK() or return '';
  my $text = '';
  read $file, $text, $most if -f $file;
  return $text;
}
