# Shared: the logs of containers. It needs docker.pl, and what that needs.
#   docker_logs(CONTAINER, QUERY, TAKE, UNTIL)   hands each piece of a container's log to TAKE, as long as that wants more and it is not UNTIL:
#                                   `whole`, `cut` (by either), or `unreadable`
#   docker_lines(CONTAINER, QUERY, TAKE, UNTIL)  the same with whole lines: as many as came, each with its end; one that is longer than 4 MiB in pieces
# A log that the daemon keeps in files of this machine is read from there, which takes a part of what it takes the daemon to tell it, and says the same. Of
# what is not understood there, or is not surely this container's, the daemon is asked.
use strict;
use warnings;

my ($NONBLOCK, $ABSENT) = (04000, 2);    # as Linux has them: to load Fcntl takes as long as to read
my ($PIECE, $LONGEST, $LEEWAY) = (524_288, 4_194_304, 60);    # of what is read at once, and of a line; by so many seconds entries may be out of order
# Of a log whose driver is `json-file`, an entry is a line: what was written, escaped as Go escapes it; whereto, what else its owner wants there, and when.
my $docker_text = qr/"(?:[^"\\\n]|\\.)*+"/;
my $docker_to = qr/"stream":"std(?:out|err)"(?:,"attrs":\{$docker_text:$docker_text(?:,$docker_text:$docker_text)*\})?/;
my $docker_entry = qr/\G\{"log":"(.*)",$docker_to,"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)Z"\}\n/;
my %docker_char = (r => "\r", t => "\t", b => "\b", f => "\f", '/' => '/');

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
      $seen .= $piece;
      $seen = substr $seen, -length $before if length $seen > length $before;
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

# A container's log as its files have it: the state, as docker_logs says it; or nothing where the daemon has to be asked, with how much was handed on
# before, and the end of that.
sub docker_filed {
  my ($container, $query, $take, $until) = @_;
  my %asked = map { /^(since|tail|timestamps)=([1-9][0-9]{0,11})\z/ ? ($1 => $2) : ('' => 1) } split /&/, $query;
  my @nothing = (undef, 0, '');
  return @nothing if $asked{''};
  my ($since, $early) = map { defined $asked{since} ? docker_moment($_) : '' } map { ($_, $_ - $LEEWAY) } $asked{since} // 0;
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
      my $got = docker_read($file, $at, $size - $at < $PIECE ? $size - $at : $PIECE, $held) or return (undef, $handed, $last);
      $at += $got;
      my $text = docker_said(substr($held, 0, 1 + rindex($held, "\n"), ''), $since, $asked{timestamps});
      return (undef, $handed, $last) if !defined $text || length $held > $LONGEST;
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
  sysopen my $file, $path, $NONBLOCK or return;
  my @is = stat $file or return;
  return "@is[0, 1]" eq "@named[0, 1]" ? ($file, $is[7], "@is[0, 1]") : ();
}

# A log's files, the oldest first, each with its size, without an entry that is being written; none where they are not to be read, or not understood.
sub docker_files {
  my ($container, $since) = @_;
  my ($id, $path) = map { $_ // '' } @$container{qw(Id LogPath)};
  my $log = ref $container->{HostConfig} eq 'HASH' ? $container->{HostConfig}{LogConfig} : undef;
  # By its id the file is this container's, also where the socket leads to another machine.
  return if !docker_is_near() || ref $log ne 'HASH' || ($log->{Type} // '') ne 'json-file' || $id !~ /^[0-9a-f]{64}\z/ || $path !~ m{^/(?:[^\0\n]*/)?$id/$id-json\.log\z};
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
      elsif (lstat $name or $! != $ABSENT or $name eq $path) { $is_odd = 1 }
      # One that is compressed counts as little for Docker as for us where it ends before.
      elsif (lstat "$name.gz" and !docker_ended("$name.gz", $since)) { return }
    }
    my (undef, undef, $now) = docker_open($path);
    next if $is_odd || !$seen{ $now // '' };
    my ($file, $size) = @{ $files[-1] };
    my ($from, $end) = ($size, '');
    while ($from && index($end, "\n") < 0) {
      return if $size - $from > $LONGEST;
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
  while ($from lt $since && $high - $low > $PIECE) {
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
      $text .= length $2 == 29 ? "$2Z " : substr((length $2 > 19 ? $2 : "$2.") . '000000000', 0, 29) . 'Z ' if $is_timed;
      $text .= $1;
    }
    return if (pos $lines // 0) != length $lines;
  }
  return if $text =~ tr/\x80-\xff// && !utf8::decode(my $copy = $text);
  # What is said often is replaced by what it means, all at once; a byte stands for what was a backslash, until the others are gone.
  my $is_doubled = index($text, '\\\\') >= 0;
  $text =~ s/\\\\/\xff/g if $is_doubled;
  if (index($text, '"') >= 0) {
    my $quotes = $text =~ tr/"//;
    return if $quotes != ($text =~ s/\\"/"/g || 0);
  }
  $text =~ s/\\n/\n/g;
  if (index($text, '\\') >= 0) {
    my $escapes = $text =~ tr/\\//;
    return if $escapes != ($text =~ s{\\(?:(u[0-9a-fA-F]{4})|([rtbf/]))}{$docker_char{ $1 // $2 } //= docker_char($1) // return}ge || 0);
  }
  $text =~ tr/\xff/\\/ if $is_doubled;
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
