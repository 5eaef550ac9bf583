# Shared: a container's files, read by this process from the root of the container's first process, which takes a tenth of what it takes to
# start a process there: the same mounts, and links lead where they lead inside. It needs docker.pl, json.pl and quiet.pl.
#   entered(CONTAINER, FOLDER...)   whether this process is in there from now on, in the first folder that is there, or else in the one that the
#                                   container starts in; false where another way is to be taken: for want of root's rights, or of such a process here
#   beside(CONTAINER)               likewise, but that process's folder in /proc is the working folder, and the root stays
#   working_folder()                which one that is; `/` where there is none
#   found(PRUNED, WANTED, PLACE...) regular files by their paths, in order: what is pruned is left out by its name, with all that is below
#   unread()                        how many folders and files could not be read, or could not be named in a line
#   content(PATH)                   a regular file's text, or undef
# What the root holds is a stranger's. Nothing is run there, no module is loaded from there, and no link out of it is followed.
use strict;
use warnings;
use Fcntl ();

my ($unread, $working_folder) = (0, '/');
sub unread { return $unread }
sub working_folder { return $working_folder }

# Of a container, what its daemon says, from the folder in /proc of its first process; nothing where another way is to be taken.
sub beside {
  my ($id) = @_;
  return if $>;
  my $told = docker_told("/containers/$id/json");
  my ($state, $config) = map { ref $told eq 'HASH' && ref $told->{$_} eq 'HASH' ? $told->{$_} : {} } qw(State Config);
  my $pid = $state->{Pid} // 0;
  # A daemon may be on another machine, and a process may be another one by now: its folder in /proc goes with it.
  return if $pid !~ /^[1-9]\d{0,9}$/ || !chdir "/proc/$pid";
  my $groups = '';
  if (open my $file, '<', 'cgroup') { local $/; $groups = <$file> // '' }
  return $config if index($groups, $id) >= 0;
  chdir '/';
  return;
}

sub entered {
  my ($id, @folders) = @_;
  my $config = beside($id) or return 0;
  if (!chroot 'root') { chdir '/'; return 0 }
  @INC = ();    # a stranger's modules are in there now
  for my $folder (@folders, $config->{WorkingDir} || '/') {
    chdir '/' or lost("the container's root: $!");
    next if !chdir $folder;
    lost("the container's $folder is not in it") if !is_within();
    $working_folder = $folder;
    return 1;
  }
  lost("the container's working folder: $!");
}

sub lost { print STDERR "@_\n"; exit 1 }

# Whether the way up from here comes to our root: the other processes of some containers have another one.
sub is_within {
  my @root = stat '/';
  my $up = '.';
  my $last = '';
  for (1 .. 256) {
    my @here = stat $up or return 0;
    return 1 if "@here[0, 1]" eq "@root[0, 1]";
    return 0 if "@here[0, 1]" eq $last;
    $last = "@here[0, 1]";
    $up .= '/..';
  }
  return 0;
}

sub found {
  my ($pruned, $wanted, @places) = @_;
  my (@found, @folders);
  my $look = sub {
    my ($path, $name) = @_;
    return if $name =~ $pruned;
    if ($name =~ /[\x00-\x1f\x7f]/) { $unread++; return }
    lstat $path or do { $unread++ if !$!{ENOENT} && !$!{ENOTDIR}; return };
    if (-d _) { push @folders, $path }
    elsif (-f _ && $name =~ $wanted) { push @found, [$path, -s _] }
  };
  $look->($_, /([^\/]*)$/) for @places;
  while (defined(my $folder = shift @folders)) {
    opendir(my $handle, $folder) or do { $unread++ if !$!{ENOENT}; next };
    while (defined(my $name = readdir $handle)) { $look->("$folder/$name", $name) if $name ne '.' && $name ne '..' }
  }
  return sort { $a->[0] cmp $b->[0] } @found;
}

sub content {
  my ($path, $limit) = @_;
  sysopen(my $file, $path, Fcntl::O_RDONLY() | Fcntl::O_NONBLOCK() | Fcntl::O_NOFOLLOW()) or do { $unread++ if !$!{ENOENT}; return };
  my ($text, $got) = ('', 1);
  $got = sysread $file, $text, $limit - length $text, length $text while $got && length $text < $limit && -f $file;
  if (!-f _ || !defined $got) { $unread++; return }
  return $text;
}
