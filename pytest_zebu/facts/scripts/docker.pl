# Shared: what Docker's daemon says, asked over its socket, which takes a tenth of what it takes to start its client. It needs json.pl and quiet.pl.
#   docker_told(PATH, UNTIL)        what a question's answer says; undef where there is none, and docker_trouble() says why
#   docker_list(all => 1)           the project's containers, as a list tells of them, in Docker's order: with `all` also those that do not run, with
#                                   `once` also those of `compose run`, with `every` those of other projects too; undef where there is none
#   docker_containers(all => 1)     of the same containers, all that Docker tells of each; one that is gone meanwhile is left out
#   docker_end(STATUS)              ends the script, since there is no answer
#   docker_service(CONTAINER)       the name of its service, as text of one word or more
#   docker_is_near()                whether the last question went to this machine's own socket, and not by the client to wherever it leads
# The client is asked for the way where it would not take that socket: another context of root's, no such socket, or no right to it. So
# what that way needs (podman has none) is needed here. Only questions are asked: nothing but GET is sent.
use strict;
use warnings;

my ($DOCKER_SECONDS, $DOCKER_LIMIT) = (10 * ($ENV{ZEBU_SLOWER} || 1), 16_777_216);    # longer on a busy machine
my ($UNIX, $STREAM) = (1, 1);    # as Linux has them: to load Socket takes as long as to ask
my $docker_trouble = '';
my $docker_refused = '';    # what the socket said
my $docker_is_near = 0;    # whether it was asked without the client
sub docker_trouble { return $docker_trouble }
sub docker_is_near { return $docker_is_near }
sub docker_end { my ($status) = @_; print STDERR "$docker_trouble\n"; exit $status }

# A connection to the daemon, to be read from and to be written to; and the process that stands between, if one does.
sub docker_line {
  my $place = $ENV{ZEBU_DOCKER_SOCKET} // '/var/run/docker.sock';
  my $home = $ENV{HOME} // '';
  my $chosen = '';
  $docker_is_near = 0;
  if (open my $file, '<', "$home/.docker/config.json") { local $/; ($chosen) = (<$file> // '') =~ /"currentContext"\s*:\s*"([^"]*)"/; $chosen //= '' }
  if ($chosen eq '' || $chosen eq 'default') {
    socket my $line, $UNIX, $STREAM, 0 or return;
    return ($line, $line) if $docker_is_near = connect $line, pack 'S Z*', $UNIX, $place;
    $docker_refused = " ($!)";
  }
  socketpair my $ours, my $theirs, $UNIX, $STREAM, 0 or return;
  my $pid = fork;
  if (!defined $pid) { unrun('docker'); return }
  if (!$pid) {
    open STDIN, '<&', $theirs;
    open STDOUT, '>&', $theirs;
    open STDERR, '>', '/dev/null';
    exec qw(docker system dial-stdio) or unstarted('docker');
  }
  close $theirs;
  return ($ours, $ours, $pid);
}

# A question, and what is done with each piece of its answer: the status, or 0 where there was no whole answer. What comes with another status is no answer.
sub docker_ask {
  my ($path, $take, $until) = @_;
  my ($in, $out, $pid) = docker_line();
  if (!$in) { $docker_trouble = "no way to Docker's daemon ($!)"; return 0 }
  local $SIG{PIPE} = 'IGNORE';
  my $done = docker_answer($path, $take, $until // time + $DOCKER_SECONDS, $in, $out);
  close $in;
  if ($pid) { kill 'TERM', $pid; waitpid $pid, 0 }
  return $done;
}

sub docker_answer {
  my ($path, $take, $until, $in, $out) = @_;
  my ($held, $is_over) = ('', 0);
  # More of the answer; nothing where there is none in time.
  my $more = sub {
    my $left = $until - time;
    my $ready = '';
    vec($ready, fileno $in, 1) = 1;
    return 0 if $left <= 0 || !select $ready, undef, undef, $left;
    my $got = sysread $in, $held, 262_144, length $held;
    $is_over = 1 if defined $got && !$got;
    return $got;
  };
  my $line = sub {
    while (1) {
      my $end = index $held, "\n";
      if ($end >= 0) { my $found = substr $held, 0, $end + 1, ''; $found =~ s/\r?\n\z//; return $found }
      return if length $held > 65_536 || !$more->();
    }
  };
  syswrite $out, "GET $path HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
  my ($status) = ($line->() // '') =~ m{^HTTP/1\.[01] (\d{3})\b} or do { $docker_trouble = "Docker's daemon does not answer$docker_refused"; return 0 };
  my %head;
  while (1) {
    my $field = $line->();
    if (!defined $field || keys %head > 100) { $docker_trouble = "Docker's daemon does not answer$docker_refused"; return 0 }
    last if $field eq '';
    $head{ lc $1 } = $2 if $field =~ /^([\w-]+):\s*(.*?)\s*$/;
  }
  my $is_wanted = $status == 200;
  my ($said, $wants) = ('', 1);
  my $pass = sub {    # so many bytes of the answer, or all that come
    my ($left) = @_;
    while (!defined $left || $left > 0) {
      if ($held eq '' && !$more->()) { return !defined $left && $is_over }
      my $piece = defined $left ? substr $held, 0, $left, '' : $held;
      $held = '' if !defined $left;
      $left -= length $piece if defined $left;
      if (!$is_wanted) { $said .= $piece if length $said < 4096; next }
      if (!$take->($piece)) { $wants = 0; return 1 }
    }
    return 1;
  };
  my $is_whole = 0;
  if (($head{'transfer-encoding'} // '') =~ /chunked/i) {
    while (1) {
      my ($size) = ($line->() // '') =~ /^([0-9A-Fa-f]{1,8})\b/ or last;
      if (!hex $size) { $is_whole = 1; last }
      $pass->(hex $size) or last;
      last if !$wants;
      $line->() // last;
    }
  }
  else { $is_whole = $pass->($head{'content-length'}) }
  if (!$is_wanted) { $docker_trouble = "Docker's daemon answers with $status"; return $status }
  return 200 if $is_whole || !$wants;
  $docker_trouble = 'the answer of Docker\'s daemon is cut short';
  return 0;
}

sub docker_told {
  my ($path, $until) = @_;
  my $text = '';
  my $status = docker_ask($path, sub { $text .= $_[0]; return length $text <= $DOCKER_LIMIT }, $until);
  return if $status != 200;
  if (length $text > $DOCKER_LIMIT) { $docker_trouble = "Docker's daemon says too much"; return }
  my $told = eval { read_json($text) };
  $docker_trouble = "Docker's daemon does not say what its API is to say" if !defined $told;
  return $told;
}

sub docker_listed {    # a list of containers, by what Docker can choose them by
  my ($query, %filters) = @_;
  my $chosen = join ',', map { my $key = $_; qq{"$key":[} . join(',', map { (my $text = $_) =~ s/(["\\])/\\$1/g; qq{"$text"} } @{ $filters{$key} }) . ']' } sort keys %filters;
  (my $filters = "{$chosen}") =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ge;
  my $found = docker_told("/containers/json?${query}filters=$filters");
  return ref $found eq 'ARRAY' ? $found : undef;
}

sub docker_list {
  my (%given) = @_;
  my @labels = map { "com.docker.compose.$_" } "project=$ENV{ZEBU_PROJECT}", $given{once} ? () : 'oneoff=False' if !$given{every};
  my $listed = docker_listed($given{all} ? 'all=1&' : '', @labels ? (label => \@labels) : ());
  return if !defined $listed;
  return [grep { ref $_ eq 'HASH' && ($_->{Id} // '') =~ /^[0-9a-f]{12,64}$/ } @$listed];
}

sub docker_containers {
  my $listed = docker_list(@_) // return;
  my @found;
  for my $listed (@$listed) {
    my $one = docker_told("/containers/$listed->{Id}/json");
    next if !defined $one && $docker_trouble =~ /with 404$/;
    return if ref $one ne 'HASH';
    push @found, $one;
  }
  return \@found;
}

sub docker_service {
  my ($container) = @_;
  my $labels = $container->{Labels} // (ref $container->{Config} eq 'HASH' ? $container->{Config}{Labels} : undef);
  my $name = ref $labels eq 'HASH' ? $labels->{'com.docker.compose.service'} // '' : '';
  $name =~ s/[\x00-\x1f\x7f]/?/g;
  return $name;
}
