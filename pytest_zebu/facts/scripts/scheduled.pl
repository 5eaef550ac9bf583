# What the schedulers of a machine start: systemd's timers, those of users, and cron's tables as Debian's cron takes them.
# Nothing is run but systemctl and systemd-analyze, to ask. A job is a hash: kind, name, and what its kind has.
use strict;
use warnings;

my $MOST_TABLE = 65_536;
# What is asked of services: all that systemd tells is twenty times as much.
my @OF_SERVICE = map { ('-p', $_) } qw(Id ExecStartPre ExecStart ExecStartPost User WorkingDirectory Environment Result ExecMainExitTimestamp ConditionResult ConditionTimestamp OnFailure);
my $ROOT = 0;    # whose the system's tables are

sub asked {    # what a command says, in the C locale and in UTC; nothing if it fails or takes too long
  my ($given, @command) = @_;
  my $pid = open(my $in, '-|');
  if (!defined $pid) { unrun($command[0]); return '' }
  if (!$pid) {
    open STDERR, '>', '/dev/null';
    open STDIN, '<', '/dev/null';
    alarm 1 + int(($given->{seconds} || 4) * ($ENV{ZEBU_SLOWER} || 1));    # longer on a busy machine
    $ENV{LC_ALL} = 'C';
    $ENV{TZ} = 'UTC';
    if (my $user = $given->{user}) {
      my ($uid, $gid) = (getpwnam $user)[2, 3];
      %ENV = (PATH => '/usr/bin:/bin', LC_ALL => 'C', TZ => 'UTC', XDG_RUNTIME_DIR => "/run/user/$uid", DBUS_SESSION_BUS_ADDRESS => "unix:path=/run/user/$uid/bus");
      $) = "$gid $gid";
      $( = $gid;
      $< = $> = $uid;
    }
    exec { $command[0] } @command or unstarted($command[0]);
  }
  local $/;
  my $said = <$in> // '';
  close $in;
  unrun($command[0]) if is_killed($?);
  ${ $given->{failed} } = 1 if $? && $given->{failed};
  return $? && !$given->{anyway} ? '' : $said;
}

sub shown {    # what systemctl shows of units: hashes of lists
  my ($text) = @_;
  my @found;
  for my $block (split /\n\n+/, $text) {
    my %unit;
    for (split /\n/, $block) { push @{ $unit{$1} }, $2 if /^(\w+)=(.*)$/ }
    push @found, \%unit if $unit{Id};
  }
  return @found;
}

sub moment {    # seconds since 1970 of a moment as systemd writes it in UTC; 0 where it has none
  my ($text) = @_;
  return $1 if ($text // '') =~ /^@(\d+)/;
  return 0 unless ($text // '') =~ /(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)/;
  my ($year, $month, $day, $hour, $minute, $second) = ($1, $2, $3, $4, $5, $6);
  my $y = $month <= 2 ? $year - 1 : $year;
  my $era = int($y / 400);
  my $of_era = $y - $era * 400;
  my $of_year = int((153 * ($month + ($month > 2 ? -3 : 9)) + 2) / 5) + $day - 1;
  my $days = $era * 146_097 + $of_era * 365 + int($of_era / 4) - int($of_era / 100) + $of_year - 719_468;
  return (($days * 24 + $hour) * 60 + $minute) * 60 + $second;
}

sub timers {    # of the machine, or of a user; it is told where they could not be listed
  my ($user, $failed) = @_;
  my $given = { user => $user, failed => $failed };
  my @ctl = ($given, 'systemctl', $user ? '--user' : ());
  my @timers = grep { ($_->{Unit}[0] // '') =~ /^[A-Za-z0-9@_.:\\-]+$/ && $_->{Id}[0] =~ /^[A-Za-z0-9@_.:\\-]+$/ }
    shown(asked(@ctl, 'show', '*.timer', map { ('-p', $_) } qw(Id Unit UnitFileState ActiveState WantedBy RequiredBy TimersCalendar TimersMonotonic)));
  return () unless @timers;
  my %service = map { $_->{Id}[0] => $_ } shown(asked(@ctl, 'show', @OF_SERVICE, '--', (map { $_->{Unit}[0] } @timers)));
  return map { { kind => 'timer', name => $_->{Id}[0], owner => $user // '', timer => $_, service => $service{ $_->{Unit}[0] } || {} } } @timers;
}

sub lingering {    # users with a manager of systemd's, and whether it is there without a login
  my %found;
  for (glob('/run/user/[0-9]*')) { my $name = m{/(\d+)$} && $1 && -S "$_/systemd/private" ? getpwuid $1 : undef; $found{$name} = 0 if defined $name }
  for my $name (keys %found) { $found{$name} = 1 if -e "/var/lib/systemd/linger/$name" }
  return %found;
}

sub started {    # the commands of a service: each as the words, or the text that a shell is given
  my ($service) = @_;
  my @found;
  for my $key (qw(ExecStartPre ExecStart ExecStartPost)) {
    for (@{ $service->{$key} || [] }) {
      next unless /path=(.*?) ; argv\[\]=(.*) ; (?:ignore_errors|flags)=/;
      my ($path, $line) = ($1, $2);
      $line =~ s/\$\$/\$/g;
      # Quotes are not shown: all that stands behind -c is one word.
      if ($line =~ m{^(?:\S*/)?(?:ba|da|z|k)?sh\s+(-\w*c)\s+(.*)$}s) { push @found, [$path, $1, $2] }
      else { my (undef, @words) = split ' ', $line; push @found, [$path, @words] }
    }
  }
  return @found;
}

sub tables {    # cron's tables: each a hash: file, why it is ignored, entries
  my ($flavour) = @_;
  my @found;
  for my $file ('/etc/crontab', sort glob('/etc/cron.d/*')) { push @found, table($file, undef, $flavour) if -e $file || -l $file }
  for my $folder ('/var/spool/cron/crontabs', '/var/spool/cron') {
    for my $file (sort glob("$folder/*")) { my ($user) = $file =~ m{([^/]+)$}; push @found, table($file, $user, $flavour) if -f $file || -l $file }
  }
  return @found;
}

sub table {
  my ($file, $user, $flavour) = @_;
  my $found = { file => $file, ignored => '', entries => [] };
  my ($name) = $file =~ m{([^/]+)$};
  my @link = lstat $file;
  my $is_link = -l _;
  my @is = stat $file;
  my $is_file = -f _;
  if (!@is) { $found->{ignored} = 'leads nowhere' }
  elsif (!$is_file) { return () }
  elsif (!defined $user) {
    if ($file ne '/etc/crontab' && $name !~ /^[A-Za-z0-9_-]+$/) {
      return () if $name =~ /^\.|~$|\.(?:dpkg-\w+|placeholder|swp)$/;
      $found->{ignored} = 'has a name that cron leaves out';
    }
    elsif ($is_link && $link[4] != $ROOT) { $found->{ignored} = 'is a link that is not root\'s' }
    elsif ($is[4] != $ROOT) { $found->{ignored} = 'is not root\'s' }
    elsif ($is[2] & 022) { $found->{ignored} = 'may be written by others than root' }
    elsif ($is[3] != 1) { $found->{ignored} = 'has a second name (a hard link)' }
  }
  else {
    my $uid = getpwnam $user;
    if (!defined $uid) { $found->{ignored} = 'is of a user that there is not' }
    elsif ($is_link) { $found->{ignored} = 'is a link' }
    elsif ($is[4] != $uid && $is[4] != $ROOT) { $found->{ignored} = "is not $user\'s" }
    elsif (($is[2] & 07777 & ~0400) != 0200) { $found->{ignored} = 'has another mode than 600' }
    elsif ($is[3] != 1) { $found->{ignored} = 'has a second name (a hard link)' }
  }
  my $text = '';
  if (!open my $in, '<', $file) { $found->{unread} = 'cannot be read' if @is }
  else { read $in, $text, $MOST_TABLE + 1; close $in }
  $found->{unread} = 'is too long' if length $text > $MOST_TABLE;
  # The other crons take what Debian's does not: what is told of these tables then is no more than what stands in them.
  $found->{ignored} = '' if $flavour ne 'debian' && $found->{ignored} !~ /nowhere|there is not/;
  my %env;
  my $last = '';
  for my $line (split /\n/, $text) {
    $line =~ s/^[ \t]+//;
    next if $line eq '' || $line =~ /^#/;
    $last = $line;
    if ($line =~ /^(?:"([^"]*)"|'([^']*)'|([A-Za-z_]\w*))[ \t]*=[ \t]*(.*?)[ \t]*$/) {
      my ($key, $value) = ($1 // $2 // $3, $4);
      $value =~ s/^(["'])(.*)\1$/$2/;
      $env{$key} = $value;
      next;
    }
    my $entry = { env => {%env}, bad => '', schedule => '', user => $user // '', command => '' };
    push @{ $found->{entries} }, $entry;
    if ($line =~ s/^(\@\w+)(?:[ \t]+|$)//) { $entry->{schedule} = $1 }
    elsif ($line =~ s/^((?:[^ \t]+[ \t]+){4}[^ \t]+)(?:[ \t]+|$)//) { ($entry->{schedule} = $1) =~ s/[ \t]+/ /g }
    else { $entry->{bad} = 'a line that is no entry'; next }
    if (!defined $user) {
      if ($line !~ s/^([^ \t]+)[ \t]+(?=[^ \t])//) { $entry->{bad} = 'an entry without a user and a command'; next }
      $entry->{user} = $1;
      $entry->{bad} = "an entry for a user that there is not" if !defined getpwnam $1;
    }
    elsif ($line eq '') { $entry->{bad} = 'an entry without a command' }
    $entry->{bad} = 'an entry that is too long' if length $line >= 998;
    $entry->{line} = $line;
    # An unescaped % ends the command; what follows is its input.
    ($entry->{command}) = $line =~ /^((?:[^\\%]|\\.|\\\z)*)/s;
    $entry->{command} =~ s/\\%/%/g;
    $entry->{command} =~ s/\r$//;
  }
  $found->{ignored} ||= 'has no newline at the end of its last line' if $flavour eq 'debian' && $text =~ /[^\n]\z/ && $text !~ /(?:^|\n)[ \t]*#[^\n]*\z/;
  return $found;
}

sub cron {    # which cron there is, and how it is: flavour, active, enabled
  my @units = grep { ($_->{LoadState}[0] // '') eq 'loaded' }
    shown(asked({ anyway => 1 }, qw(systemctl show cron.service crond.service cronie.service bcron.service busybox-crond.service cron.target),
      map { ('-p', $_) } qw(Id LoadState ActiveState UnitFileState)));
  my ($best) = sort { ($b->{ActiveState}[0] eq 'active') <=> ($a->{ActiveState}[0] eq 'active') } grep { $_->{ActiveState} } @units;
  my $flavour = 'debian';
  for (['cronie', 'cronie'], ['bcron', 'bcron'], ['systemd-cron', 'systemd-cron'], ['busybox', 'busybox-static']) {
    my ($kind, $package) = @$_;
    $flavour = $kind if -e "/var/lib/dpkg/info/$package.list" && !-e '/var/lib/dpkg/info/cron.list' && (-e "/usr/sbin/crond" || $kind ne 'busybox');
  }
  $flavour = 'cronie' if $flavour eq 'debian' && !-e '/usr/sbin/cron' && -e '/usr/sbin/crond';
  return ($flavour, $best->{ActiveState}[0], $best->{UnitFileState}[0] // '') if $best;
  # Where systemd knows of none: a process of that name, and none of a container's.
  my $own = readlink '/proc/self/ns/pid';
  for (glob '/proc/[0-9]*') {
    open my $in, '<', "$_/comm" or next;
    chomp(my $comm = <$in> // '');
    return ($flavour, 'active', '') if $comm =~ /^crond?$/ && (readlink("$_/ns/pid") // '') eq ($own // '-');
  }
  my $said = asked({ anyway => 1 }, qw(systemctl is-active cron crond));
  return ($flavour, $said =~ /^active$/m ? 'active' : 'inactive', '');
}

sub commands_of {    # all that a job runs: told is called as the reader of shell scripts does
  my ($job, $told, %given) = @_;
  my %seen;
  $given{units} = sub {    # a unit that a command starts
    my ($unit, $state) = @_;
    $unit .= '.service' unless $unit =~ /\.(?:service|socket|timer|target|path|mount|automount|swap|slice|scope|device)$/;
    return if $seen{$unit}++;
    my ($service) = keys %seen > 10 ? () : shown(asked({}, 'systemctl', 'show', '--', $unit));
    # Of what cannot be asked for nobody knows what it runs; without systemd, it runs nothing.
    if (!$service) { sh_unread($state, "systemctl start $unit", 'starts a unit that could not be read') if -d '/run/systemd/system' }
    else { shell_argv($_, $state->{told}, %given, sure => $state->{sure}) for started($service) }
  };
  if ($job->{kind} eq 'timer') {
    my $service = $job->{service};
    my $user = $service->{User}[0] || $job->{owner} || 'root';
    my $folder = $service->{WorkingDirectory}[0] // '';
    $folder =~ s/^!|^-//;
    my $home = (getpwnam $user)[7] // '/root';
    $folder = $home if $folder eq '~';
    my %vars;
    for (@{ $service->{Environment} || [] }) { for (split ' ') { $vars{$1} = $2 if /^(PATH|PG\w+)=([^"']*)$/ && $1 ne 'PGPASSWORD' } }
    for my $command (started($service)) { shell_argv($command, $told, %given, user => $user, cwd => $folder || '/', home => $home, vars => {%vars}) }
    return;
  }
  my $home = (getpwnam $job->{user})[7] // '/';
  my %vars = map { $_ => $job->{env}{$_} } grep { $_ ne 'PGPASSWORD' } keys %{ $job->{env} };
  if (($vars{SHELL} // '/bin/sh') !~ m{(?:^|/)(?:ba|da|z|k|a)?sh$}) { $told->('@unread', $job->{name}, 'is run by another shell than known'); return }
  shell_run($job->{command}, $told, %given, user => $job->{user}, cwd => $home, home => $home, vars => {%vars}, name => 'its command');
}
