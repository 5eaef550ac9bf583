# The way in: runs the far side as root where that is allowed (sudo, else doas), else as who has logged in, and carries its
# answers. Whoever says nothing in time is left behind, with nothing to run.
#
# In: after __END__ "KEY LENGTH\n", each followed by that many bytes: container (words that enter one), seconds (for sudo and
# doas each), nonce (in the first line of the far side's answer), script (the far side, and how its request begins). What comes
# behind, now or later, is the rest of the request, which the far side has as soon as it is there.
# The input stays open: its end says that the connection is gone, and then everything here ends.
use strict;
use warnings;
use POSIX ();

my $CHUNK = 65_536;
my $PREFACE = 1_048_576;    # bytes that may be said before the far side begins
my %given;
my $rest = '';    # of the request, as far as it has come
my $child;

# Bytes pass as they are, whatever the environment would make perl do with them, here and there.
binmode $_ for *STDIN, *STDOUT, *STDERR, *main::DATA;
# Only sudo and doas themselves say that it is they who let in.
delete @ENV{ qw(SUDO_USER DOAS_USER), grep { /^PERL/ } keys %ENV };
$ENV{PATH} = join ':', grep { defined && $_ ne '' } $ENV{PATH}, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$SIG{$_} = sub { quit(96) } for qw(HUP INT TERM);
$SIG{PIPE} = 'IGNORE';

# Seconds, from the kernel: what the clock on the wall says may jump.
sub now { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

sub quit {
  my ($status) = @_;
  kill 'TERM', $child if $child;    # in vain where it is root's: it hears that its input has ended
  POSIX::_exit($status);
}

sub complain { my ($status, $text) = @_; syswrite STDERR, "zebu: $text\n"; quit($status) }

sub is_there {
  my ($program) = @_;
  return scalar grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

# Run the far side with words in front; how it ended, and its complaint: nothing where it was silent too long. What it says
# is passed on once it has begun; that it may start, and the rest of its request, are only sent then, so that what comes too late runs nothing.
sub attempt {
  my ($seconds, $why, @words) = @_;
  my @pipes = map { pipe my $from, my $to or complain(98, "pipe: $!"); [$from, $to] } 1 .. 3;
  my ($in, $out, $err) = @pipes;
  $child = fork;
  complain(98, "fork: $!") if !defined $child;
  if (!$child) {
    open STDIN, '<&', $in->[0];
    open STDOUT, '>&', $out->[1];
    open STDERR, '>&', $err->[1];
    $SIG{PIPE} = 'DEFAULT';
    exec { $words[0] } @words or POSIX::_exit(127);
  }
  close $_ for $in->[0], $out->[1], $err->[1];
  ($in, $out, $err) = ($in->[1], $out->[0], $err->[0]);
  binmode $_ for $in, $out, $err;
  fcntl $in, 4, POSIX::O_NONBLOCK() | POSIX::O_WRONLY();    # F_SETFL: neither side waits for the other
  my $unsent = $given{script} . ($why eq '' ? '' : 'refused ' . length($why) . "\n$why");
  my ($said, $complaint, $has_begun, $is_gone, $began) = ('', '', 0, 0, now());
  while (1) {
    my ($read, $write) = ('', '');
    vec($read, fileno $_, 1) = 1 for grep { defined } $out, $err;
    vec($read, 0, 1) = 1 if !$is_gone;
    vec($write, fileno $in, 1) = 1 if defined $in && $unsent ne '';
    select $read, $write, undef, 0.25;
    my $more = '';
    if (!$is_gone && vec $read, 0, 1) {
      if (!sysread STDIN, $more, $CHUNK) { $is_gone = 1; close $in if defined $in; undef $in; $began = now() }
      elsif ($has_begun) { $unsent .= $more }
      else { $rest .= $more }
    }
    if (defined $err && vec $read, fileno $err, 1) {
      if (sysread $err, $more, $CHUNK) { $complaint .= substr $more, 0, 4096 - length $complaint if length $complaint < 4096 }
      else { close $err; undef $err }
    }
    if (vec $read, fileno $out, 1) {
      last if !sysread $out, $more, $CHUNK;
      if ($has_begun) { pass_on($more) }
      else {
        $said .= $more;
        if (index($said, "ZEBU1 $given{nonce}\n") >= 0) {
          $has_begun = 1;
          $unsent .= "START 0\n$rest";
          pass_on($said);
        }
        if (length $said > $PREFACE) { kill 'TERM', $child; return (undef, '') }
      }
    }
    if (defined $in && $unsent ne '' && vec $write, fileno $in, 1) {
      my $sent = syswrite $in, $unsent, $CHUNK;
      if (defined $sent) { substr($unsent, 0, $sent) = '' }
      elsif (!$!{EAGAIN} && !$!{EINTR}) { close $in; undef $in }
    }
    if (!$has_begun && $seconds && now() - $began > $seconds) { kill 'TERM', $child; return (undef, '') }
    quit(96) if $is_gone && now() - $began > 3;
  }
  my $status = ended_as($child);
  undef $child;
  pass_on($said) if !$has_begun && !$seconds;
  syswrite STDERR, $complaint if !$seconds || $has_begun;
  quit($status // 93) if $has_begun || !$seconds;
  my ($last) = reverse grep { /\S/ } split /\n/, $complaint;
  return ($status, $last // '');
}

# How a child ended that has said its last, or nothing if it lives on.
sub ended_as {
  my ($pid) = @_;
  for (1 .. 20) {
    return $? & 127 ? 128 + ($? & 127) : $? >> 8 if waitpid($pid, POSIX::WNOHANG()) == $pid;
    select undef, undef, undef, 0.1;
  }
  return;
}

sub pass_on {
  my ($text) = @_;
  while ($text ne '') {
    my $sent = syswrite STDOUT, $text;
    if (defined $sent) { substr($text, 0, $sent) = '' }
    elsif (!$!{EINTR}) { quit(96) }
  }
}

sub read_given {
  while (defined(my $line = <main::DATA>)) {
    my ($key, $length) = $line =~ /^([a-z]+) ([0-9]{1,9})$/ or complain(95, 'what was sent is garbled');
    $given{$key} = '';
    $length == 0 || (read main::DATA, $given{$key}, $length) == $length or complain(95, 'what was sent is cut short');
    return if $key eq 'script';
  }
  complain(95, 'what was sent is cut short');
}

# What perl has read already behind that, as far as it has come, is taken out of its buffer: from there on the input is read past it.
sub read_ahead {
  my $flags = fcntl(STDIN, 3, 0) // complain(98, "fcntl: $!");    # F_GETFL
  fcntl STDIN, 4, $flags | POSIX::O_NONBLOCK();    # F_SETFL
  1 while read main::DATA, $rest, $CHUNK, length $rest;
  fcntl STDIN, 4, 0 + $flags;
}

read_given();
read_ahead();
my @far = ((split ' ', $given{container}), 'perl', '-', $ENV{SSH_CONNECTION} // '');
attempt(0, '', @far) if $> == 0;
my @why;
for my $program (qw(sudo doas)) {
  if (!is_there($program)) { push @why, "there is no $program" if $program eq 'sudo'; next }
  my ($status, $complaint) = attempt($given{seconds}, '', $program, '-n', @far);
  push @why, !defined $status ? "$program did not answer within $given{seconds} s"
    : "$program -n was refused" . ($complaint ne '' ? " ($complaint)" : '');
  undef $child;
}
my $why = join ', and ', @why;
complain(94, "entering the container needs root: $why") if $given{container} ne '';
attempt(0, $why, @far);
