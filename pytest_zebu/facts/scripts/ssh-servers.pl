# The ssh servers that listen here, and how each would be asked for its configuration: a part of others.
use strict;
use warnings;

# Names may have blanks and worse: as in addresses of the web.
sub word { my ($text) = @_; $text =~ s/([^A-Za-z0-9_.:,\/@*?!+-])/sprintf '%%%02X', ord $1/ge; return $text eq '' ? '%' : $text }

sub slurp {
  my ($file, $limit) = @_;
  open my $in, '<', $file or return undef;
  my $got = read $in, my $text, $limit || 1_048_576;
  return defined $got ? $text : undef;
}

# What a program says, both its outputs together; no shell reads the words.
sub said {
  my @words = @_;
  my $pid = open my $from, '-|';
  if (!defined $pid) { unrun($words[0]); return ('', 127) }
  if (!$pid) { open STDIN, '<', '/dev/null'; open STDERR, '>&', \*STDOUT; exec { $words[0] } @words or unstarted($words[0]) }
  local $/;
  my $text = <$from> // '';
  close $from;
  unrun($words[0]) if is_killed($?);
  return ($text, $? >> 8);
}

# Options of a running server that its configuration depends on: undef where one is not understood.
sub understood {
  my @words = @_;
  my @kept;
  while (@words) {
    my $one = shift @words;
    return undef unless $one =~ s/^-(?=.)//;
    while ($one ne '') {
      my $letter = substr $one, 0, 1, '';
      next if $letter =~ /[DeiqdtTR46]/ && ($letter !~ /[46]/ || push @kept, "-$letter");
      return undef unless $letter =~ /[ofphEbgkuc]/;
      my $value = $one ne '' ? $one : shift @words;
      return undef unless defined $value;
      return undef if $letter eq 'f' && $value !~ m{^/} || $letter eq 'o' && $value =~ /^\s*(?:include|match)\b/i;
      push @kept, "-$letter", $value if $letter =~ /[ofph]/;
      last;
    }
  }
  return \@kept;
}

# The options of a server, by what it calls itself: since 8.2 its arguments stand there with blanks between.
sub options_of {
  my ($pid) = @_;
  my $line = slurp("/proc/$pid/cmdline") // return undef;
  if ($line !~ /^sshd: /) {
    my (undef, @words) = split /\0/, $line;
    return understood(@words);
  }
  $line =~ s/\0.*//s;
  return undef unless $line =~ /^sshd: \S+(.*?) \[listener\] \d/ && index($1, "\\") < 0;
  # What follows an option, up to the next one, is its value: `-o Key value` has a blank in it.
  my @words;
  for my $one (split ' ', $1) {
    if ($one =~ /^-/ || !@words) { push @words, $one }
    elsif (@words > 1 && $words[-1] !~ /^-/) { $words[-1] .= " $one" }
    elsif ($words[-1] =~ /^-[A-Za-z0-9]*?[ofphEbgkuc]./) { $words[-1] .= " $one" }
    else { push @words, $one }
  }
  return understood(@words);
}

# A program that only root could have put there, in our own file system.
sub is_ours {
  my ($pid, $exe) = @_;
  my @here = stat '/'; my @there = stat "/proc/$pid/root/.";
  return 0 unless @there && "@here[0,1]" eq "@there[0,1]";
  my @file = stat $exe or return 0;
  return $file[4] == 0 && !($file[2] & 022);
}

# When a server read its configuration: it began, or came back from a SIGHUP; then it wrote its pid file anew, and said so.
sub loaded {
  my ($pid, $pid_file) = @_;
  my ($boot) = (slurp('/proc/stat') // '') =~ /^btime (\d+)/m or return undef;
  my ($ticks) = (slurp("/proc/$pid/stat") // '') =~ /^.*\) \S(?: \S+){18} (\d+)/s or return undef;
  my $at = $boot + $ticks / 100;
  if ($pid_file =~ m{^/} && (slurp($pid_file, 32) // '') =~ /^$pid$/m) { my $written = (stat $pid_file)[9]; $at = $written if $written > $at }
  my ($said) = said('journalctl', '-q', '-o', 'short-unix', '-n', '1', "_PID=$pid", '--grep=^(Received SIGHUP|Server listening)');
  $at = $1 if $said =~ /^(\d+)\./ && $1 > $at;
  return $at <= time + 1 ? $at : undef;
}

# Whether another sshd started this one.
sub is_of_sshd {
  my ($pid) = @_;
  my ($parent) = (slurp("/proc/$pid/stat") // '') =~ /^.*\) \S (\d+)/s;
  return (slurp('/proc/' . ($parent // 0) . '/comm') // '') =~ /^sshd/;
}

# Each: exe, options (undef: not understood), sockets (pairs of address and port), pid; each_login where every
# connection has a server of its own, that reads its files anew. And of others who serve ssh: name and port.
sub servers {
  my ($ours) = (split ' ', $ENV{SSH_CONNECTION} // '')[3] // '';
  my (%server, @others, %handed);
  my ($listening) = said('ss', '-Hltnp');
  my ($units, $status) = said('systemctl', 'show', 'ssh.socket', 'sshd.socket', '-p', 'Id', '-p', 'Accept', '-p', 'ActiveState', '-p', 'Listen');
  for my $unit ($status ? () : split /\n\n/, $units) {
    next unless $unit =~ /^ActiveState=active$/m;
    my $each = $unit =~ /^Accept=yes$/m ? 1 : 0;
    while ($unit =~ /^Listen=(\S+) \(Stream\)$/mg) { my ($port) = $1 =~ /(\d+)$/ or next; $handed{$port} = [$each, $unit =~ /^Id=(\S+?)\.socket$/m] }
  }
  for (split /\n/, $listening) {
    my @fields = split ' ';
    next unless @fields > 3 && $fields[3] =~ /^(.*):(\d+)$/;
    my ($address, $port) = ($1, $2);
    $address =~ s/^\[|\]$//g; $address =~ s/%.*//; $address =~ s/^::ffff:(?=\d+\.)//;
    my @holders; push @holders, [$1, $2] while /\("([^"]*)",pid=(\d+)/g;
    # A session's own server listens as well, where it forwards a port; the parent of that is another one. So is that of one that was begun
    # for a login just now: for a moment it holds what the other listens on.
    my @serving = grep { $_->[0] eq 'sshd' } @holders;
    my ($one) = grep { !is_of_sshd($_->[1]) } @serving;
    next if @serving && !$one;
    if ($one) {
      my $exe = readlink("/proc/$one->[1]/exe") // '';
      my $is_replaced = $exe =~ s/ \(deleted\)$//;    # by another version, perhaps
      if (is_ours($one->[1], $exe)) {
        $server{ $one->[1] } ||= { pid => $one->[1], exe => $exe, options => options_of($one->[1]), is_replaced => $is_replaced, sockets => [], each_login => 0 };
        push @{ $server{ $one->[1] }{sockets} }, [$address, $port];
      }
      else { push @others, ["$one->[0] of a container or of somebody", $port] }
    }
    elsif ($handed{$port} && grep { $_->[1] == 1 } @holders) {
      my ($each, $unit) = @{ $handed{$port} };
      my $key = "socket $unit";
      $server{$key} ||= { pid => 0, exe => '/usr/sbin/sshd', options => unit_options($unit . ($each ? '@' : '') . '.service'), sockets => [], each_login => 1 };
      push @{ $server{$key}{sockets} }, [$address, $port];
    }
    elsif (my ($other) = grep { $_->[0] =~ /^(?:dropbear|tinyssh|lshd|.+sshd$)/ } @holders) { push @others, [$other->[0], $port] }
    elsif ($ours eq $port) { push @others, [$holders[0] ? $holders[0][0] : 'a process', $port] }
  }
  my %once; @others = grep { !$once{"@$_"}++ } @others;
  # The port that we came through first.
  my @found = sort { ((grep { $_->[1] eq $ours } @{ $b->{sockets} }) > 0) <=> ((grep { $_->[1] eq $ours } @{ $a->{sockets} }) > 0) || $a->{sockets}[0][1] <=> $b->{sockets}[0][1] } values %server;
  return (\@found, \@others);
}

# The options that a unit gives to a server that is yet to be started.
sub unit_options {
  my ($unit) = @_;
  my ($text) = said('systemctl', 'cat', '--no-pager', $unit);
  my ($start, %variable);
  for (split /\n/, $text) {
    if (/^ExecStart=\s*$/) { undef $start }
    elsif (/^ExecStart=[-@:+!]*(\S.*)/) { $start = $1 }
    elsif (/^Environment=(.*)/) { return undef if $1 =~ /["'\\]/; for (split ' ', $1) { $variable{$1} = $2 if /^(\w+)=(.*)/ } }
    elsif (/^EnvironmentFile=-?(\S+)/) { for (split /\n/, slurp($1) // '') { $variable{$1} = $3 if /^\s*(\w+)=(["']?)(.*?)\2\s*$/ } }
  }
  return undef unless defined $start && $start !~ /["'\\]|\$\{/ && $start =~ m{^\S*/sshd(?:\s|$)};
  my (undef, @words) = split ' ', $start;
  @words = map { /^\$(\w+)$/ ? split ' ', $variable{$1} // '' : $_ } @words;
  return (grep { /[\$%"'\\]/ } @words) ? undef : understood(@words);
}
