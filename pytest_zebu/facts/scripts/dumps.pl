# The files of a folder that are dumps by their place and name: what is told of backups, and what a dump is taken from, have it in common.
use strict;
use warnings;

# What is told of backups: folder, pattern, copy
sub told { my ($name) = @_; return ($ENV{"ZEBU_SET_BACKUP_$name"} // '') =~ s{(?<=.)/+\z}{}r }

my $NONBLOCK = 04000;    # as Linux has it: to load Fcntl takes as long as to read
sub nonblock { return $NONBLOCK }
my $begun = time;
my $most_entries = 100_000;    # of a folder, that are looked at
my $levels = 4;                # how deep dumps lie in it
my $which = told('PATTERN') eq '' ? '*' : told('PATTERN');
my $wanted = join '', map { $_ eq '*' ? '.*' : $_ eq '?' ? '.' : quotemeta } split //, $which;

# Words

my $UTF8 = qr/[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/;

sub word {    # without blanks, or what would end a line
  my ($text) = @_;
  return '-' if !defined $text || $text eq '';
  $text =~ s/([%\x00-\x20\x7f])/sprintf '%%%02X', ord $1/ge;
  return $text;
}

sub name {    # blanks may stand in it
  my ($text) = @_;
  $text =~ s/([%\x00-\x1f\x7f])/sprintf '%%%02X', ord $1/ge;
  $text =~ s/($UTF8)|([\x80-\xff])/defined $1 ? $1 : sprintf '%%%02X', ord $2/ge;
  return $text;
}

sub last_of { my ($path) = @_; return $path =~ m{([^/]*)/*\z} ? $1 : $path }

sub is_wanted { return last_of(@_) =~ /\A$wanted\z/s }

sub slurp {
  my ($path, $most) = @_;
  sysopen my $file, $path, $NONBLOCK or return;
  my $text = '';
  read $file, $text, $most // 65_536;
  return $text;
}

sub first_line { my $text = slurp(@_) // return; $text =~ s/\n.*//s; return $text }

# What a command says, and how it ended; it is given no input, and so much time.
sub said {
  my ($seconds, $most, @command) = @_;
  my $pid = open(my $out, '-|');
  if (!defined $pid) { unrun($command[0]); return (255, '') }
  if (!$pid) {
    open STDERR, '>', '/dev/null';
    open STDIN, '<', '/dev/null';
    exec 'timeout', $seconds, @command or unstarted('timeout');
  }
  my $text = '';
  while (length $text < $most && sysread $out, my $bytes, 65_536) { $text .= $bytes }
  my $is_cut = length $text >= $most;
  kill 'TERM', $pid if $is_cut;
  close $out;
  # What ssh ends with comes from elsewhere; timeout ends as what it runs.
  my $status = $? >> 8;
  unrun($command[0]) if is_killed($?) || $command[0] ne 'ssh' && ($status == 125 || $status == 126 || $status > 128 && $status < 192 && is_killed($status - 128));
  return ($is_cut ? 0 : $? & 127 ? 255 : $? >> 8, $text, $is_cut);
}

sub entries {
  my ($path) = @_;
  opendir my $handle, $path or return;
  return sort grep { !/^\.\.?\z/ } readdir $handle;
}

# Of all entries (moment, size, bytes held, path, identity) the dumps: files that are called so, once each, and folders that pg_dump made.
sub dumps_of {
  my (@all) = @_;
  my %folder = map { $_->[3] =~ m{^(?:(.*)/)?toc\.dat\z} ? ($1 // '.' => 1) : () } @all;
  my (%whole, %seen, @found);
  for my $entry (sort { $a->[5] <=> $b->[5] || $b->[0] <=> $a->[0] || $a->[3] cmp $b->[3] } @all) {
    my ($made, $size, $held, $path, $identity, $is_link) = @$entry;
    my ($parent) = $path =~ m{^(.*)/};
    $parent //= '.';
    if ($folder{$parent}) {
      my $one = $whole{$parent} //= [$made, 0, 0, $parent];
      $one->[0] = $made if $made > $one->[0];
      $one->[1] += $size;
      $one->[2] += $held;
      next;
    }
    next if !is_wanted($path) || ($identity ne '' && $seen{$identity}++);
    push @found, [$made, $size, $held, $path];
  }
  push @found, grep { is_wanted($_->[3]) || $_->[3] eq '.' } values %whole;
  return sort { $b->[0] <=> $a->[0] || $b->[3] cmp $a->[3] } @found;
}

# What a folder is in which a tool keeps backups its own way, by what else lies there
sub repository_of {
  my ($path, %has) = @_;
  return 'pgbackrest' if $has{'backup.info'} && (slurp("$path/backup.info", 65_536) // '') =~ /^\[backrest\]/m;
  return 'barman' if $has{base} && grep { -f "$path/base/$_/backup.info" } entries("$path/base");
  return 'wal-g' if $has{basebackups_005};
  return 'pg_basebackup' if $has{backup_manifest} || ($has{backup_label} && $has{PG_VERSION});
  return 'restic' if $has{snapshots} && $has{index} && $has{keys} && $has{data} && $has{config};
  return 'borg' if $has{data} && $has{config} && (slurp("$path/config", 4096) // '') =~ /^\[repository\]/m;
  return 'kopia' if grep { /^kopia\.repository/ } keys %has;
  return 'duplicity' if grep { /^duplicity-(?:full|inc)\b.*\.(?:manifest|difftar)/ } keys %has;
  return '';
}

# Everything in a folder, as deep as dumps lie, without what is in repositories: those are told by their paths. Links count
# if what they lead to is not there itself.
sub walk {
  my ($top) = @_;
  my ($count, $is_whole, $repositories, @found) = (0, 1, {});
  my @open = ['', 1];
  while (my $next = shift @open) {
    my ($path, $level) = @$next;
    my $here = $path eq '' ? $top : "$top/$path";
    opendir my $handle, $here or do { $is_whole = 0; next };
    my @names;
    while (defined(my $entry = readdir $handle)) {
      next if $entry =~ /^\./ && ($which !~ /^\./ || $entry =~ /^\.\.?\z/);
      if (++$count > $most_entries || time - $begun > 6) { $is_whole = 0; last }
      push @names, $entry;
    }
    if (my $tool = repository_of($here, map { $_ => 1 } @names)) { $repositories->{$here} = $tool; next }
    for my $entry (@names) {
      my $its = $path eq '' ? $entry : "$path/$entry";
      my $is_link = -l "$top/$its" ? 1 : 0;
      my @stat = stat "$top/$its" or next;
      if (-d _) { push @open, [$its, $level + 1] if !$is_link && $level < $levels }
      elsif (-f _) { push @found, [$stat[9], $stat[7], 512 * $stat[12], $its, "$stat[0]:$stat[1]", $is_link] }
    }
  }
  return ($is_whole, $repositories, @found);
}

# Of some files of a folder those that a process has open for writing. By the link's text first: to look at a file on a
# server that does not answer would take forever.
sub written {
  my ($top, @paths) = @_;
  my %named = map { last_of($_) => 1 } @paths;
  my %path = map { my @stat = stat "$top/$_"; @stat ? ("$stat[0]:$stat[1]" => $_) : () } @paths;
  my %found;
  return \%found if !%path;
  for my $pid (grep { /^\d+\z/ } entries('/proc')) {
    for my $number (entries("/proc/$pid/fd")) {
      next if !$named{ last_of(readlink "/proc/$pid/fd/$number" // '') };
      my @stat = stat "/proc/$pid/fd/$number" or next;
      my $path = $path{"$stat[0]:$stat[1]"} // next;
      my ($flags) = (slurp("/proc/$pid/fdinfo/$number") // '') =~ /^flags:\s*(\d+)/m;
      $found{$path} = 1 if oct($flags // 0) & 3;
    }
  }
  return \%found;
}

sub parent_of { my ($path) = @_; return $path =~ m{^(.*)/} ? $1 : '.' }
