# The far side of gathering: runs the probes of one request side by side, each with its own limits, and answers framed.
#
# It needs perl-base and a POSIX sh. In front of it stands json.pl, which reads JSON. It changes nothing. Before a byte leaves, the value of every secret in the
# application's .env files and in the containers' environments is replaced in all output.
#
# Request, after __END__: lines "KEY VALUE-LENGTH" each followed by that many bytes, until "GO 0".
# Answer: "ZEBU1 NONCE\n", then per probe "NAME KIND STATUS MILLISECONDS OUT-LENGTH ERR-LENGTH\n" and the bytes, at last
# "END NONCE\n". KIND is one of: done, timeout, truncated, needs-root, missing (a discovered value that the probe needs).
use strict;
use warnings;
use IO::Select;
use POSIX ();

my $SECRET_NAME = qr/PASSWORD|PASSWD|SECRET|TOKEN|PEPPER|PRIVATE|CREDENTIAL|API_?KEY|(?:^|_)KEY(?:$|_)|HMAC|DSN|SALT/i;
my $PLACEHOLDER = qr/change[-_ ]?me|your[-_ ]|example|placeholder|dev[-_](?:password|secret|key|api)|_dev_|^(?:demo|test|secret|password|postgres|admin|root|docker|changeme|zebu|papertrade)$|^sk_test_|^pk_test_|_HERE$/i;
my $TO_FILL_IN = qr/change[-_ ]?me|your[-_ ]|yourdomain|_HERE$|^<.*>$/i;
my %PLAIN = map { $_ => 1 } qw(APP_ENV APP_DEBUG APP_LOG_LEVEL CORS_ORIGINS POSTGRES_DB POSTGRES_USER APP_DB_USER
  VITE_API_BASE_URL VITE_CLERK_PUBLISHABLE_KEY MARKET_DATA_PROVIDER ALPHA_VANTAGE_RATE_LIMIT_PER_MIN ALPHA_VANTAGE_RATE_LIMIT_PER_DAY
  ALPHA_VANTAGE_DAILY_CAP DB_ECHO DB_POOL_SIZE DB_MAX_OVERFLOW DB_POOL_RECYCLE);
my $FILE_LIMIT = 65_536;
my %INTERPRETER = (sh => ['/bin/sh', '-c'], perl => ['perl', '-e']);

my $root = $> == 0;
my ($nonce, %setting, @probes) = ('');
my (%value, %secret, @environment, @env_files, %dotenv);

binmode STDOUT;
$ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';
$ENV{SSH_CONNECTION} = $ARGV[0] if @ARGV;    # sudo does not keep it
delete @ENV{grep { /^(?:DOCKER|COMPOSE|GIT|PG)/ } keys %ENV};

# Milliseconds since boot, from the kernel: perl-base has no monotonic clock.
sub now {
  open my $file, '<', '/proc/uptime' or return 1000 * time;
  return int(1000 * (split ' ', <$file>)[0]);
}

sub read_request {
  my ($probe);
  while (defined(my $line = <main::DATA>)) {
    my ($key, $length) = $line =~ /^([A-Za-z_]+) (\d+)$/ or die "garbled request\n";
    my $bytes = '';
    $length == 0 or read(main::DATA, $bytes, $length) == $length or die "short request\n";
    if ($key eq 'GO') { return }
    elsif ($key eq 'nonce') { $nonce = $bytes }
    elsif ($key eq 'probe') { push @probes, $probe = { name => $bytes } }
    elsif ($key =~ /^set_(\w+)$/) { $setting{$1} = $bytes }
    elsif ($key =~ /^env_(\w+)$/) { $probe->{told}{"ZEBU_$1"} = $bytes }
    else { $probe->{$key} = $bytes }
  }
  die "request without end\n";
}

# Children

my (%child, $select);
my (@waiting, $running);
my $at_once = 8;    # or four times the processors, if there are more: the machine has its own work to do

sub count_processors {
  open my $file, '<', '/proc/cpuinfo' or return 1;
  return scalar grep { /^processor\s*:/ } <$file>;
}

# What takes longest goes first, so that nothing long is left for the end.
sub queue {
  my ($job) = @_;
  @waiting = sort { $b->{timeout} <=> $a->{timeout} || $a->{name} cmp $b->{name} } @waiting, $job;
  start_waiting();
}

sub start_waiting {
  start(shift @waiting) while @waiting && $running < $at_once;
}

sub start {
  my ($job) = @_;
  pipe my $out, my $out_w or die "pipe: $!\n";
  pipe my $err, my $err_w or die "pipe: $!\n";
  my $pid = fork // die "fork: $!\n";
  if (!$pid) {
    setpgrp 0, 0;
    # A pipe holds 64 KiB: what is written before anybody reads must fit.
    if (defined $job->{input}) {
      pipe my $in, my $in_w or POSIX::_exit(125);
      syswrite $in_w, substr $job->{input}, 0, 65_536;
      close $in_w;
      open STDIN, '<&', $in;
    } else {
      open STDIN, '<', '/dev/null';
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
    $ENV{$_} = $job->{env}{$_} for keys %{ $job->{env} || {} };
    exec @{ $job->{argv} } or POSIX::_exit(127);
  }
  close $_ for $out_w, $err_w;
  $running++;
  $job->{$_} = '' for qw(out err);
  @$job{qw(pid began open)} = ($pid, now(), 2);
  $child{ fileno $out } = [$job, 'out', $out];
  $child{ fileno $err } = [$job, 'err', $err];
  $select->add($out, $err);
}

sub finish {
  my ($job, $kind) = @_;
  return if $job->{kind};
  kill 'KILL', -$job->{pid};
  for my $fd (keys %child) {
    next if $child{$fd}[0] != $job;
    $select->remove($child{$fd}[2]);
    close $child{$fd}[2];
    delete $child{$fd};
  }
  waitpid $job->{pid}, 0;
  my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
  @$job{qw(kind status took)} = ($kind, $kind eq 'done' ? $status : 255, now() - $job->{began});
  $running--;
  $job->{then}->($job) if $job->{then};
  start_waiting();
}

sub pump {
  while (%child) {
    for my $handle ($select->can_read(0.05)) {
      my $entry = $child{ fileno($handle) // -1 } or next;
      my ($job, $stream) = @$entry;
      my $got = sysread $handle, my $bytes, 65_536;
      if ($got) {
        my $limit = $stream eq 'out' ? $job->{limit} : 4096;
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
    my %seen;
    for my $job (grep { !$seen{$_}++ } map { $_->[0] } values %child) {
      finish($job, 'timeout') if $now - $job->{began} > 1000 * $job->{timeout};
    }
  }
}

# Discovery: the project's containers, their environments, the application's folder, its .env files

# A container without a health check has no such key: index gives null where a field would be an error.
my $INSPECT = join '', map { "$_\n" }
  '{{.Id}}', '{{json .Config.Labels}}', '{{json .Config.Env}}',
  '{{range $name, $network := .NetworkSettings.Networks}}{{$network.IPAddress}} {{end}}', '{{.State.Running}}',
  '{"Id":{{json .Id}},"Name":{{json .Name}},"Created":{{json .Created}},"Image":{{json .Image}},"RestartCount":{{json .RestartCount}},'
  . '"State":{{json .State}},"Labels":{{json .Config.Labels}},"ConfigImage":{{json .Config.Image}},"Healthcheck":{{json (index .Config "Healthcheck")}},'
  . '"RestartPolicy":{{json .HostConfig.RestartPolicy}},"Memory":{{json .HostConfig.Memory}},"NanoCpus":{{json .HostConfig.NanoCpus}},"CpuQuota":{{json .HostConfig.CpuQuota}},"CpuPeriod":{{json .HostConfig.CpuPeriod}},'
  . '"LogConfig":{{json .HostConfig.LogConfig}},"Privileged":{{json .HostConfig.Privileged}},"NetworkMode":{{json .HostConfig.NetworkMode}},'
  . '"Ports":{{json .NetworkSettings.Ports}},"PortBindings":{{json .HostConfig.PortBindings}},"Networks":{{json .NetworkSettings.Networks}},"Mounts":{{json .Mounts}}}';

sub discover_containers {
  my ($job) = @_;
  return if $job->{kind} ne 'done' || $job->{status} != 0;
  my @lines = split /\n/, $job->{out};
  my (@mine, %projects, @json);
  while (my ($id, $labels, $env, $address, $running) = splice @lines, 0, 5) {
    my $shown = shift @lines;
    last if !defined $shown;
    shift @lines if @lines && $lines[0] eq '';
    my ($label, $pairs) = map { eval { read_json($_) } } $labels, $env;
    my %label = ref $label eq 'HASH' ? %$label : ();
    my $project = $label{'com.docker.compose.project'} // '';
    $projects{$project} = 1 if $project ne '';
    push @mine, { id => $id, label => \%label, project => $project, address => (split ' ', $address)[0] // '',    # an empty list would shift the rest
      running => $running eq 'true', env => ref $pairs eq 'ARRAY' ? $pairs : [] };
    push @json, $shown;
  }
  $value{CONTAINERS} = join ",\n", @json;
  for my $container (@mine) {
    # What everybody knows is no secret; hiding a word such as "test" would hide it everywhere.
    for my $pair (@{ $container->{env} }) { my ($name, $text) = split /=/, $pair, 2; remember_secrets($name, $text) if ($text // '') !~ $PLACEHOLDER }
  }
  my $project = $setting{project} // (keys %projects == 1 ? (keys %projects)[0] : undef);
  if (!defined $project) {
    my %with = map { $_->{project} => 1 } grep { ($_->{label}{'com.docker.compose.service'} // '') eq 'backend' } @mine;
    ($project) = keys %with if keys %with == 1;
  }
  return if !defined $project;
  $value{PROJECT} = $project;
  for my $container (grep { $_->{project} eq $project } @mine) {
    my %env = map { split /=/, $_, 2 } grep { /=/ } @{ $container->{env} };
    my $service = $container->{label}{'com.docker.compose.service'} // '';
    push @environment, ["container:$service", $_, $env{$_}] for sort keys %env;
    $value{APP_DIR} //= $container->{label}{'com.docker.compose.project.working_dir'};
    if (exists $env{POSTGRES_PASSWORD} && exists $container->{label}{'com.docker.compose.service'} && ($service eq 'db' || $service =~ /postgres|database/)) {
      $value{DB_CONTAINER} = $container->{id};
      $value{DB_ADDRESS} = $container->{address} if $container->{address};
      $value{DB_ADMIN} = $env{POSTGRES_USER} // 'postgres';
      $value{DB_NAME} //= $env{POSTGRES_DB} // $value{DB_ADMIN};
    }
    $value{FRONTEND_ADDRESS} //= $container->{address} if $service eq 'frontend' && $container->{address};
    $value{REDIS_CONTAINER} //= $container->{id} if $service =~ /redis|valkey|cache/ && $container->{running};
    if ($service eq 'backend' || (exists $env{DATABASE_URL} && !exists $value{BACKEND_CONTAINER})) {
      $value{BACKEND_CONTAINER} = $container->{id} if $container->{running};
      if (($env{DATABASE_URL} // '') =~ m{^[a-z0-9+]+://([^:/@]+)(?::[^@]*)?@[^/]*/([^?]+)}) {
        @value{qw(APP_ROLE APP_DATABASE)} = map { unescape($_) } $1, $2;
        $value{DB_NAME} = $value{APP_DATABASE};
      }
    }
  }
}

sub unescape { my ($text) = @_; $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; return $text }

sub remember_secrets {
  my ($name, $text) = @_;
  return if !defined $text || $text eq '';
  if ($text =~ m{://[^/:@]*:([^@/]+)@}) { $secret{$_} = 1 for $1, unescape($1) }
  $secret{$text} = 1 if $name =~ $SECRET_NAME && !$PLAIN{$name} && length $text;
}

sub parse_env {    # as docker compose reads it
  my ($text) = @_;
  my @found;
  for my $line (split /\r?\n/, $text) {
    next if $line =~ /^\s*(?:#|$)/;
    my ($name, $rest) = $line =~ /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/ or next;
    if ($rest =~ /^'([^']*)'/) { $rest = $1 }
    elsif ($rest =~ /^"((?:[^"\\]|\\.)*)"/) { $rest = $1; $rest =~ s/\\(.)/$1/g }
    else { $rest =~ s/(?:^|\s+)#.*$// }
    push @found, [$name, $rest];
  }
  return @found;
}

sub slurp {
  my ($path) = @_;
  return if -l $path && !-e $path or !-f $path;
  sysopen my $file, $path, 0 or return;
  my $text = '';
  read $file, $text, $FILE_LIMIT;
  return $text;
}

sub discover_files {
  $value{APP_DIR} = $setting{app_directory} if defined $setting{app_directory};
  my $folder = $value{APP_DIR} // return;
  my $handle;
  opendir $handle, $folder or return;
  my @names = sort grep { /^\.env|\.env$|^env\./ && -f "$folder/$_" } readdir $handle;
  closedir $handle;
  my %text = map { $_ => slurp("$folder/$_") } splice @names, 0, 50;
  for my $name (sort keys %text) {
    next if !defined $text{$name};
    remember_secrets(@$_) for grep { $_->[1] !~ $PLACEHOLDER } parse_env($text{$name});
  }
  if (defined $text{'.env'}) {
    %dotenv = map { @$_ } parse_env($text{'.env'});
    push @environment, ['.env', $_, $dotenv{$_}] for sort keys %dotenv;
    $value{ENV_FILE} = '.env';
  }
  # What the example declares: its values are no secrets, and are not sent.
  my ($example) = grep { defined $text{$_} } '.env.production.example', '.env.prod.example', '.env.example', '.env.sample';
  if (defined $example) { push @environment, map { ['example', @$_] } parse_env($text{$example}) }
  for my $name (sort keys %text) {
    my @stat = stat "$folder/$name" or next;
    my $user = getpwuid($stat[4]) // $stat[4];
    my $group = getgrgid($stat[5]) // $stat[5];
    my $holds = !defined $text{$name} ? 'unreadable'
      : (grep { length($_) >= 8 && index($text{$name}, $_) >= 0 } keys %secret) ? 'secrets' : 'none';
    push @env_files, join "\t", sprintf('%04o', $stat[2] & 07777), $user, $group, $holds, clean($name);
  }
  my @owner = stat $folder;
  $value{OWNER} = "$owner[4] $owner[5]" if @owner;
}

sub clean { my ($text) = @_; $text =~ s/[^\x20-\x7e]/?/g; return $text }

sub judged_environment {    # one line per variable: where, name, length, distinct, classes, placeholder, group, value if it is no secret
  my (%group, @lines);
  for my $row (@environment) {
    my ($where, $name, $text) = @$row;
    $text //= '';
    my %distinct = map { $_ => 1 } split //, $text;
    my $classes = join '', map { $text =~ $_->[1] ? $_->[0] : '' } ['a', qr/[a-z]/], ['A', qr/[A-Z]/], ['0', qr/[0-9]/], ['!', qr/[^A-Za-z0-9]/];
    my $group = $group{$text} //= 1 + keys %group;
    my $plain = $PLAIN{$name} && !$secret{$text} ? clean(substr $text, 0, 500) : '';
    push @lines, join "\t", clean($where), clean($name), length $text, scalar keys %distinct, $classes || '-',
      $text =~ ($where eq 'example' ? $TO_FILL_IN : $PLACEHOLDER) ? 'placeholder' : 'own', $group, $plain;
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
  my ($text) = @_;
  for my $pattern (@hidden, @hidden_words) { $text =~ s/$pattern/[redacted]/g }
  return $text;
}

# The run

sub start_probe {
  my ($probe) = @_;
  my %env = map { ("ZEBU_$_" => $value{$_}) } grep { !/^(?:CONTAINERS)$/ && !/\0/ } keys %value;
  $env{"ZEBU_SET_\U$_"} = $setting{$_} for keys %setting;
  %env = (%env, %{ $probe->{told} || {} });
  for my $need (split ' ', $probe->{needs} // '') {
    next if exists $value{$need};
    @$probe{qw(kind status took out err)} = ('missing', 255, 0, '', $need);
    return;
  }
  if ($probe->{root} && !$root) {
    @$probe{qw(kind status took out err)} = ('needs-root', 255, 0, '', '');
    return;
  }
  if ($probe->{dotenv}) { $env{"DOTENV_$_"} = $dotenv{$_} for grep { defined $dotenv{$_} && $dotenv{$_} !~ /\0/ } keys %dotenv }
  $probe->{input} = join '', map { "$_\n" } sort grep { length($_) >= 8 && !/\n/ } keys %secret if $probe->{secrets};
  my @as;
  if ($probe->{owner} && $root && exists $value{OWNER}) {
    my @ids = split ' ', $value{OWNER};
    @as = (as => \@ids) if $ids[0] != 0;
  }
  $probe->{$_} ||= { timeout => 10, limit => 262_144 }->{$_} for qw(timeout limit);
  @$probe{qw(argv env)} = ([@{ $INTERPRETER{ $probe->{interpreter} } }, $probe->{script}], \%env);
  $probe->{as} = $as[1] if @as;
  queue($probe);
}

sub main {
  read_request();
  $select = IO::Select->new;
  $running = 0;
  my $processors = count_processors();
  $at_once = 4 * $processors if 4 * $processors > $at_once;
  my $discovered = sub {
    discover_containers($_[0]);
    discover_files();
    start_probe($_) for grep { $_->{waits} } @probes;
  };
  start({
    argv => ['/bin/sh', '-c', 'ids=$(docker ps -aq --no-trunc) || exit 9; [ -n "$ids" ] || exit 0; exec docker inspect --format "$FORMAT" $ids'],
    env => { FORMAT => $INSPECT }, timeout => $setting{discovery_timeout} || 10, limit => 4_194_304, then => $discovered });
  start_probe($_) for grep { !$_->{waits} } @probes;
  pump();
  prepare_filter();
  my %own = (
    'zebu.containers' => exists $value{CONTAINERS} ? "[$value{CONTAINERS}]" : undef,
    'zebu.environment' => @environment ? judged_environment() : undef,
    'zebu.env-files' => defined $value{APP_DIR} && -d $value{APP_DIR} ? join("\n", @env_files, '') : undef,
    'zebu.host' => join("\n", "root=$root", 'time=' . time, "project=" . ($value{PROJECT} // ''), "folder=" . ($value{APP_DIR} // ''),
      "role=" . ($value{APP_ROLE} // ''), "env_file=" . ($value{ENV_FILE} // ''), ''),
  );
  print "ZEBU1 $nonce\n";
  for my $name (sort keys %own) {
    push @probes, { name => $name, kind => defined $own{$name} ? 'done' : 'missing', status => 0, took => 0,
      out => $own{$name} // '', err => defined $own{$name} ? '' : 'CONTAINERS' };
  }
  for my $probe (@probes) {
    my ($out, $err) = map { filtered($_ // '') } @$probe{qw(out err)};
    printf "%s %s %d %d %d %d\n", @$probe{qw(name kind status took)}, length $out, length $err;
    print $out, $err;
  }
  print "END $nonce\n";
}

$| = 0;
eval { main(); 1 } or do { print STDERR "zebu: $@"; POSIX::_exit(3) };
close STDOUT;
POSIX::_exit(0);
