# The far side of gathering: runs the probes of one request side by side, each with its own limits, and answers framed.
#
# It needs perl-base and a POSIX sh. In front of it stand json.pl, which reads JSON, and filter.pl with the list of secrets' names and shapes. It changes
# nothing. Before a byte leaves, the value of every secret in the application's .env files, in the containers' environments and in their files of secrets
# is replaced in all output, and so is whatever looks like one.
#
# Request, after __END__: lines "KEY VALUE-LENGTH" each followed by that many bytes, until "GO 0". At "START 0" it is looked for what is
# deployed here, which needs no question: whoever calls early has that done when the questions come.
# Answer: "ZEBU1 NONCE\n" at once, then for each probe, as soon as it has ended and all secrets are known,
# "NONCE NAME KIND STATUS MILLISECONDS OUT-LENGTH ERR-LENGTH\n" and the bytes, at last "END NONCE\n". KIND is one of: done,
# timeout, processor (it took too much of that), late (no time was left for it), truncated, needs-root, missing (a discovered
# value that it needs), failed (it could not be started). `zebu.beat` comes when nothing else does, and tells that we are there;
# `zebu.effort`, the last, what all of it took of the processor.
#
# The machine has its own work to do: all here has a low priority, and the clock of all limits runs the slower, the more of its own it has.
use strict;
use warnings;
use IO::Select;
use POSIX ();

my $TO_FILL_IN = qr/change[-_ ]?me|your[-_ ]|yourdomain|_HERE$|^<.*>$/i;
my %PLAIN = map { $_ => 1 } qw(APP_ENV APP_DEBUG APP_LOG_LEVEL CORS_ORIGINS POSTGRES_DB POSTGRES_USER APP_DB_USER
  VITE_API_BASE_URL VITE_CLERK_PUBLISHABLE_KEY MARKET_DATA_PROVIDER ALPHA_VANTAGE_RATE_LIMIT_PER_MIN ALPHA_VANTAGE_RATE_LIMIT_PER_DAY
  ALPHA_VANTAGE_DAILY_CAP DB_ECHO DB_POOL_SIZE DB_MAX_OVERFLOW DB_POOL_RECYCLE);
my $FILE_LIMIT = 65_536;
# What a shell says of a program that did not come to its end; of one that has its own tongue, the line says where it stood.
my $SIGNALS = 'Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction|Trace/breakpoint trap|Floating point exception|Bad system call|Hangup|Quit'
  . '|CPU time limit exceeded|File size limit exceeded|User defined signal [12]|Alarm clock|(?:Virtual|Profiling) timer expired|Stack fault|I/O possible|Power failure|Real-time signal \d+|Unknown signal \d+';
my $NOT_ENDED = qr{^(?:(?:$SIGNALS)(?: \(core dumped\))?|(?:/bin/)?(?:ba|da|a|k)?sh: line \d+: +\d+ (?:$SIGNALS)\b.*|(?:/bin/)?sh: (?:\d+: )?(?:Cannot fork|Pipe call failed|Out of space|Input/output error).*)$}m;
# What is said of one that could not be started, though its own complaints go nowhere: by the shell, and by our scripts (quiet.sh, quiet.pl).
my $CANNOT = 'Permission denied|Operation not permitted|Cannot allocate memory|Argument list too long|Exec format error|Input/output error|Text file busy|Too many open files(?: in system)?|Resource temporarily unavailable';
my $NOT_STARTED = qr{^(?:not run: (.*)|(?:/bin/)?(?:ba|da|a|k)?sh: (?:(?:line )?\d+: )?(?:((?:/\S*/s?bin/)?[^\s:/]+): (?:$CANNOT)|(?:cannot (?:create|open) )?/dev/null: .*|fork: .*|Cannot fork|Pipe call failed))$}m;
my %INTERPRETER = (sh => ['/bin/sh', '-c'], perl => ['perl', '-e']);

my $root = $> == 0;
my ($nonce, %setting, @probes) = ('');
my $within = '';    # what runs programs of probes within a container
my ($seconds, $longest, $attached, $refused) = (60, 0, 0, '');    # for all of it, and at most on a busy machine; whether the input's end ends it; why there is no root
my (%value, %secret, %called, %public, @environment, @env_files, %dotenv, %dotenv_else, %config_files, @given_files, @doubtful);
my $env_trouble = '';
my %why;    # why a discovered value is not there, where there is more to say than that

binmode STDOUT;
$ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';
$ENV{SSH_CONNECTION} = $ARGV[0] if @ARGV;    # sudo does not keep it
delete @ENV{grep { /^(?:DOCKER|COMPOSE|GIT|PG)/ } keys %ENV};

# Milliseconds, from the kernel's own count of ticks: no file that may be missing or lie, and no clock that is set.
my $TICKS = POSIX::sysconf(POSIX::_SC_CLK_TCK()) || 100;
sub now { return int(1000 * (POSIX::times())[0] / $TICKS) }

# Who was let in as root, but as another user, or where root may start nothing, is of no use: the way in goes on without.
sub refuse_half_rights {
  my ($why) = @_;
  if (!$root) { $why = (getpwuid $>)[0] // $>; $why = "it makes one $why, and not root: runas_default in sudoers?" }
  else {
    my $pid = fork // return;
    if (!$pid) { exec '/bin/sh', '-c', ':' or POSIX::_exit($!{EACCES} || $!{EPERM} ? 77 : 0) }
    waitpid $pid, 0;
    return if $? >> 8 != 77;
    $why = 'it lets perl start no other program: NOEXEC in sudoers?';
  }
  print STDERR "$why\n";
  POSIX::_exit(1);
}

# In a child that calls one of these, it is the child that ends.
my (%child, $select, $hider);
sub end_all { kill 'KILL', defined $hider ? $hider : (), map { -$_->[0]{pid} } values %child; POSIX::_exit(96) }
$SIG{$_} = \&end_all for qw(HUP INT TERM PIPE ALRM);

sub read_request {
  my ($probe);
  while (defined(my $line = <main::DATA>)) {
    my ($key, $length) = $line =~ /^([A-Za-z_]+) (\d+)$/ or die "garbled request\n";
    my $bytes = '';
    $length == 0 or read(main::DATA, $bytes, $length) == $length or die "short request\n";
    if ($key eq 'GO') { return }
    elsif ($key eq 'START') { look_around() }
    elsif ($key eq 'nonce') {
      $nonce = $bytes;
      refuse_half_rights() if grep { defined $ENV{$_} } qw(SUDO_USER DOAS_USER);
      put_out("ZEBU1 $nonce\n");    # who waits for us hears that we are there
    }
    elsif ($key eq 'seconds') { $seconds = $bytes }
    elsif ($key eq 'longest') { $longest = $bytes }
    elsif ($key eq 'attached') { $attached = 1 }
    elsif ($key eq 'refused') { $refused = $bytes }
    elsif ($key eq 'within') { $within = $bytes }
    elsif ($key eq 'probe') { push @probes, $probe = { name => $bytes } }
    elsif ($key =~ /^set_(\w+)$/) { $setting{$1} = $bytes }
    elsif ($key =~ /^env_(\w+)$/) { $probe->{given}{"ZEBU_$1"} = $bytes }
    else { $probe->{$key} = $bytes }
  }
  die "request without end\n";
}

my $told = 0;    # when anything was told last

sub put_out {
  my ($text) = @_;
  $told = now();
  while ($text ne '') {
    my $sent = syswrite STDOUT, $text;
    if (defined $sent) { substr($text, 0, $sent) = '' }
    elsif (!$!{EINTR}) { end_all() }
  }
}

# Children

my (@waiting, @again, $running);
my @within;    # probes that have a program to be run within a container
my $unheard = 0;    # of the time since we looked last, so much nobody could hear what is said
my $daemons;    # what Docker had taken of the processor when we began
my ($at_once, $processors) = (8, 1);    # or four times the processors, if there are more
my ($moved, $PATIENCE) = (now(), 250);    # when the last of ours began or ended, in milliseconds
my ($TICK, $SHORT_TICK) = (0.05, 0.02);    # seconds until we look again, and while something waits to be started
my $clock = 0;    # of limits, in milliseconds: it stands as long as nobody looks

sub count_processors {
  open my $file, '<', '/proc/cpuinfo' or return 1;
  return scalar grep { /^processor\s*:/ } <$file>;
}

# What is known to take longest goes first, so that nothing long is left for the end. What spans all others waits for none.
sub queue {
  my ($job) = @_;
  if ($job->{spans}) { give_up($job, 'failed', "it could not be started ($!)") if !start($job); return }
  @waiting = sort { ($b->{takes} // 9) <=> ($a->{takes} // 9) || $a->{name} cmp $b->{name} } @waiting, $job;
  start_waiting();
}

# Where no process or pipe is to be had, the next one waits for one of ours to end; where none of ours runs, a while.
sub start_waiting {
  my $tries = 0;
  @waiting = splice @again if @again && !@waiting && !$running;
  while (@waiting && has_room()) {
    my $job = shift @waiting;
    next if start($job);
    my $trouble = $!;
    if ($running) { unshift @waiting, $job; $at_once = $running; return }
    if (++$tries <= 10) { unshift @waiting, $job; select undef, undef, undef, 0.1; next }
    give_up($job, 'failed', "it could not be started ($trouble)");
    $tries = 0 if !@waiting;
  }
}

# One processor is left to others: whoever works here finds no queue before him. More run while a processor has nothing to do, since nobody wants it, or
# those that run wait for something; and one more whenever none has begun or ended for a moment: it may hang, or be one of few of a low priority that come to
# nothing where others queue.
sub has_room {
  return 0 if $running >= $at_once;
  return 1 if $running < ($processors > 2 ? $processors - 1 : 1) || now() - $moved > $PATIENCE;
  return runnable() < $processors;
}

# How many want a processor on this machine, we aside; where it does not say so, one for each.
sub runnable {
  open my $file, '<', '/proc/loadavg' or return $processors;
  my ($count) = (<$file> // '') =~ m{ (\d+)/\d} or return $processors;
  return $count - 1;
}

sub give_up {
  my ($job, $kind, $why) = @_;
  @$job{qw(kind status took out err)} = ($kind, 255, 0, '', $why);
  settled($job);
}

# Whether it was started; if not, $! says why.
sub start {
  my ($job) = @_;
  pipe my $out, my $out_w or return 0;
  pipe my $err, my $err_w or return 0;
  my ($tied, $tie);
  if ($job->{spans}) { pipe $tied, $tie or return 0 }
  my $pid = fork // return 0;
  if (!$pid) {
    $SIG{$_} = 'DEFAULT' for qw(HUP INT TERM PIPE ALRM);
    setpgrp 0, 0;
    # A pipe holds 64 KiB: what is written before anybody reads must fit.
    if (defined $job->{input}) {
      pipe my $in, my $in_w or POSIX::_exit(125);
      syswrite $in_w, substr $job->{input}, 0, 65_536;
      close $in_w;
      open STDIN, '<&', $in;
    } elsif ($tied) {
      open STDIN, '<&', $tied;
    } else {
      open STDIN, '<', '/dev/null' or POSIX::_exit(125);
    }
    open STDOUT, '>&', $out_w;
    open STDERR, '>&', $err_w;
    POSIX::close($_) for 3 .. 255;
    if (defined $job->{as}) {
      my ($uid, $gid) = @{ $job->{as} };
      $) = "$gid $gid"; $( = $gid; $< = $> = $uid;
      POSIX::_exit(126) if $> != $uid || $< != $uid;
      $ENV{HOME} = '/nonexistent';
    }
    $ENV{ZEBU_SLOWER} = sprintf '%.1f', slowness();    # for limits of its own
    $ENV{$_} = $job->{env}{$_} for keys %{ $job->{env} || {} };
    if ($job->{call}) {
      eval { $job->{call}->(); 1 } or POSIX::_exit(1);
      POSIX::_exit(close(STDOUT) ? 0 : 1);
    }
    # Both interpreters are there: what keeps them from starting is said of the machine, and not by the probe.
    exec @{ $job->{argv} } or kill 'KILL', $$;
  }
  close $_ for $out_w, $err_w;
  if ($job->{spans}) { close $tied; $job->{tie} = $tie } else { $running++; $moved = now() }
  $job->{$_} = '' for qw(out err heard);
  delete @$job{qw(kind is_hurt unrun)};
  @$job{qw(pid began since open processor)} = ($pid, now(), $clock, 2, 0);
  $child{ fileno $out } = [$job, 'out', $out];
  $child{ fileno $err } = [$job, 'err', $err];
  $select->add($out, $err);
  return 1;
}

sub finish {
  my ($job, $kind) = @_;
  return if $job->{kind};
  delete $job->{tie};
  kill 'KILL', -$job->{pid};
  for my $fd (keys %child) {
    next if $child{$fd}[0] != $job;
    $select->remove($child{$fd}[2]);
    close $child{$fd}[2];
    delete $child{$fd};
  }
  waitpid $job->{pid}, 0;
  my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
  # One that ends with a status of its own has said so.
  if ($kind eq 'done' && ($job->{is_hurt} && !$job->{kills} || defined $job->{unrun} && !$status)) {
    my $which = ($job->{unrun} // '') eq '' ? '' : " ($job->{unrun})";
    ($kind, @$job{qw(out err)}) = ('failed', '', "a program that it started$which was killed, or could not be started: whether the machine lacks memory or processes, its log tells (journalctl -k)");
  }
  @$job{qw(kind status took)} = ($kind, $kind eq 'done' ? $status : 255, now() - $job->{began});
  $job->{took} = $job->{processor} if $kind eq 'processor';
  if (!$job->{spans}) { $running--; $moved = now() }
  # Once more, when all else is done, for what was late; that it is late again is said as it was the first time.
  if (my $first = $job->{first}) { @$job{qw(kind status took out err)} = @$first if $kind =~ /^(?:timeout|late)$/ }
  elsif ($kind eq 'timeout' && ($job->{script} // $job->{of}) && !$job->{spans}) {
    $job->{first} = [@$job{qw(kind status took out err)}];
    delete $job->{kind};
    push @again, $job;
    return start_waiting();
  }
  settled($job);
  start_waiting();
}

# A shell goes on where a program that it started was killed, or could not be, and what that would have said reads as nothing: such an answer is none.
# Lines may come in pieces, and long ones say nothing of the kind.
sub look_for_the_ended {
  my ($job, $bytes) = @_;
  my $text = ($job->{heard} // '') . $bytes;
  $job->{is_hurt} = 1 if $text =~ $NOT_ENDED;
  $job->{unrun} //= $1 // $2 // '' if $text =~ $NOT_STARTED;
  $text =~ s/\A.*\n//s;
  $job->{heard} = substr $text, 0, 300;
}

# A job has its answer: what follows from it, or the answer itself if all its parts are there.
sub settled {
  my ($job) = @_;
  $job->{then}->($job) if $job->{then};
  my $probe = $job->{of} || $job;
  deliver($probe) if exists $probe->{script};
}

my $end = 0;    # of all of it, in milliseconds
my ($BEAT, $LOOK) = (5000, 250);

# How many others wait for a processor, or for a disk. Those of ours that do are not told from them: one of each of our jobs may.
my ($looked, $busy) = (0, 0);
sub look_at_load {
  my ($now) = @_;
  return if $now - $looked < $LOOK;
  $looked = $now;
  open my $file, '<', '/proc/stat' or return;
  my %count = map { /^procs_(\w+) (\d+)$/ ? ($1 => $2) : () } <$file>;
  my $others = ($count{running} // 0) + ($count{blocked} // 0) - $running - 1;
  $busy = 0.75 * $busy + 0.25 * ($others > 0 ? $others : 0);
  look_at_processor($now) if $busy > 1;
}

# So many times as long as on a quiet machine things may take here: who has a low priority waits for several others.
my ($PRIORITY, $WEIGHT, $SLOWEST) = (10, 3, 20);
sub slowness { my $found = 1 + $WEIGHT * $busy / $processors; return $found > $SLOWEST ? $SLOWEST : $found }

# What our jobs took of the processor by now, each with what it started: what may take long must not take much for that.
my ($took_at, $TOOK) = (0, 1000);
sub look_at_processor {
  my ($now) = @_;
  return if $now - $took_at < $TOOK;
  $took_at = $now;
  my %took;
  opendir my $handle, '/proc' or return;
  for my $process (grep { /^\d+$/ } readdir $handle) {
    open my $file, '<', "/proc/$process/stat" or next;
    my ($group, @ticks) = (split ' ', (do { local $/; <$file> } // '') =~ s/.*\) //sr)[2, 11 .. 14];
    next if !defined $ticks[3];
    $took{$group} += $_ for @ticks;
  }
  closedir $handle;
  $_->{processor} = 1000 / $TICKS * ($took{ $_->{pid} } // 0) for map { $_->[0] } values %child;
}

sub pump {
  my $last = now();
  $longest = $seconds if $longest < $seconds;
  $end = $last + 1000 * $longest;
  # The kernel's own timer, should anything here wait for what never comes.
  alarm $longest + 10;
  $select->add(\*STDIN) if $attached;
  while (%child || @waiting || @again) {
    start_waiting();
    # What spans all others ends when they have.
    delete $_->{tie} for $running || @waiting ? () : map { $_->[0] } values %child;
    for my $handle ($select->can_read(@waiting ? $SHORT_TICK : $TICK)) {
      if ($handle == \*STDIN) { end_all() if !sysread STDIN, my $bytes, 65_536; next }
      my $entry = $child{ fileno($handle) // -1 } or next;
      my ($job, $stream) = @$entry;
      my $got = sysread $handle, my $bytes, 65_536;
      if ($got) {
        my $limit = $stream eq 'out' ? $job->{limit} : 4096;
        look_for_the_ended($job, $bytes) if $stream eq 'err';
        $job->{$stream} .= substr $bytes, 0, $limit - length $job->{$stream} if length $job->{$stream} < $limit;
        finish($job, 'truncated') if $stream eq 'out' && $got && length $job->{out} >= $limit;
      } else {
        delete $child{ fileno $handle };
        $select->remove($handle);
        close $handle;
        finish($job, 'done') if --$job->{open} == 0;
      }
    }
    my $now = now();
    $clock += ($now - $last - $unheard) / slowness();
    ($last, $unheard) = ($now, 0);
    look_at_load($now);
    put_out("$nonce zebu.beat done 0 0 0 0\n") if $now - $told > $BEAT;
    my %seen;
    for my $job (grep { !$seen{$_}++ } map { $_->[0] } values %child) {
      my $limit = 1000 * $job->{timeout};
      # What spans all others takes as long as they do, and its own time after that.
      $job->{since} = $clock if $job->{tie};
      finish($job, 'timeout') if $clock - $job->{since} > $limit;
      finish($job, 'processor') if $job->{processor} > $limit;
    }
    if ($clock > 1000 * $seconds || $now > $end) {
      # What was late once stays so.
      for my $job (splice(@waiting), splice @again) { $job->{first} ? (@$job{qw(kind status took out err)} = @{ $job->{first} }, settled($job)) : give_up($job, 'late', '') }
      finish($_, 'late') for map { $_->[0] } values %child;
    }
  }
}

# Discovery: the project's containers, their environments, the application's folder, its .env files

# Why Docker named no containers, in a word that the other side makes a sentence of; empty where it named them all.
sub docker_trouble {
  my ($job) = @_;
  return '' if $job->{kind} eq 'done' && $job->{status} == 0;
  return 'docker absent' if !grep { -x "$_/docker" } split /:/, $ENV{PATH};
  return 'docker late' if $job->{kind} eq 'timeout';
  return 'docker refused' if $job->{err} =~ /permission denied/i;
  return 'docker down' if $job->{err} =~ /cannot connect to the docker daemon|failed to connect to the docker api|daemon running/i;
  return 'docker failed';
}


# A container without a health check has no such key: index gives null where a field would be an error. The sixth line is what
# is read of a container here; what of it leaves, %MAY_LEAVE says.
my $INSPECT = join '', map { "$_\n" }
  '{{.Id}}', '{{json .Config.Labels}}', '{{json .Config.Env}}', '[{{json .Path}},{{json .Args}},{{json .Config.Hostname}}]',
  '{{.State.Running}} {{.State.Pid}}',
  '{"Id":{{json .Id}},"Name":{{json .Name}},"Created":{{json .Created}},"RestartCount":{{json .RestartCount}},'
  . '"State":{{json .State}},"Labels":{{json .Config.Labels}},"ConfigImage":{{json .Config.Image}},"Healthcheck":{{json (index .Config "Healthcheck")}},'
  . '"RestartPolicy":{{json .HostConfig.RestartPolicy}},"Memory":{{json .HostConfig.Memory}},"NanoCpus":{{json .HostConfig.NanoCpus}},"CpuQuota":{{json .HostConfig.CpuQuota}},"CpuPeriod":{{json .HostConfig.CpuPeriod}},'
  . '"LogConfig":{{json .HostConfig.LogConfig}},'
  . '"Ports":{{json .NetworkSettings.Ports}},"PortBindings":{{json .HostConfig.PortBindings}},"Networks":{{json .NetworkSettings.Networks}},"Mounts":{{json .Mounts}}}';

# What leaves of a container, field by field: what verdicts are made of, each value as the text (a pattern), the number or the truth that it is.
# Its environment, mounts, networks and other labels stay, and so do its health check's log and its log driver's addresses and tokens.
my %MAY_LEAVE = (
  Id => qr/^[0-9a-f]{1,64}$/, Created => qr/^[0-9TZ:.+-]{0,60}$/, (map { $_ => qr/^.{0,300}$/s } qw(Name ConfigImage)), (map { $_ => 'number' } qw(RestartCount Memory NanoCpus CpuQuota CpuPeriod)),
  State => { Status => qr/^[a-z]{0,20}$/, (map { $_ => qr/^[0-9TZ:.+-]{0,60}$/ } qw(StartedAt FinishedAt)), OOMKilled => 'truth', ExitCode => 'number', Health => { Status => qr/^[a-z]{0,20}$/ } },
  Labels => { map { ("com.docker.compose.$_" => qr/^.{0,4096}$/s) } qw(project service oneoff container-number depends_on project.config_files) },
  RestartPolicy => { Name => qr/^[\w-]{0,30}$/ },
  Healthcheck => { Test => [qr/^.{0,4096}$/s] },
  LogConfig => { Type => qr/^[\w.:\/@-]{0,200}$/, Config => { map { $_ => qr/^[\w. ]{0,30}$/ } qw(max-size max-file) } },
  (map { $_ => { '*' => [{ HostIp => qr/^[0-9a-fA-F:.%]{0,60}$/, HostPort => qr/^[0-9-]{0,20}$/ }] } } qw(Ports PortBindings)),
);
my %BARE = (number => qr/^-?[0-9]{1,19}$/, truth => qr/^(?:true|false)$/);

# What may leave of a value, as JSON. What is of another kind becomes a question mark, which the other side does not understand.
sub leaving {
  my ($found, $may) = @_;
  return 'null' if !defined $found;
  if (ref $may eq 'HASH') {
    return '"?"' if ref $found ne 'HASH';
    return '{' . join(',', map { string_of(m{^\d{1,5}(?:/\w{1,10})?$} ? $_ : '?') . ':' . leaving($found->{$_}, $may->{'*'}) } sort keys %$found) . '}' if $may->{'*'};
    return '{' . join(',', map { string_of($_) . ':' . leaving($found->{$_}, $may->{$_}) } grep { exists $found->{$_} } sort keys %$may) . '}';
  }
  if (ref $may eq 'ARRAY') { return ref $found eq 'ARRAY' ? '[' . join(',', map { leaving($_, $may->[0]) } @$found) . ']' : '"?"' }
  return '"?"' if ref $found;
  return $found =~ $BARE{$may} ? $found : '"?"' if !ref $may;
  return $found =~ $may ? string_of($found) : '"?"';
}

sub hash { return ref $_[0] eq 'HASH' ? $_[0] : {} }
sub list { return ref $_[0] eq 'ARRAY' ? $_[0] : [] }

# What a container is called and addressed by, for those who reach it.
sub names_of {
  my ($container) = @_;
  my $shown = $container->{shown};
  my @names = ($container->{service}, ($shown->{Name} // '') =~ m{^/?(.*)}, $container->{hostname});
  for my $called (sort keys %{ hash($shown->{Networks}) }) {
    my $network = hash($shown->{Networks}{$called});
    push @names, map { defined && $_ ne '' ? "$_.$called" : () } @names[0, 1], @{ list($network->{Aliases}) };
    push @names, grep { defined } @$network{qw(IPAddress GlobalIPv6Address)}, @{ list($network->{Aliases}) }, @{ list($network->{DNSNames}) };
  }
  return map { lc } grep { defined && $_ ne '' } @names;
}

sub address_of {
  my ($container) = @_;
  my %network = %{ hash($container->{shown}{Networks}) };
  my ($address) = grep { defined && $_ ne '' } map { hash($network{$_})->{IPAddress} } sort keys %network;
  return $address // '';
}

# Which programs run in each container: its id stands in the control group of each of its processes.
sub programs {
  my %found;
  opendir my $handle, '/proc' or return;
  for my $process (grep { /^\d+$/ } readdir $handle) {
    open my $group, '<', "/proc/$process/cgroup" or next;
    my ($id) = (do { local $/; <$group> } // '') =~ /([0-9a-f]{64})/ or next;
    open my $name, '<', "/proc/$process/comm" or next;
    chomp(my $program = <$name> // '');
    $found{$id}{$program} = 1;
  }
  closedir $handle;
  return %found;
}

my %SERVER = (
  postgres => { program => qr/^(?:postgres|postmaster)$/, marks => qr/^(?:PGDATA|PG_MAJOR|PG_VERSION|POSTGRESQL_VOLUME_DIR|POSTGRESQL_DATA_DIR)$/, starts => qr{^(?:postgres|postmaster|patroni)$|/postgresql/(?:entrypoint|run)\.sh$} },
  redis => { program => qr/^(?:redis-server|valkey-server|keydb-server|dragonfly)$/, marks => qr/^(?:REDIS|VALKEY|KEYDB)_(?:VERSION|DOWNLOAD_URL|DOWNLOAD_SHA)$/, starts => qr{^(?:redis-server|valkey-server|keydb-server|dragonfly)$|/(?:redis|valkey)/(?:entrypoint|run)\.sh$} },
);

# Whether a container is a server of a kind: 2 if its program runs there, 1 if it is made to run it. An image that is only
# made from the server's (a backup, an exporter) starts something else.
sub is_server {
  my ($container, $kind, $running) = @_;
  my ($program, $marks, $starts) = @{ $SERVER{$kind} }{qw(program marks starts)};
  my ($path, @words) = @{ $container->{command} };
  return 0 if grep { $_ eq '--sentinel' } @words;
  return 2 if grep { $_ =~ $program } keys %{ $running->{ $container->{id} } || {} };
  my $is_from = grep { $_ =~ $marks } keys %{ $container->{env} };
  for my $word ($path, @words ? $words[0] : ()) {
    my ($base) = $word =~ m{([^/]*)$};
    return 1 if $base =~ $starts || $word =~ $starts;
  }
  return 1 if $is_from && $path =~ m{(?:^|/)docker-entrypoint\.sh$} && (!@words || $words[0] =~ /^-|\.conf$/);
  # A shell that becomes the server: sh -c "exec postgres ...".
  return 1 if $is_from && $path =~ m{(?:^|/)(?:sh|bash|docker-entrypoint\.sh)$} && grep { m{^\s*(?:exec\s+)?(?:[\w./-]*/)?(?:docker-entrypoint\.sh\s+)?(\S+)} && $1 =~ $starts } @words;
  return 0;
}

# Of servers, the one that the application's own address names. A pooler in between, or a port that is published on the
# machine, leads to it too; an address that is none of these leads to a server elsewhere.
sub choose {
  my ($need, $what, $url, $all, @servers) = @_;
  return if !@servers;
  my ($host, $port) = ($url // '') =~ m{^[\w+.-]+://(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#,]*)(?::(\d+))?};
  $host = lc($host // '');
  $host =~ s/^\[|\]$//g;
  my $is_called = sub { my ($container, $name) = @_; return grep { $_ eq $name } names_of($container) };
  my @named = grep { $is_called->($_, $host) } @servers;
  if (!@named && $host ne '' && defined $port) {
    @named = grep { my %ports = %{ hash($_->{shown}{PortBindings}) }; grep { (hash($_)->{HostPort} // '') eq $port } map { @{ list($_) } } values %ports } @servers;
  }
  if (!@named && $host ne '' && !grep { $is_called->($_, $host) } @$all) {
    $why{$need} = "the backend's address of $what names none of the project's containers (" . join(', ', map { clean($_->{service}) } @servers) . ' runs it)';
    return;
  }
  my @left = @named ? @named : @servers;
  my @best = grep { $_->{certainty} == 2 } @left;
  @best = @left if !@best;
  return $best[0] if @best == 1;
  $why{$need} = "several containers run $what (" . join(', ', map { clean($_->{service}) } @best) . "), and the backend's address names none of them";
  return;
}

# What a file in a container says; on a link or a pipe nobody waits.
sub read_inside {
  my ($container, $path) = @_;
  return if $path !~ m{^/[^\0]*$} || $path =~ m{(?:^|/)\.\.(?:/|$)};
  for my $mount (map { hash($_) } @{ list($container->{shown}{Mounts}) }) {
    my ($there, $here) = @$mount{qw(Destination Source)};
    next if !defined $there || !defined $here || ($mount->{Type} // '') ne 'bind';
    $here = $path eq $there ? $here : index($path, "$there/") == 0 ? $here . substr $path, length $there : next;
    return -l $here ? undef : slurp($here);
  }
  my $inner = "/proc/$container->{pid}/root$path";
  return $container->{pid} && !-l $inner ? slurp($inner) : undef;
}

# A variable NAME_FILE says where the value of NAME is kept: Docker's secrets, and the official images' custom.
sub read_secret_files {
  my ($container) = @_;
  my $env = $container->{env};
  my %path = map { m{/([^/]+)$} ? ($_ => 1) : () } grep { m{^/run/secrets/[^/]+$} } map { hash($_)->{Destination} // '' } @{ list($container->{shown}{Mounts}) };
  for my $name (sort grep { /^\w+_FILE$/ } keys %$env) {
    my ($whose) = $name =~ /^(.*)_FILE$/;
    next if !is_secret($whose) && $whose !~ /_UR[IL]$/ && $env->{$name} !~ m{^(?:/var)?/run/secrets/};
    my $text = read_inside($container, $env->{$name}) // next;
    $text =~ s/\r?\n*\z//;
    delete $path{ $env->{$name} };
    $env->{$whose} = $text if !exists $env->{$whose};
    remember_secrets($whose, $text, 1);
  }
  for my $path (sort keys %path) {
    my $text = read_inside($container, $path) // next;
    $text =~ s/\r?\n*\z//;
    remember_secrets('SECRET', $text, 1);
  }
}

my @OF_PROJECT = qw(APP_DIR PROJECT CONTAINERS DB_CONTAINER BACKEND_CONTAINER FRONTEND_ADDRESS REDIS_CONTAINER APP_ROLE OWNER);

# Why nothing is discovered of a project: there is none, or there are several that may be it.
sub tell_no_project {
  my @names = map { clean($_) } @_;
  my $told = !@names ? 'no container of a compose project is on the machine'
    : 'which compose project is it? ' . join(', ', @names[0 .. ($#names < 5 ? $#names : 5)]) . ' are on the machine: set hosts.NAME.project';
  $why{$_} //= $told for @OF_PROJECT;
}

sub discover_containers {
  my ($job) = @_;
  return if $job->{kind} ne 'done' || $job->{status} != 0;
  my @lines = split /\n/, $job->{out};
  my (@mine, %projects, @json);
  while (my ($id, $labels, $env, $command, $state) = splice @lines, 0, 5) {
    my $shown = shift @lines;
    last if !defined $shown;
    shift @lines if @lines && $lines[0] eq '';
    my ($label, $pairs, $started, $all) = map { eval { read_json($_) } } $labels, $env, $command, $shown;
    my %label = %{ hash($label) };
    my $project = $label{'com.docker.compose.project'} // '';
    $projects{$project} = 1 if $project ne '';
    my ($path, $words, $hostname) = @{ list($started) };
    my ($running, $pid) = split ' ', $state;
    # An entry without an equals sign says that the variable is not set.
    my %env = map { my ($name, $text) = split /=/, $_, 2; ($name => $text) } grep { defined && /=/ } @{ list($pairs) };
    push @mine, { id => $id, label => \%label, project => $project, service => $label{'com.docker.compose.service'} // '', env => \%env, shown => hash($all),
      command => [$path // '', grep { defined } @{ list($words) }], hostname => $hostname // '', running => ($running // '') eq 'true', pid => ($pid // 0) =~ /^([1-9]\d*)$/ ? $1 : 0 };
    push @json, ref $all eq 'HASH' ? leaving($all, \%MAY_LEAVE) : '"?"';
  }
  $value{CONTAINERS} = join ",\n", @json;
  for my $container (@mine) {
    remember_secrets($_, $container->{env}{$_}) for sort keys %{ $container->{env} };
    $public{ lc $_ } = 1 for names_of($container), $container->{project};
  }
  my $project = $setting{project} // (keys %projects == 1 ? (keys %projects)[0] : undef);
  if (!defined $project) {
    my %with = map { $_->{project} => 1 } grep { $_->{service} eq 'backend' } @mine;
    ($project) = keys %with if keys %with == 1;
  }
  return tell_no_project(sort keys %projects) if !defined $project;
  $value{PROJECT} = $project;
  @mine = grep { $_->{project} eq $project } @mine;
  my %programs = programs();
  for my $container (@mine) {
    read_secret_files($container);
    my $env = $container->{env};
    push @environment, ["container:$container->{service}", $_, $env->{$_}] for sort keys %$env;
    $public{ lc $env->{$_} } = 1 for grep { defined $env->{$_} } qw(POSTGRES_DB POSTGRES_USER PGDATABASE PGUSER);
    $config_files{$_} = 1 for grep { $_ ne '' } split /,/, $container->{label}{'com.docker.compose.project.config_files'} // '';
    $value{FRONTEND_ADDRESS} //= address_of($container) if $container->{service} eq 'frontend' && address_of($container);
  }
  $value{CONFIG_FILES} = join "\n", sort keys %config_files;
  my @services = grep { ($_->{label}{'com.docker.compose.oneoff'} // '') ne 'True' } @mine;
  my $backend = discover_backend(@services);
  my ($folder, $given) = deployed($backend, @services, @mine);
  $value{APP_DIR} = $folder if $folder ne '';
  @given_files = split /,/, $given;
  my %url = $backend ? %{ $backend->{env} } : ();
  my $host = $url{PGHOST} // $url{POSTGRES_HOST} // $url{DB_HOST};
  my ($database) = discover_server('DB_CONTAINER', 'postgres', 'PostgreSQL', $url{DATABASE_URL} // (defined $host ? "postgresql://$host" : undef), \%programs, @services);
  if ($database) {
    my $env = $database->{env};
    $value{DB_CONTAINER} = $database->{id};
    $value{DB_ADDRESS} = address_of($database) if address_of($database);
    $value{DB_ADMIN} = $env->{POSTGRES_USER} // $env->{POSTGRESQL_USERNAME} // 'postgres';
    $value{DB_NAME} //= $env->{POSTGRES_DB} // $env->{POSTGRESQL_DATABASE} // $value{DB_ADMIN};
    $dotenv_else{POSTGRES_PASSWORD} = $env->{POSTGRES_PASSWORD} // $env->{POSTGRESQL_PASSWORD};
  }
  my ($redis) = discover_server('REDIS_CONTAINER', 'redis', 'Redis', redis_url(%url), \%programs, grep { $_->{running} } @services);
  $value{REDIS_CONTAINER} = $redis->{id} if $redis;
  $dotenv_else{REDIS_PASSWORD} = unescape($2) if (redis_url(%url) // '') =~ m{^[\w+.-]+://([^\s/:@]*):(.+)@} && ($1 eq '' || $1 eq 'default');
}

# What tells where compose worked when it made what runs now: the backend first, then what was made last.
sub deployed {
  my ($backend, @others) = @_;
  my @newest = sort { ($b->{running} ? 1 : 0) <=> ($a->{running} ? 1 : 0) || ($b->{shown}{Created} // '') cmp ($a->{shown}{Created} // '') } @others;
  my ($found) = grep { ($_->{label}{'com.docker.compose.project.working_dir'} // '') ne '' } $backend && $backend->{running} ? $backend : (), @newest;
  my %place;    # the folders that what runs names, each once however it is spelled; one that is gone is nobody's
  for my $container (grep { $_->{running} } $backend || (), @others) {
    my $folder = $container->{label}{'com.docker.compose.project.working_dir'} // '';
    my @stat = stat $folder or next;
    $place{"$stat[0] $stat[1]"} //= $folder;
  }
  if (keys %place > 1) {
    @doubtful = sort values %place;
    $why{APP_DIR} = 'the containers of the project name several folders (' . join(', ', map { clean($_) } @doubtful) . '): set app_directory';
    return ('', '');
  }
  return map { $_ // '' } @{ $found ? $found->{label} : {} }{map { "com.docker.compose.project.$_" } qw(working_dir environment_file)};
}

sub discover_server {
  my ($need, $kind, $what, $url, $programs, @services) = @_;
  my @servers = grep { $_->{certainty} = is_server($_, $kind, $programs) } @services;
  $value{ $kind eq 'redis' ? 'REDIS_SERVICES' : 'DB_SERVICES' } = join ' ', map { clean($_->{service}) } @servers;
  return choose($need, $what, $url, \@services, @servers);
}

sub discover_backend {
  my (@services) = @_;
  # Poolers and jobs know the database's address too; the application is what is called so, or what runs with it alone.
  my @with = grep { defined $_->{env}{DATABASE_URL} } @services;
  my ($backend) = grep { $_->{service} eq 'backend' } @services;
  for my $name (qw(api app web server)) { $backend //= (grep { $_->{service} eq $name } @with)[0] }
  $backend //= (grep { $_->{running} } grep { !is_pooler($_) } @with)[0] // $with[0];
  return if !$backend;
  $value{BACKEND_CONTAINER} = $backend->{id} if $backend->{running};
  $value{BACKEND_SERVICE} = clean($backend->{service});
  my $env = $backend->{env};
  if (($env->{DATABASE_URL} // '') =~ m{^[\w+.-]+://([^:/@]+)(?::.*)?@[^/@]*/([^?#]+)}) {
    @value{qw(APP_ROLE APP_DATABASE)} = map { unescape($_) } $1, $2;
  } elsif (!defined $env->{DATABASE_URL}) {
    # Its pieces, as settings of many applications have them.
    my $piece = sub { (grep { defined && $_ ne '' } @{$env}{@_})[0] };
    my ($role, $name) = ($piece->(qw(POSTGRES_USER PGUSER DB_USER DATABASE_USER)), $piece->(qw(POSTGRES_DB PGDATABASE DB_NAME DATABASE_NAME)));
    @value{qw(APP_ROLE APP_DATABASE)} = ($role, $name) if defined $role && defined $name;
  }
  $value{DB_NAME} = $value{APP_DATABASE} if defined $value{APP_DATABASE};
  return $backend;
}

sub is_pooler { my ($container) = @_; return scalar grep { m{(?:^|/)(?:pgbouncer|pgcat|pgpool|odyssey|pgadmin4?|postgres_exporter)(?:$|[.\s])} } @{ $container->{command} } }

# The backend's own address of Redis, or the host of its pieces
sub redis_url {
  my (%url) = @_;
  my ($given) = grep { defined && $_ ne '' } @url{qw(REDIS_URL REDIS_URI REDIS_DSN VALKEY_URL CACHE_URL)};
  my ($host) = grep { defined && $_ ne '' } @url{qw(REDIS_HOST VALKEY_HOST)};
  return $given // (defined $host ? "redis://$host" : undef);
}

sub unescape { my ($text) = @_; $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; return $text }

# What must not leave: of a variable, what its name says is a secret, and in any value what its form says is one. Of names
# that may be a secret's, and of what everybody knows, only what no other text has: hiding a word hides it everywhere.
sub remember_secrets {
  my ($name, $text, $is_file) = @_;
  return if !defined $text || $text eq '';
  my @found;
  if ($text =~ m{://[^\s/:@]*:(.+)@} && $1 !~ m{^\d+/}) { push @found, $1, unescape($1) }
  elsif ($text =~ m{://([^\s/:\@0-9]*+[0-9][^\s/:\@]*+)\@} && length $1 >= 16) { push @found, $1 }
  while ($text =~ /[?&;]([\w.-]+)=([^\s&;]+)/g) { push @found, $2, unescape($2) if is_secret($1) == 2 }
  my $rank = $is_file ? 2 : is_secret($name);
  my $looks_so = $text =~ /^\S{16,}$/ && $text !~ /^[0-9a-fA-F]+$/ && hide_shapes($text) =~ /^\[redacted\]$/;
  push @found, $text if $rank == 2 || $looks_so;
  my @words = $rank == 1 && !$looks_so && !is_ordinary($text) ? $text : ();
  for my $secret (@found, @words) {
    next if $PLAIN{$name} || length $secret < 3 || is_nothing($secret) || is_placeholder($secret, 1) || $secret =~ /^[0-9.,:-]{1,7}$/;
    # What may as well be a word of the program's is hidden, and not looked for in its history.
    $secret{$secret} = @words && $secret eq $words[0] ? $secret{$secret} || 1 : 2;
    $called{$secret} //= $name;
  }
}

# `.env` as docker compose reads it (compose-go's dotenv): the variables, and what compose would refuse to read.
sub parse_env {
  my ($text) = @_;
  my (@found, %known);
  $text =~ s/\A\xef\xbb\xbf//;
  my $space = qr/[\t\x0b\x0c\r ]/;
  pos($text) = 0;
  while (1) {
    $text =~ /\G\s+/gc;
    next if $text =~ /\G#[^\n]*/gc;
    last if pos($text) >= length $text;
    my $line = 1 + (substr($text, 0, pos $text) =~ tr/\n//);
    $text =~ /\Gexport\s+/gc;
    if ($text !~ /\G([\w.\[\]\x80-\xff-]+)$space*(?=[=:\n]|\z)/gc) { return ([@found], "line $line is none that compose reads") }
    my $name = $1;
    if ($text !~ /\G[=:]/gc) { next }    # a name alone: taken from the shell that calls compose
    $text =~ /\G$space+/gc;
    my $value;
    if ($text =~ /\G'/gc) {
      if ($text !~ /\G((?:[^'\\]+|\\.)*)'/gcs) { return ([@found], "line $line opens a quote that nothing closes") }
      ($value = $1) =~ s/\\'/'/g;
    } elsif ($text =~ /\G"/gc) {
      if ($text !~ /\G((?:[^"\\]+|\\.)*)"/gcs) { return ([@found], "line $line opens a quote that nothing closes") }
      ($value = $1) =~ s/\\"/"/g;
      my %escape = (a => "\a", b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", v => "\x0b", '\\' => '\\', '"' => '"', c => '\\c', '$' => '$$');
      $value =~ s/\\(?:0(\d{0,3})|([abcfnrtv\$"\\]))/defined $1 ? ($1 eq '' ? "\0" : chr(oct($1) & 255)) : $escape{$2}/ge;
      $value = interpolated($value, \%known);
    } else {
      $text =~ /\G([^\n]*)\n?/gc;
      ($value = $1) =~ s/ #.*//;
      $value =~ s/\s+\z//;
      $value = interpolated($value, \%known);
    }
    if (!defined $value) { return ([@found], "line $line asks for a value that compose does not find") }
    $known{$name} = $value;
    push @found, [$name, $value];
  }
  my %last = map { $found[$_][0] => $_ } 0 .. $#found;
  return ([map { $found[$_] } grep { $last{ $found[$_][0] } == $_ } 0 .. $#found], '');
}

# A value with the variables in it replaced: $X, ${X}, ${X:-default}, ${X-default}, ${X:+other}, ${X:?complaint}; $$ is a dollar.
sub interpolated {
  my ($text, $known, $depth) = @_;
  my $bad = ($depth //= 0) > 20;
  my $nested = qr/(?:[^{}]|(\{(?:[^{}]|\{[^{}]*\})*\}))*/;
  $text =~ s/\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])($nested))?\}|(\{))/
    my ($dollar, $plain, $name, $how, $word, $open) = ($1, $2, $3, $4 || '', $5, $7);
    if (defined $dollar) { '$' }
    elsif (defined $open) { $bad = 1; '' }
    else {
      my $found = $known->{ $plain || $name };
      my $is_set = defined $found && !($how =~ m{^:} && $found eq '');
      my $kind = $how eq '' ? '' : substr $how, -1;
      if ($kind eq '-') { $is_set ? $found : interpolated($word, $known, $depth + 1) || '' }
      elsif ($kind eq '+') { $is_set ? interpolated($word, $known, $depth + 1) || '' : '' }
      elsif ($kind eq '?') { $bad = 1 if !$is_set; defined $found ? $found : '' }
      else { defined $found ? $found : '' }
    }
  /gex;
  return $bad ? undef : $text;
}

# What may be a secret in a file that compose would not read: name by name, as it stands.
sub remember_lines {
  my ($text, $is_example) = @_;
  for my $line (split /\r?\n/, $text) {
    my ($name, $rest) = $line =~ /^[^\w#]*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*(.*?)\s*$/ or next;
    for my $text ($rest, $rest =~ /^(["'])(.*)\1/ ? $2 : (), $rest =~ /^(.*?)\s+#/ ? $1 : ()) { remember_secrets($name, $text) if !$is_example || hide_shapes($text) ne $text }
  }
}

sub slurp {
  my ($path) = @_;
  return if $path =~ /\0/ || -l $path && !-e $path or !-f $path;
  sysopen my $file, $path, POSIX::O_RDONLY() | POSIX::O_NONBLOCK() or return;
  my $text = '';
  read $file, $text, $FILE_LIMIT;
  return $text;
}

my $ENV_NAME = qr/^\.env|\.env$|^env\.(?!(?:py|pyi|pyc|js|mjs|cjs|ts|d\.ts|rb|go|php|sh|pl|java|rs|c|h|md|txt|html|css)$)/;
my $EXAMPLE = qr/(?:^|[._-])(?:example|sample|template|tmpl|tpl|dist|defaults?|schema)(?:$|[._-])/i;

# Files of the environment: in the folder and two floors below it, and what compose files name elsewhere.
sub find_env_files {
  my ($folder) = @_;
  my (@found, $seen);
  my @folders = ([$folder, '', 0]);
  while (my $next = shift @folders) {
    my ($path, $under, $depth) = @$next;
    last if ++$seen > 500;
    opendir my $handle, $path or next;
    for my $name (sort grep { !/^\.\.?$/ } readdir $handle) {
      if (-f "$path/$name") { push @found, "$under$name" if $name =~ $ENV_NAME }
      elsif ($depth < 2 && !-l "$path/$name" && -d _ && $name !~ /^(?:\.git|node_modules|\.?venv|__pycache__|site-packages|\.cache)$/) { push @folders, ["$path/$name", "$under$name/", $depth + 1] }
    }
    closedir $handle;
    last if @found >= 50;
  }
  for my $file (sort keys %config_files) {
    my $text = slurp($file) // next;
    my ($base) = $file =~ m{^(.*)/} or next;
    my ($in_list, $top) = (0, '');
    for my $line (split /\n/, $text) {
      $top = $1 if $line =~ /^(\w[\w-]*):/;
      my $named;
      if ($line =~ /^\s*env_file:\s*(?:\[\s*)?([^\s#\[\]]\S*?)?\s*\]?\s*$/) { $named = $1; $in_list = !defined $named }
      elsif ($in_list && $line =~ /^\s*-\s*(?:path:\s*)?(\S+)\s*$/) { $named = $1 }
      elsif ($line =~ /\S/) {
        $in_list = 0 if $line !~ /^\s*(?:required|format):/;
        if ($top eq 'secrets' && $line =~ /^\s+file:\s*(\S+)\s*$/) {
          (my $path = $1) =~ s/^(["'])(.*)\1$/$2/;
          my $secret = slurp($path =~ m{^/} ? $path : "$base/$path") // next;
          $secret =~ s/\r?\n*\z//;
          remember_secrets('SECRET', $secret, 1);
        }
      }
      next if !defined $named;
      $named =~ s/^(["'])(.*)\1$/$2/;
      $named = "$base/$named" if $named !~ m{^/};
      1 while $named =~ s{/\./|//|/(?!\.\./)[^/]+/\.\./}{/};
      next if $named !~ m{^/} || !-f $named;
      push @found, index($named, "$folder/") == 0 ? substr $named, 1 + length $folder : $named;
    }
  }
  my %once;
  return grep { !$once{$_}++ } splice @found, 0, 60;
}

sub discover_files {
  $value{APP_DIR} = $setting{app_directory} if defined $setting{app_directory};
  for my $other (@doubtful) {    # whichever it is, what is secret in any of them must not leave
    for my $path (map { m{^/} ? $_ : "$other/$_" } find_env_files($other)) { learn_env($path, slurp($path) // next) }
  }
  my $folder = $value{APP_DIR} // return;
  return if !-d $folder;
  my $place = sub { $_[0] =~ m{^/} ? $_[0] : "$folder/$_[0]" };
  # Where compose was called with files of variables, it did not read `.env`; the later file counts.
  my @main = map { index($_, "$folder/") == 0 ? substr $_, 1 + length $folder : $_ } grep { -f } map { $place->($_) } @given_files;
  my %once;
  my @names = grep { !$once{$_}++ } @main, find_env_files($folder);
  @main = grep { $_ eq '.env' } @names if !@given_files;
  my %text = map { $_ => slurp($place->($_)) } @names;
  my %holds = map { defined $text{$_} ? ($_ => learn_env($_, $text{$_})) : () } sort keys %text;
  $env_trouble = 'compose was called with a file of variables that is not there' if @main < @given_files;
  for my $name (@main) {
    $value{ENV_FILE} = clean($name);
    my ($found, $trouble) = !defined $text{$name} ? ([], 'it could not be read') : length $text{$name} >= $FILE_LIMIT ? ([], 'it is longer than 64 KiB') : parse_env($text{$name});
    $env_trouble ||= $trouble;
    $dotenv{ $_->[0] } = $_->[1] for @$found;
  }
  push @environment, ['.env', $_, $dotenv{$_}] for sort keys %dotenv;
  for my $name (keys %dotenv_else) { $dotenv{$name} = $dotenv_else{$name} if !defined $dotenv{$name} && defined $dotenv_else{$name} }
  # What the example declares: its values are no secrets, and are not sent.
  my ($example) = grep { defined $text{$_} } map { my $kind = $_; map { "$kind.$_" } qw(example sample template dist) } '.env.production', '.env.prod', '.env';
  if (defined $example) { push @environment, map { ['example', @$_] } @{ (parse_env($text{$example}))[0] } }
  delete $secret{$_} for grep { $public{ lc $_ } } keys %secret;
  tell_env($_, $place->($_), $text{$_}, $holds{$_}) for @names;
  my @owner = stat $folder;
  $value{OWNER} = "$owner[4] $owner[5]" if @owner;
}

sub clean { my ($text) = @_; $text =~ s/[^\x20-\x7e]/?/g; return $text }

# What a file of the environment says, for the filter; whether it has a secret's value by the name of a variable.
sub learn_env {
  my ($name, $text) = @_;
  my $is_example = $name =~ $EXAMPLE;
  my ($found, $trouble) = parse_env($text);
  # What an example says is no secret, unless it looks like one.
  for my $pair (@$found) { remember_secrets(@$pair) if !$is_example || hide_shapes($pair->[1]) ne $pair->[1] }
  remember_lines($text, $is_example) if $trouble ne '' || $name =~ /\.envrc$/;
  return scalar grep { my ($variable, $value) = @$_; is_secret($variable) == 2 && !$is_example && length $value >= 3 && !is_nothing($value) && !is_placeholder($value, 1) && !$PLAIN{$variable} } @$found;
}

sub has_known { my ($text) = @_; return scalar grep { length($_) >= 8 && $secret{$_} == 2 && index($text, $_) >= 0 } keys %secret }

sub tell_env {
  my ($name, $path, $text, $holds) = @_;
  my @stat = stat $path or return;
  my ($user, $group) = (getpwuid($stat[4]) // $stat[4], getgrgid($stat[5]) // $stat[5]);
  my $said = !defined $text ? 'unreadable' : $holds || has_known($text) ? 'secrets' : 'none';
  push @env_files, join "\t", sprintf('%04o', $stat[2] & 07777), $user, $group, $said, clean($name);
}

# The walk: where on the machine people keep checkouts and files of the environment. It looks at names, and stays out of
# what other machines serve, as who waits for one that is away waits forever.

my ($MOST_FOLDERS, $MOST_FOUND, $DEEPEST, $WALK_SECONDS) = (40_000, 600, 9, 4);
my $AWAY = qr/^(?:nfs\d?|cifs|smb\w*|9p|ceph|glusterfs|afs|autofs|lustre|davfs|fuse\.(?!lxcfs|fuse-overlayfs|mergerfs|bindfs)\w.*|proc|sysfs|cgroup2?|devtmpfs|devpts)$/;
my $PASSED = qr/^(?:\.git|node_modules|\.?venv|__pycache__|site-packages|\.cache|\.npm|\.cargo|\.rustup|\.gradle|\.m2|\.nvm|\.pyenv|overlay2|containers|snap)$/;
my (@checkouts, $walked);

sub roots {
  return split /\n/, $setting{roots} if defined $setting{roots};
  my %passed = map { $_ => 1 } qw(bin boot dev lib lib32 lib64 libx32 lost+found media proc run sbin snap sys usr var);
  opendir my $handle, '/' or return;
  my @found = map { "/$_" } sort grep { !/^\./ && !$passed{$_} } readdir $handle;
  closedir $handle;
  push @found, qw(/usr/local /var/www /var/opt /var/tmp /var/backups);
  # People and runners may live elsewhere: /var/lib/jenkins, /var/lib/gitlab-runner.
  push @found, grep { m{^/var/lib/[^/]} } map { (split /:/)[5] // '' } grep { (split /:/)[2] =~ /^\d{3,}$/ } grep { /^[^:]*:[^:]*:\d+:/ } split /\n/, slurp('/etc/passwd') // '';
  return @found;
}

sub hex_name { my ($path) = @_; $path =~ s/([%\x00-\x20\x7f])/sprintf '%%%02X', ord $1/ge; return $path }

sub walk {
  my (%once, %away);
  for my $line (split /\n/, do { open my $file, '<', '/proc/self/mounts'; local $/; $file ? <$file> // '' : '' }) {
    my (undef, $point, $type) = split / /, $line;
    next if !defined $type;
    $point =~ s/\\([0-7]{3})/chr oct $1/ge;
    $away{$point} = $type =~ $AWAY ? $type : '';
  }
  my @open = map { [$_, 0] } grep { !$once{$_}++ && !-l $_ && -d _ } roots();
  my ($end, $seen, $found, $unread) = (now() + 1000 * $WALK_SECONDS, 0, 0, 0);
  while (my $next = shift @open) {
    my ($path, $depth) = @$next;
    next if $depth && $once{$path};    # a root of its own
    if ($away{$path}) { print 'away ', hex_name($path), "\n"; next }
    if (++$seen > $MOST_FOLDERS || $found > $MOST_FOUND || now() > $end) { print 'cut ', $found > $MOST_FOUND ? 'too many files' : $seen > $MOST_FOLDERS ? "$MOST_FOLDERS folders" : "$WALK_SECONDS seconds", "\n"; last }
    opendir my $handle, $path or do { $unread++; next };
    for my $name (sort grep { !/^\.\.?$/ } readdir $handle) {
      my $its = "$path/$name";
      if ($name eq '.git') { $found++; print 'git ', hex_name($path), "\n"; next }
      next if $name =~ $PASSED;
      lstat $its or next;
      if (-d _) { push @open, [$its, $depth + 1] if $depth < $DEEPEST }
      elsif ($name =~ $ENV_NAME && (-l _ ? -f $its : -f _)) { $found++; print 'env ', hex_name($its), "\n" }
      elsif ($name =~ /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/ && -f _) { print 'compose ', hex_name($its), "\n" }
    }
    closedir $handle;
  }
  print "walked $seen $unread\n";
}

# Where the repository of a checkout is, and what its worktrees have in common.
sub git_folders {
  my ($path) = @_;
  return ("$path/.git", "$path/.git") if -d "$path/.git";
  my ($own) = (slurp("$path/.git") // '') =~ /^gitdir:\s*(.+?)\s*$/m or return;
  $own = "$path/$own" if $own !~ m{^/};
  my ($common) = (slurp("$own/commondir") // '') =~ /^(.+?)\s*$/m;
  return ($own, !defined $common ? $own : $common =~ m{^/} ? $common : "$own/$common");
}

# Owner and name of what a checkout fetches from, of each remote
sub remotes_of {
  my ($path) = @_;
  my (undef, $common) = git_folders($path) or return;
  my ($is_remote, @found) = 0;
  for my $line (split /\n/, slurp("$common/config") // '') {
    if ($line =~ /^\s*\[\s*(\w+)/) { $is_remote = lc $1 eq 'remote'; next }
    next if !$is_remote || $line !~ /^\s*url\s*=\s*"?([^"]+?)"?\s*$/i;
    (my $url = $1) =~ s{(?:\.git)?/*$}{};
    push @found, lc $1 if $url =~ m{([^/:\@]+/[^/:\@]+)$};
  }
  return @found;
}

sub head_of {
  my ($path) = @_;
  my ($own, $common) = git_folders($path) or return '';
  my $head = slurp("$own/HEAD") // '';
  if ($head =~ m{^ref: (refs/[\w./+-]+)\s*$} && $1 !~ /\.\./) {
    my $ref = $1;
    $head = slurp("$common/$ref") // ((slurp("$common/packed-refs") // '') =~ /^([0-9a-f]{40,64}) \Q$ref\E$/m ? $1 : '');
  }
  return $head =~ /^([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*$/ ? $1 : '';
}

# Of all that the walk saw, what is the project's: by what it fetches from, by a secret in use, by a compose file in use.
sub adopt {
  my ($job) = @_;
  my $folder = $value{APP_DIR};
  return if !defined $folder || !-d $folder;
  my (%git, @env, @compose, @trouble);
  my ($seen, $unread) = (0, 0);
  for my $line (split /\n/, $job->{out}) {
    my ($kind, $rest) = split / /, $line, 2;
    (my $path = $rest // '') =~ s/%([0-9A-F]{2})/chr hex $1/ge;
    if ($kind eq 'git') { $git{$path} = 1 }
    elsif ($kind eq 'env') { push @env, $path }
    elsif ($kind eq 'compose') { push @compose, $path }
    elsif ($kind eq 'cut') { push @trouble, "it was cut at $path" }
    elsif ($kind eq 'away') { push @trouble, "$path is on another machine" if $path !~ m{^/(?:proc|sys|dev)\b} }
    elsif ($kind eq 'walked') { ($seen, $unread) = split / /, $path }
  }
  push @trouble, 'it did not end in time' if !$seen;
  push @trouble, "$unread folders could not be read" if $unread;
  my %ours = map { $_ => 1 } remotes_of($folder);
  my $around = sub { my ($path) = @_; while ($path =~ s{/[^/]*$}{}) { return $path if exists $git{$path} || $path eq $folder } return '' };
  my %text = map { my $text = slurp($_); defined $text ? ($_ => $text) : () } @env;
  my %kind;
  for my $path (grep { $_ ne $folder } sort keys %git) {
    my @remotes = remotes_of($path);
    $kind{$path} = (grep { $ours{$_} } @remotes) ? 'remote' : @remotes ? 'other' : 'unknown';
  }
  # A folder that is no checkout is the project's, too, if compose would take it for it: by its file, or by its name.
  my @mine = map { slurp($_) // () } sort keys %config_files;
  for my $path (grep { !$config_files{$_} } @compose) {
    my ($place) = $path =~ m{^(.*)/[^/]*$} or next;
    my $its = $around->($path) || $place;
    next if $its eq $folder || ($kind{$its} // 'unknown') !~ /^(?:other|unknown)$/;
    my $text = slurp($path) // next;
    (my $called = lc $place) =~ s{^.*/|[^a-z0-9_-]}{}g;
    $kind{$its} = 'compose' if grep({ $_ eq $text } @mine) || ($called ne '' && $called eq ($value{PROJECT} // $setting{project} // ''));
    $git{$its} //= 0 if ($kind{$its} // '') eq 'compose';
  }
  for my $path (@env) {
    my $its = $around->($path);
    $kind{$its} = 'secrets' if ($kind{$its} // '') =~ /^(?:other|unknown)$/ && $path !~ $EXAMPLE && defined $text{$path} && has_known($text{$path});
  }
  my %told = map { (split /\t/)[4] => 1 } @env_files;
  for my $path (@env) {
    my $its = $around->($path);
    my $is_inside = index($path, "$folder/") == 0;
    my $shown = $is_inside ? substr $path, 1 + length $folder : $path;
    next if $told{ clean($shown) } || @env_files >= 200;
    my $is_ours = ($is_inside && ($its eq $folder || $its eq '')) || ($kind{$its} // '') =~ /^(?:remote|compose|secrets)$/;
    next if !$is_ours && (!defined $text{$path} || !has_known($text{$path}));
    tell_env($shown, $path, $text{$path}, defined $text{$path} ? learn_env($path, $text{$path}) : 0);
  }
  delete $secret{$_} for grep { $public{ lc $_ } } keys %secret;
  my $unknown = 0;
  for my $path (grep { $kind{$_} ne 'other' } sort keys %kind) {
    my @stat = stat $path or next;
    if ($kind{$path} eq 'unknown') { next if ++$unknown > 10 }
    elsif ($git{$path}) {
      if (@checkouts >= 12) { push @trouble, 'there are more than 12 checkouts'; last }
      push @checkouts, { path => $path, as => [@stat[4, 5]] };
    }
    push @env_files, join "\t", 'checkout', $kind{$path}, clean(getpwuid($stat[4]) // $stat[4]), '-', clean($path);
  }
  push @env_files, join "\t", 'walked', $seen, $unread, '-', clean(join '; ', @trouble);
}

sub judged_environment {    # one line per variable: where, name, length, distinct, classes, placeholder, group, value if it is no secret
  my (%group, @lines);
  for my $row (@environment) {
    my ($where, $name, $text) = @$row;
    $text //= '';
    my %distinct = map { $_ => 1 } split //, $text;
    my $classes = join '', map { $text =~ $_->[1] ? $_->[0] : '' } ['a', qr/[a-z]/], ['A', qr/[A-Z]/], ['0', qr/[0-9]/], ['!', qr/[^A-Za-z0-9]/];
    my $group = $group{$text} //= 1 + keys %group;
    my $plain = $PLAIN{$name} && !$secret{$text} ? clean(substr $text, 0, 500) : '';
    $plain = '' if $plain ne hide_shapes($plain);
    push @lines, join "\t", clean($where), clean($name), length $text, scalar keys %distinct, $classes || '-',
      ($where eq 'example' ? $text =~ $TO_FILL_IN : is_placeholder($text, is_secret($name)) || $text =~ /^[sp]k_test_/) ? 'placeholder' : 'own', $group, $plain;
  }
  return join "\n", @lines, '';
}

# The filter

my (@hidden, @hidden_words);

sub prepare_filter {
  my %form;
  for my $text (keys %secret) {
    my $percent = join '', map { /[A-Za-z0-9_.~-]/ ? $_ : sprintf '%%%02X', ord } split //, $text;
    (my $quoted = $text) =~ s/(["\\])/\\$1/g;
    (my $shell = $text) =~ s/'/'\\''/g;
    $form{$_} = 1 for $text, $percent, $quoted, $shell, split(/\n/, $text);
    if (length $text >= 6) {
      for my $offset (0 .. 2) {    # base64 of the secret wherever it stands in a longer text
        my $code = pack 'u', ('x' x $offset) . $text;
        $code = join '', map { my $l = $_; substr($l, 0, 1) = ''; $l } split /\n/, $code;
        $code =~ tr{` -_}{AA-Za-z0-9+/};
        my $start = (0, 2, 3)[$offset];
        my $usable = int((length($text) + $offset) * 8 / 6) - $start;
        $form{ substr $code, $start, $usable } = 1 if $usable >= 8;
      }
      $form{ unpack 'H*', $text } = 1;
    }
  }
  my @all = sort { length $b <=> length $a || $a cmp $b } grep { length($_) } keys %form;
  my $long = join '|', map { quotemeta } grep { length($_) >= 6 } @all;
  my $short = join '|', map { quotemeta } grep { length($_) < 6 } @all;
  @hidden = (qr/$long/) if $long ne '';
  @hidden_words = (qr/(?<![A-Za-z0-9])(?:$short)(?![A-Za-z0-9])/) if $short ne '';
}

sub filtered {
  my ($text, $code) = @_;
  for my $pattern (@hidden, @hidden_words) { $text =~ s/$pattern/[redacted]/g }
  return hide_shapes($text, $code);
}

# A text within JSON is filtered as the text that it is: what stands behind a line's end or in quotes is seen.
sub hide_in_strings {
  my ($json) = @_;
  $json =~ s{("(?:[^"\\]++|\\.)*+")}{
    my $text = eval { read_json($1) };
    !defined $text || $text !~ /[\\\n"]/ ? $1 : string_of(hide_shapes($text));
  }gse;
  return $json;
}

sub string_of {
  my ($text) = @_;
  my %short = ("\n" => '\\n', "\t" => '\\t', "\r" => '\\r', '"' => '\\"', '\\' => '\\\\');
  $text =~ s{(["\\\x00-\x1f])}{$short{$1} // sprintf '\\u%04x', ord $1}ge;
  return "\"$text\"";
}

# The run

# What is looked for: lines of a variable's name and a value, or a line of one.
sub secrets_by_name {
  my %line;
  for my $secret (grep { $secret{$_} == 2 } sort keys %secret) {
    (my $name = $called{$secret}) =~ s/[^\w.-]/_/g;
    $line{$_} //= $name for grep { length($_) >= 8 } split /\n/, $secret;
  }
  return join '', map { "$line{$_} $_\n" } sort keys %line;
}

sub lacking {
  my ($need) = @_;
  return defined $why{$need} ? "$need: $why{$need}" : $need;
}

sub start_probe {
  my ($probe) = @_;
  my %env = map { ("ZEBU_$_" => $value{$_}) } grep { $_ ne 'CONTAINERS' && $value{$_} !~ /\0/ } keys %value;
  $env{"ZEBU_SET_\U$_"} = $setting{$_} for keys %setting;
  %env = (%env, %{ $probe->{given} || {} });
  for my $need (split ' ', $probe->{needs} // '') {
    next if exists $value{$need};
    return give_up($probe, 'missing', lacking($need));
  }
  return give_up($probe, 'needs-root', $refused) if $probe->{root} && !$root;
  if ($probe->{dotenv}) { $env{"DOTENV_$_"} = $dotenv{$_} for grep { defined $dotenv{$_} && $dotenv{$_} !~ /\0/ } keys %dotenv }
  $probe->{input} = secrets_by_name() if $probe->{secrets};
  my @as;
  if ($probe->{owner} && $root && exists $value{OWNER}) {
    my @ids = split ' ', $value{OWNER};
    @as = (as => \@ids) if $ids[0] != 0;
  }
  $probe->{$_} ||= { timeout => 10, limit => 262_144 }->{$_} for qw(timeout limit);
  @$probe{qw(argv env)} = ([@{ $INTERPRETER{ $probe->{interpreter} } }, $probe->{script}], \%env);
  $probe->{as} = $as[1] if @as;
  if (defined $probe->{program} && exists $value{BACKEND_CONTAINER}) { push @within, $probe }
  else { queue($probe) }
}

# What probes ask within the backend's container is asked by one program there. A pipe must hold all that it is given.
my $LONG_VALUE = 8192;

sub start_within {
  my ($late, @probes) = @_;    # how long they took that are asked once more
  return if !@probes;
  my $given = '';
  my $put = sub { my ($key, $text) = @_; $given .= "$key " . length($text) . "\n$text" };
  for my $probe (@probes) {
    $put->(name => $probe->{name});
    $put->(limit => $probe->{limit});
    for my $name (split ' ', $probe->{told}) {
      my $text = $probe->{env}{$name};
      $put->(value => "$name=$text") if defined $text && length $text <= $LONG_VALUE;
    }
    $put->(program => $probe->{program});
  }
  my ($timeout, $takes) = map { my $what = $_; (sort { $b <=> $a } map { $_->{$what} // 0 } @probes)[0] } qw(timeout takes);
  my $limit = 0;
  $limit += $_->{limit} + 8192 for @probes;
  my %job = (name => 'zebu.within', argv => [qw(docker exec -i), $value{BACKEND_CONTAINER}, qw(python3 -I -S -c), $within, POSIX::ceil($timeout * $SLOWEST)], input => $given,
    env => {}, timeout => $timeout, takes => $takes, limit => $limit, then => sub { cut_apart($_[0], @probes) });
  if (defined $late) { push @again, { %job, late => $late } }
  else { queue(\%job) }
}

# What each said that had a place in one answer. What was late is asked once more, as it is of others; where a program could not tell, a probe's script may.
sub cut_apart {
  my ($job, @probes) = @_;
  my %left = map { $_->{name} => $_ } @probes;
  my ($text, $at) = ($job->{out} // '', 0);
  while (substr($text, $at, 100) =~ /^([\w.-]+) (\d{1,3}) (\d{1,9}) (\d{1,9}) (\d{1,9})\n/) {
    my ($name, $status, $took, $out, $err, $head) = ($1, $2, $3, $4, $5, length $&);
    my $probe = $left{$name};
    last if !$probe || $at + $head + $out + $err > length $text;
    delete $left{$name};
    settle_within($probe, $out >= $probe->{limit} ? 'truncated' : 'done', $status, $took, substr($text, $at + $head, $out), substr $text, $at + $head + $out, $err);
    $at += $head + $out + $err;
  }
  my @left = grep { $left{ $_->{name} } } @probes or return;
  my ($kind, $status, $took, $err) = @$job{qw(kind status took err)};
  return start_within($took, @left) if $kind eq 'timeout' && !defined $job->{late};
  ($kind, $took) = ('timeout', $job->{late}) if $kind eq 'late' && defined $job->{late};    # that it is late again is said as it was the first time
  ($kind, $err) = ('failed', "what runs it within the container ended early ($err)") if $kind eq 'done' && !$status;
  settle_within($_, $kind, $status, $took, '', $err) for @left;
}

sub settle_within {
  my ($probe, $kind, $status, $took, $out, $err) = @_;
  return queue($probe) if $probe->{script} ne '' && $kind ne 'late' && ($kind ne 'done' || $status);
  @$probe{qw(kind status took out err)} = ($kind, $kind eq 'done' ? $status : 255, $took, $out, $err);
  settled($probe);
}

# What is asked of every checkout of the project: of the deployed one, and of each other as its owner.
sub start_each {
  my ($probe) = @_;
  $value{DEPLOYED} = head_of($value{APP_DIR}) if defined $value{APP_DIR};
  start_probe($probe);
  return if !$probe->{argv};
  for my $other (@checkouts) {
    my %job = (map({ $_ => $probe->{$_} } qw(name timeout takes limit argv input kills)), of => $probe, env => { %{ $probe->{env} }, ZEBU_APP_DIR => $other->{path} });
    $job{as} = $other->{as} if $root && $other->{as}[0] != 0;
    push @{ $probe->{others} }, [$other->{path}, \%job];
    queue(\%job);
  }
}

# The listing of containers, and what is to be done when it is there.
my ($listed, $on_listed);
my $LISTING_SECONDS = 10;

sub look_around {
  $select = IO::Select->new;
  $running = 0;
  $processors = count_processors();
  give_way();
  $at_once = 4 * $processors if 4 * $processors > $at_once;
  queue({
    name => 'zebu.discovery',
    argv => ['/bin/sh', '-c', 'ids=$(docker ps -aq --no-trunc) || exit 9; [ -n "$ids" ] || exit 0; exec docker inspect --format "$FORMAT" $ids'],
    env => { FORMAT => $INSPECT }, timeout => $LISTING_SECONDS, limit => 4_194_304, then => sub { ($listed) = @_; $on_listed->($listed) if $on_listed } });
}

sub main {
  read_request();
  my @each = grep { $_->{each} } @probes;
  my $awaited = @each ? 2 : 1;
  my $arrived = sub {
    return if --$awaited;
    learn(sub { adopt($walked) }) if @each;
    open_door();
    start_each($_) for @each;
  };
  $on_listed = sub {
    my ($listed) = @_;
    learn(sub { discover_containers($listed) });
    learn(\&discover_files);
    if ((my $trouble = docker_trouble($listed)) ne '') {
      $why{$_} //= $trouble for @OF_PROJECT;
    }
    start_probe($_) for grep { $_->{waits} && !$_->{each} } @probes;
    start_within(undef, splice @within);
    $arrived->();
  };
  queue({ name => 'zebu.walk', call => \&walk, timeout => $WALK_SECONDS + 2, limit => 1_048_576, then => sub { ($walked) = @_; $arrived->() } }) if @each;
  $on_listed->($listed) if $listed;    # it could not be started
  start_probe($_) for grep { !$_->{waits} } @probes;
  pump();
  open_door();
  give_up($_, 'late', '') for grep { !$_->{is_told} } @probes;
  my $effort = sprintf "processor=%.2f\ndocker=%s\n", used(), daemons($daemons);
  put_out("$nonce zebu.effort done 0 0 " . length($effort) . " 0\n$effort");
  put_out("END $nonce\n");
}

sub used { my $all = 0; $all += $_ for times; return $all }

# Whether this session was begun for us, as sshd does for each command: by us, or by the shell or the sudo that started us.
sub has_own_session {
  my $pid = $$;
  for (1 .. 3) {
    open my $file, '<', "/proc/$pid/stat" or return 0;
    my ($parent, $session) = <$file> =~ /.*\) \S (\d+) \d+ (\d+) / or return 0;
    return 1 if $session == $pid;
    $pid = $parent;
  }
  return 0;
}

# Others come first: at the processor, and at the disk where there is who can say so.
sub give_way {
  $daemons = daemons();
  setpriority 0, 0, $PRIORITY;
  # Where Linux gives each session a share of its own, that counts within it only: the share itself is less, too (sched(7)).
  if (has_own_session() && open my $share, '>', '/proc/self/autogroup') { syswrite $share, $PRIORITY }
  return if !grep { -x "$_/ionice" } split /:/, $ENV{PATH};
  my $pid = fork // return;
  if (!$pid) { open STDIN, '<', '/dev/null'; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec 'ionice', '-c', '3', '-p', getppid or POSIX::_exit(0) }
  waitpid $pid, 0;
}

# Seconds of the processor that Docker took, what it runs inside of containers among it: since a moment, if that is given.
sub daemons {
  my ($before) = @_;
  my $ticks = 0;
  for my $name (glob '/proc/[0-9]*/comm') {
    open my $file, '<', $name or next;
    next if (<$file> // '') !~ /^(?:dockerd|containerd)/;
    (my $stat = $name) =~ s/comm$/stat/;
    open $file, '<', $stat or next;
    my @field = split ' ', (do { local $/; <$file> } // '') =~ s/.*\) //sr;
    $ticks += $_ // 0 for @field[11 .. 14];
  }
  return defined $before ? sprintf '%.2f', ($ticks > $before ? $ticks - $before : 0) / $TICKS : $ticks;
}

# Answers wait behind a door until every secret is known that they could hold; nothing learns one afterwards.
my ($is_open, $is_blind, @held) = (0, 0);

# Learn what is secret. Where that breaks, nobody can say what would have to be hidden, and no text leaves.
sub learn {
  my ($how) = @_;
  eval { $how->(); 1 } or $is_blind = 1;
}

sub open_door {
  return if $is_open;
  $is_open = 1;
  learn(\&prepare_filter);
  my %own = (
    'zebu.containers' => sub { exists $value{CONTAINERS} ? hide_in_strings("[$value{CONTAINERS}]") : undef },
    'zebu.environment' => sub { @environment ? judged_environment() : undef },
    'zebu.env-files' => sub { defined $value{APP_DIR} && -d $value{APP_DIR} ? join("\n", @env_files, '') : undef },
    'zebu.host' => sub { join("\n", "root=$root", 'time=' . time, "project=" . ($value{PROJECT} // ''), "folder=" . ($value{APP_DIR} // ''),
      "role=" . ($value{APP_ROLE} // ''), "env_file=" . ($value{ENV_FILE} // ''), "env_trouble=$env_trouble", "backend=" . ($value{BACKEND_SERVICE} // ''),
      "databases=" . ($value{DB_SERVICES} // ''), "caches=" . ($value{REDIS_SERVICES} // ''), '') },
  );
  for my $name (sort keys %own) {
    my $text;
    my $kind = !eval { $text = $own{$name}->(); 1 } ? 'failed' : defined $text ? 'done' : 'missing';
    send_answer({ name => $name, kind => $kind, status => 0, took => 0, out => $text // '', err => $kind ne 'missing' ? '' : lacking($name eq 'zebu.env-files' && defined $why{APP_DIR} ? 'APP_DIR' : 'CONTAINERS') });
  }
  deliver($_) for splice @held;
}

sub deliver {
  my ($probe) = @_;
  if (!$is_open) { push @held, $probe; return }
  return if $probe->{is_told} || grep { !$_->{kind} } $probe, map { $_->[1] } @{ $probe->{others} || [] };
  $probe->{is_told} = 1;
  for my $other (@{ $probe->{others} || [] }) {
    my ($path, $job) = @$other;
    $probe->{out} .= join "\n", '', 'checkout=' . clean($path), "ended=$job->{kind} $job->{status}", $job->{out};
  }
  send_answer($probe);
}

# What would take too long to hide is lost alone: a child hides it, and the kernel's timer ends that child, wherever in a pattern it is.
# Some of the time is left for what comes behind. Short texts take no time worth a child. Both give what went wrong, or nothing.
my ($HIDE_SECONDS, $SHORT) = (30, 1024);

sub hide_here {
  my ($answer, $out, $err) = @_;
  eval { ($$out, $$err) = map { filtered($_ // '', $answer->{code}) } @$answer{qw(out err)}; 1 } or return 'what would hide its secrets broke';
  utf8::downgrade($_, 1) or utf8::encode($_) for $$out, $$err;    # lengths are of bytes
  return '';
}

sub hide_aside {
  my ($answer, $out, $err) = @_;
  my $left = int((($end // now() + 1000 * $seconds) + 8000 - now()) / 2000);
  my $allowed = $left < 1 ? 1 : $left < $HIDE_SECONDS ? $left : $HIDE_SECONDS;
  my $began = now();
  pipe my $from, my $to or return hide_here(@_);
  my $pid = fork // return hide_here(@_);
  if (!$pid) {
    $SIG{$_} = 'DEFAULT' for qw(HUP INT TERM PIPE ALRM);
    alarm $allowed;
    my $broken = hide_here(@_);
    binmode $to;
    print {$to} pack 'N/a* N/a* N/a*', $broken, $$out, $$err;
    POSIX::_exit(close($to) ? 0 : 1);
  }
  $hider = $pid;
  close $to;
  my $told = '';
  while (1) {
    my $got = sysread $from, $told, 65_536, length $told;
    last if defined $got ? !$got : !$!{EINTR};
  }
  waitpid $pid, 0;
  undef $hider;
  $unheard += now() - $began;    # meanwhile nobody looked whether they have ended
  return "to hide its secrets took longer than $allowed s" if ($? & 127) == POSIX::SIGALRM();
  return 'what would hide its secrets broke' if $?;
  (my $broken, $$out, $$err) = unpack 'N/a* N/a* N/a*', $told;
  return $broken;
}

sub send_answer {
  my ($answer) = @_;
  my ($kind, $out, $err) = ($answer->{kind}, '', '');
  my $is_short = length($answer->{out} // '') + length($answer->{err} // '') <= $SHORT;
  my $broken = $is_blind ? 'what would hide its secrets broke' : $is_short ? hide_here($answer, \$out, \$err) : hide_aside($answer, \$out, \$err);
  ($kind, $out, $err) = ('failed', '', $broken) if $broken ne '';
  put_out(sprintf("%s %s %s %d %d %d %d\n", $nonce, $answer->{name}, $kind, @$answer{qw(status took)}, length $out, length $err) . $out . $err);
}

eval { main(); 1 } or do { print STDERR "zebu: $@"; end_all() };
POSIX::_exit(0);
