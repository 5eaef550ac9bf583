# Shared: what Docker's daemon says, asked over its socket, which takes a tenth of what it takes to start its client. It needs json.pl and quiet.pl.
#   docker_told(PATH, UNTIL)        what a question's answer says; undef where there is none, and docker_trouble() says why
#   docker_list(all => 1)           the project's containers, as a list tells of them, in Docker's order: with `all` also those that do not run, with
#                                   `once` also those of `compose run`, with `every` those of other projects too; undef where there is none
#   docker_containers(all => 1)     of the same containers, all that Docker tells of each; one that is gone meanwhile is left out
#   docker_end(STATUS)              ends the script, since there is no answer
#   docker_service(CONTAINER)       the name of its service, as text of one word or more
#   docker_logs(CONTAINER, QUERY, TAKE, UNTIL)   hands each piece of a container's log to TAKE, as long as that wants more and it is not UNTIL:
#                                   `whole`, `cut` (by either), or `unreadable`
#   docker_lines(CONTAINER, QUERY, TAKE, UNTIL)  the same with whole lines: as many as came, each with its end; one that is longer than 4 MiB in pieces
# The client is asked for the way where it would not take that socket: another context of root's, no such socket, or no right to it. So
# what that way needs (podman has none) is needed here. Only questions are asked: nothing but GET is sent. A log that the daemon keeps in a file of this
# machine is read from there, which takes a tenth of what it takes the daemon to tell it; of what is not understood there, the daemon is asked.
use strict;
use warnings;

my ($DOCKER_SECONDS, $DOCKER_LIMIT) = (10 * ($ENV{ZEBU_SLOWER} || 1), 16_777_216);    # longer on a busy machine
my ($UNIX, $STREAM) = (1, 1);    # as Linux has them: to load Socket takes as long as to ask
my $docker_trouble = '';
my $docker_refused = '';    # what the socket said
my $docker_is_near = 0;    # whether the last answer came by a socket of this machine
sub docker_trouble { return $docker_trouble }
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

sub docker_logs {
  my ($container, $query, $take, $until) = @_;
  my $id = $container->{Id};
  # Only all that is told of a container tells whether it has a terminal, whose log is not in pieces.
  $container = docker_told("/containers/$id/json", $until) if ref $container->{Config} ne 'HASH';
  return 'unreadable' if ref $container ne 'HASH' || ref $container->{Config} ne 'HASH';
  my ($state, $over, $before) = docker_filed($container, $query, $take, $until);
  return $state if defined $state;
  my $is_raw = ($container->{Config}{Tty} // '') eq 'true';
  my ($held, $left, $wants, $is_broken, $seen) = ('', 0, 1, 0, '');
  my $hand = sub {
    my ($text) = @_;
    if ($over) {    # what the file has said already, which has to be the same
      my $piece = substr $text, 0, $over, '';
      $over -= length $piece;
      $seen = substr $seen . $piece, -length $before if length $seen . $piece > length $before;
      $seen .= $piece if length $seen < length $before;
      return $wants = 1 if $over;
      $is_broken = 1 if $seen ne $before;
      return $wants = 0 if $is_broken;
      return $wants = 1 if $text eq '';
    }
    return $wants = $take->($text);
  };
  my $status = docker_ask("/containers/$id/logs?stdout=1&stderr=1&$query", $is_raw ? $hand : sub {
    $held .= $_[0];
    # What came is handed on at once: a log has a piece for each line.
    my ($at, $end, $text) = (0, length $held, '');
    while ($at < $end) {
      if (!$left) {
        last if $end - $at < 8;
        (my $kind, $left) = unpack 'C x3 N', substr $held, $at, 8;
        if ($kind > 2) { $is_broken = 1; last }    # the daemon's own complaint, in the middle
        $at += 8;
      }
      my $size = $left < $end - $at ? $left : $end - $at;
      $text .= substr $held, $at, $size;
      $at += $size;
      $left -= $size;
    }
    substr($held, 0, $at) = '';
    $hand->($text) if $text ne '';
    return $wants &&= !$is_broken;
  }, $until);
  return 'unreadable' if $is_broken;
  return $over ? 'unreadable' : $wants ? 'whole' : 'cut' if $status == 200 && (!$left && $held eq '' || !$wants);
  return defined $until && time >= $until ? 'cut' : 'unreadable';
}

# Of a log whose driver is `json-file`, an entry is a line: what was written, escaped as Go escapes it; whereto, what else its owner wants there, and when.
my ($DOCKER_PIECE, $DOCKER_LONGEST, $DOCKER_LEEWAY) = (524_288, 4_194_304, 60);    # who writes to two streams may be out of order by as many seconds, and is not
my $docker_text = qr/"(?:[^"\\\n]|\\.)*+"/;
my $docker_to = qr/"stream":"std(?:out|err)"(?:,"attrs":\{$docker_text:$docker_text(?:,$docker_text:$docker_text)*\})?/;
my $docker_entry = qr/\G\{"log":"(.*)",$docker_to,"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)Z"\}\n/;
my %docker_char = (r => "\r", t => "\t", b => "\b", f => "\f", '/' => '/');

# A container's log as its files have it: the state, as docker_logs says it; or nothing where the daemon has to be asked, with how much was handed on
# before, and the end of that.
sub docker_filed {
  my ($container, $query, $take, $until) = @_;
  my %asked = map { /^(since|tail|timestamps)=([1-9][0-9]{0,11})\z/ ? ($1 => $2) : ('' => 1) } split /&/, $query;
  my @nothing = (undef, 0, '');
  return @nothing if $asked{''};
  my ($since, $early) = map { defined $asked{since} ? docker_moment($_) : '' } map { ($_, $_ - $DOCKER_LEEWAY) } $asked{since} // 0;
  my @files = docker_files($container, $since) or return @nothing;
  my ($first, $start) = (0, 0);
  if ($since ne '') {
    my @begins = map { my (undef, $time) = docker_next($_->[0], 0); $time } @files;
    # What begins before that ends the one before it.
    for my $n (1 .. $#files) { $first = $n if defined $begins[$n] && $begins[$n] lt $early && !grep { !defined || $_ gt $begins[$n] } @begins[$first .. $n - 1] }
    $start = docker_since(@{ $files[$first] }, $early);
  }
  ($first, $start) = docker_tail($asked{tail}, $first, $start, @files) or return @nothing if $asked{tail};
  my ($handed, $last) = (0, '');
  for my $one (@files[$first .. $#files]) {
    my ($file, $size) = @$one;
    my ($at, $held) = ($start, '');
    $start = 0;
    while ($at < $size) {
      return 'cut' if defined $until && time >= $until;
      my $got = docker_read($file, $at, $size - $at < $DOCKER_PIECE ? $size - $at : $DOCKER_PIECE, $held) or return (undef, $handed, $last);
      $at += $got;
      my $text = docker_said(substr($held, 0, 1 + rindex($held, "\n"), ''), $since, $asked{timestamps});
      return (undef, $handed, $last) if !defined $text || length $held > $DOCKER_LONGEST;
      next if $text eq '';
      $handed += length $text;
      $last = length $text < 4096 ? $last . $text : substr $text, -4096;
      $last = substr $last, -4096 if length $last > 4096;
      return 'cut' if !$take->($text);
    }
    return (undef, $handed, $last) if $held ne '';
  }
  return 'whole';
}

sub docker_moment { my @at = gmtime $_[0]; return sprintf '%04d-%02d-%02dT%02d:%02d:%02d', 1900 + $at[5], 1 + $at[4], @at[3, 2, 1, 0] }

sub docker_read { my ($file, $at, $size) = @_; return sysseek($file, $at, 0) && sysread $file, $_[3], $size, length $_[3] }

# A plain file, and what it is; nothing where it is none. A name that leads elsewhere is not followed, and what is no file is not opened.
sub docker_open {
  my ($path) = @_;
  my @named = lstat $path;
  return if !@named || !-f _;
  sysopen my $file, $path, 04000 or return;    # O_NONBLOCK, as Linux has it where Docker is: to load Fcntl takes as long as to read
  my @is = stat $file or return;
  return "@is[0, 1]" eq "@named[0, 1]" ? ($file, $is[7], "@is[0, 1]") : ();
}

# A log's files, the oldest first, each with its size, without an entry that is being written; none where they are not to be read, or not understood.
sub docker_files {
  my ($container, $since) = @_;
  my ($id, $path) = map { $_ // '' } @$container{qw(Id LogPath)};
  my $log = ref $container->{HostConfig} eq 'HASH' ? $container->{HostConfig}{LogConfig} : undef;
  # By its id the file is this container's, also where the socket leads to another machine.
  return if !$docker_is_near || ref $log ne 'HASH' || ($log->{Type} // '') ne 'json-file' || $id !~ /^[0-9a-f]{64}\z/ || $path !~ m{^/(?:[^\0\n]*/)?$id/$id-json\.log\z};
  my $most = (ref $log->{Config} eq 'HASH' ? $log->{Config}{'max-file'} : undef) // 1;
  return if $most !~ /^[1-9][0-9]?\z/;
  for (1, 2) {    # while they are opened, Docker may begin a new one
    my (@files, %seen);
    my $is_odd = 0;
    for my $name ($path, map { "$path.$_" } 1 .. $most - 1) {
      if (my ($file, $size, $what) = docker_open($name)) {
        $is_odd = 1 if $seen{$what}++;
        unshift @files, [$file, $size];
      }
      elsif (lstat $name or $name eq $path) { $is_odd = 1 }
      # One that is compressed counts as little for Docker as for us where it ends before.
      elsif (lstat "$name.gz" and !docker_ended("$name.gz", $since)) { return }
    }
    my (undef, undef, $now) = docker_open($path);
    next if $is_odd || !$seen{ $now // '' };
    my ($file, $size) = @{ $files[-1] };
    my ($from, $end) = ($size, '');
    while ($from && index($end, "\n") < 0) {
      return if $size - $from > $DOCKER_LONGEST;
      my ($to, $piece) = ($from, '');
      $from = $to < 65_536 ? 0 : $to - 65_536;
      (docker_read($file, $from, $to - $from, $piece) // 0) == $to - $from or return;
      $end = $piece . $end;
    }
    $files[-1][1] = $from + 1 + rindex $end, "\n";
    return @files;
  }
  return;
}

# Whether a compressed file's last entry was before that, as Docker has it in the file's head.
sub docker_ended {
  my ($path, $since) = @_;
  my ($file) = docker_open($path) or return 0;
  docker_read($file, 0, 4096, my $head = '') or return 0;
  return 0 if length $head < 12;
  my ($magic, $flags, $length) = unpack 'a3 C x6 v', $head;
  return 0 if $magic ne "\x1f\x8b\x08" || !($flags & 4);
  return substr($head, 12, $length) =~ /^\{"lastTime":"([12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:]{8})(?:\.[0-9]+)?Z"\}\z/ && $1 lt $since;
}

# The first entry that begins behind a place: where, and when it was written; nothing where none is understood.
sub docker_next {
  my ($file, $at) = @_;
  docker_read($file, $at, 262_144, my $text = '') or return;
  my $begin = $at ? 1 + index $text, "\n" : 0;
  return if $at && !$begin;
  pos($text) = $begin;
  return $text =~ /$docker_entry/gc ? ($at + $begin, $2) : ();
}

# Where to begin for what was written since then. Times rise from entry to entry: where they do not, it is the beginning.
sub docker_since {
  my ($file, $size, $since) = @_;
  my ($low, $high, $to) = (0, $size, '9');
  my (undef, $from) = docker_next($file, 0) or return 0;
  while ($from lt $since && $high - $low > $DOCKER_PIECE) {
    my $middle = int(($low + $high) / 2);
    my ($at, $time) = docker_next($file, $middle) or return 0;
    return 0 if $time lt $from || $time gt $to;
    if ($time lt $since && $at < $high) { ($low, $from) = ($at, $time) }
    else { ($high, $to) = ($middle, $time) }
  }
  return $low;
}

# Where the last so many entries begin, unless that is before a place: which file, and where in it.
sub docker_tail {
  my ($lines, $first, $start, @files) = @_;
  my $ends = $lines + 1;    # of the entry before them, too
  for my $n (reverse $first .. $#files) {
    my ($file, $to) = @{ $files[$n] };
    my $stop = $n == $first ? $start : 0;
    while ($to > $stop) {
      my ($from, $text) = ($to - $stop < 65_536 ? $stop : $to - 65_536, '');
      (docker_read($file, $from, $to - $from, $text) // 0) == $to - $from or return;
      my $count = $text =~ tr/\n//;
      if ($count >= $ends) {
        my $at = length $text;
        $at = rindex $text, "\n", $at - 1 while $ends--;
        return ($n, $from + $at + 1);
      }
      $ends -= $count;
      $to = $from;
    }
  }
  return ($first, $start);
}

# What entries say that were not written before a time, each with its own in front where that is wanted; nothing where one is not understood.
sub docker_said {
  my ($lines, $since, $is_timed) = @_;
  return if $lines =~ tr/\0-\x09\x0b-\x1f\xff//;    # JSON has none of these
  my $text = $is_timed ? undef : docker_bare($lines, $since);
  if (!defined $text) {
    $text = '';
    while ($lines =~ /$docker_entry/gc) {
      next if $2 lt $since;
      $text .= length $2 == 29 ? "$2Z " : substr(length $2 == 19 ? "$2." : $2, 0, 29) . '0' x (29 - (length $2 == 19 ? 20 : length $2)) . 'Z ' if $is_timed;
      $text .= $1;
    }
    return if (pos $lines // 0) != length $lines;
  }
  return if $text =~ tr/\x80-\xff// && !utf8::decode(my $copy = $text);
  # What is said often is replaced by what it means, all at once; a byte stands for what was a backslash, until the others are gone.
  $text =~ s/\\\\/\xff/g if index($text, '\\\\') >= 0;
  my $quotes = $text =~ tr/"//;
  return if $quotes != ($text =~ s/\\"/"/g || 0);
  $text =~ s/\\n/\n/g;
  if (my $escapes = $text =~ tr/\\//) {
    return if $escapes != ($text =~ s{\\(?:(u[0-9a-fA-F]{4})|([rtbf/]))}{$docker_char{ $1 // $2 } //= docker_char($1) // return}ge || 0);
  }
  $text =~ tr/\xff/\\/;
  return $text;
}

# What entries say, as it is escaped there, where nobody wants to know when, and their times begin alike and are later than that; nothing where it
# is otherwise. What stands between two of them is left out at once.
sub docker_bare {
  my ($text, $since) = @_;
  my $count = $text =~ tr/\n//;
  my @times;
  for my $begin (0, 1 + rindex $text, "\n", length($text) - 2) {
    pos($text) = $begin;
    return if $text !~ /$docker_entry/gc;
    push @times, $2;
  }
  my $alike = substr $times[0], 0, ($times[0] ^ $times[1]) =~ /^(\0*)/ && length $1;
  return if $since ne '' && $alike le substr $since, 0, length $alike;
  $alike = quotemeta $alike;
  my $ends = qr/",$docker_to,"time":"$alike[0-9T:.-]{0,29}Z"\}\n/;
  return if $count != ($text =~ s/$ends(?:\{"log":"|\z)//g || 0);
  return substr $text, 8;
}

# A character by its number; of one in two halves, the daemon knows better.
sub docker_char { my $number = hex substr $_[0], 1; return if $number >= 0xd800 && $number < 0xe000; my $char = chr $number; utf8::encode($char); return $char }

sub docker_lines {
  my ($container, $query, $take, $until) = @_;
  my ($held, $wants) = ('', 1);
  my $state = docker_logs($container, $query, sub {
    $held .= $_[0];
    return 1 if length $held < 65_536;    # few long texts are searched sooner than many short ones
    my $end = length $held < 4_194_304 ? 1 + rindex $held, "\n" : length $held;
    return $wants = $end ? $take->(substr $held, 0, $end, '') : 1;
  }, $until);
  $take->($held) if $wants && $held ne '' && $state ne 'unreadable';
  return $state;
}
