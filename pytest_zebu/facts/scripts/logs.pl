# `@task NAME`; of each service `@service NAME STATUS LAST`, and for each span `@errors NAME SPAN COUNT` and `@statements NAME COUNT`:
# lines since its start in which SQLAlchemy shows what it asks the database.
# Counts travel, no line does.
use strict;
use warnings;

my ($LIMIT, $MOST) = (33_554_432, 24);
my @HOURS = (168, 1);
my $may_be_error = qr/ERROR|FATAL|CRITICAL|PANIC|Traceback|"level":/;    # texts without classes are looked for all at once
my $is_error = qr/"level": *"(?:error|critical|fatal)"|(?<![A-Za-z])(?:ERROR|FATAL|CRITICAL|PANIC|Traceback)(?![A-Za-z])/;

tell_tasks() if chdir($ENV{ZEBU_APP_DIR} // '');
my $containers = docker_list(all => 1) // docker_end(5);
my $told = 0;
my @first = splice @$containers, 0, $MOST;
for my $listed (@first) {
  my $one = docker_told("/containers/$listed->{Id}/json");
  next if !defined $one && docker_trouble() =~ /with 404$/;
  docker_end(5) if ref $one ne 'HASH';
  tell_log($one);
  $told++;
}
docker_end(5) if @first && !$told;

sub tell_tasks {
  for my $file (grep { -f } qw(Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml)) {
    open my $in, '<', $file or next;
    my $left = 200;
    while ($left && defined(my $line = <$in>)) { print "\@task $1\n" and $left-- if $line =~ /^  ([A-Za-z0-9:_-]*): *$/ }
  }
}

sub tell_log {
  my ($one) = @_;
  my $service = docker_service($one);
  my ($state, $last, @counts) = counted($one, @HOURS);
  # A log that is not read to its end, or that nothing was written to for so long, has its last line elsewhere.
  my $is_readable = 1;
  if ($state ne 'whole' || $last eq '') {
    (my $newest, $last) = last_of($one);
    $is_readable = $newest eq 'whole';
    # Who is readable, and was not to its end a moment ago, has told no count.
    unrun('docker logs') if $is_readable && $state eq 'unreadable';
  }
  if ($state eq 'cut' && $is_readable) {
    (my $newest, undef, $counts[1]) = counted($one, $HOURS[1]);
    unrun('docker logs') if $newest eq 'unreadable';
  }
  printf "\@service %s %d %s\n", $service, !$is_readable, $last;
  for my $n (reverse 0 .. $#HOURS) { printf "\@errors %s %dh %d\n\@statements %s %d\n", $service, $HOURS[$n], $counts[$n][0], $service, $counts[$n][1] }
}

sub last_of {    # when the last line was written, if it can be read at all
  my ($one) = @_;
  my $text = '';
  my $state = docker_logs($one, 'timestamps=1&tail=1', sub { $text = substr $text . $_[0], 0, 65_536; return 1 }, time + 60);
  return ($state, moment_of(substr $text, 1 + rindex $text, "\n", length($text) - 2));
}

sub moment_of { my ($line) = @_; my ($word) = $line =~ /^([^ \n]*)/; return substr $word, 0, 40 }

# Of a log of some hours, read once: whether it was read, when its last line was written, and for each of the spans (the longest first) how many errors
# and statements. Each line begins with its time; as text, times are in their order.
sub counted {
  my ($one, @hours) = @_;
  my $now = time;
  my @from = ('', map { docker_moment($now - 3600 * $_) } @hours[1 .. $#hours]);
  my $started = $one->{State}{StartedAt} // '';
  my ($read, $last, @counts) = (0, '', map { [0, 0] } @hours);
  my $state = docker_lines($one, 'timestamps=1&since=' . ($now - 3600 * $hours[0]), sub {
    my ($text) = @_;
    my $is_all = $read + length $text <= $LIMIT;
    $text = substr $text, 0, $LIMIT - $read if !$is_all;
    $read += length $text;
    my $count = sub {    # the line that something was found in
      my ($kind, $at) = @_;
      my $begin = 1 + rindex $text, "\n", $at;
      my $end = index $text, "\n", $at;
      $end = length $text if $end < 0;
      my $line = substr $text, $begin, $end - $begin;
      my ($moment) = $line =~ /^(\S*)/;
      return $end if $kind && ($moment lt $started || $line !~ /INFO|DEBUG|info|debug/);
      $moment ge $from[$_] and $counts[$_][$kind]++ for 0 .. $#hours;
      return $end;
    };
    while ($text =~ /$may_be_error/g) {
      my $at = pos($text) = $-[0];
      pos($text) = $text =~ /\G$is_error/gc ? $count->(0, $at) : $at + 1;
    }
    while ($text =~ /sqlalchemy[.]engine/g) { pos($text) = $count->(1, $-[0]) }
    $last = moment_of(substr $text, 1 + rindex $text, "\n", length($text) - 2);
    return $is_all;
  }, $now + 60);
  return ($state, $last, @counts);
}
