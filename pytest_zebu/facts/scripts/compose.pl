# What compose would make of its files and `.env` now, beside what runs. Of each container of the project:
#   @service NAME gone|built|pulled REVISION CREATED, or @unreadable NAME where compose cannot read its files
# and of images that tell no revision:
#   @files NAME SAME OTHER ABSENT: its files beside the tree's
#   @built NAME after|same|other|unknown: made when the tree was at this commit; or at another, with the same files or others
# and of each container:
#   @environment NAME COUNT DIFFERING: how many variables compose would set, and the names of those that differ, or `-`
#   @port NAME PORT/PROTOCOL ADDRESS OUTSIDE LINE FILE: where a port is published; `-` is any address, or any port outside
# Environments are compared here: what is told is names.
use strict;
use warnings;
my $folder = $ENV{ZEBU_APP_DIR};

sub said {
  open my $in, '-|', @_ or exit 8;
  local $/;
  my $text = <$in> // '';
  close $in;    # so that its status is known
  return $text;
}
sub slurp { open my $in, '<', $_[0] or return undef; local $/; return <$in> // '' }
sub clean { my $text = shift // ''; $text =~ s/[^\x21-\x7e]/?/g; return length $text ? $text : '-' }

my $all = docker_containers(all => 1) // docker_end(9);
exit 9 if !@$all || !chdir $folder;
my $owner;
my %group;    # the containers of each set of files: they may have been made in several checkouts
for my $container (@$all) {
  my $label = $container->{Config}{Labels};
  my $place = $label->{'com.docker.compose.project.working_dir'} // '';
  $place = $ENV{ZEBU_APP_DIR} if $place eq '' || !-d $place;
  push @{ $group{ join "\0", $place, $label->{'com.docker.compose.project.config_files'} // '' } }, $container;
}
for my $key (sort keys %group) {
  ($folder, my $files) = split /\0/, $key, 2;
  local $ENV{ZEBU_APP_DIR} = $folder;
  $owner = getpwuid((stat $folder)[4]) // 'UNKNOWN';
  compare($files, @{ $group{$key} });
}

sub image {    # one that is gone has nothing to tell
  my ($id) = @_;
  my $told = $id =~ /^[\w:.-]+$/ ? docker_told("/images/$id/json") : {};
  docker_end(8) if ref $told ne 'HASH' && docker_trouble() !~ /with 404$/;
  return $told || {};
}

sub git {    # as the owner of the checkout
  return said('runuser', '-u', $owner, '--', 'sh', '-c', "$ENV{ZEBU_SH}\ngit \"\$@\"", 'sh', @_);
}

sub configuration {    # what compose makes of files, with all profiles or, where it cannot, without any; or nothing
  my ($files) = @_;
  return configured($files, '--profile', '*') || configured($files);
}

# Docker's command is a program that asks another one what it is and then starts it: where that is surely known, it is started at once, as Docker would.
# That it is: Docker's own program, one place where the system has it, and nobody who has set Docker's client otherwise.
sub composing {
  my @plugins = grep { -f && -x _ } map { "/usr/$_/docker/cli-plugins/docker-compose" } qw(local/lib local/libexec lib libexec);
  my ($docker) = ((grep { -f && -x _ } map { "$_/docker" } split /:/, $ENV{PATH} // ''), '');
  my $is_plain = @plugins == 1 && defined $ENV{HOME} && !-e "$ENV{HOME}/.docker" && !grep { /^DOCKER_C/ } keys %ENV;
  my $head = '';
  if ($is_plain && $docker eq '/usr/bin/docker' && open my $in, '<:raw', $docker) { read $in, $head, 4 }
  return qw(docker compose) if $head ne "\x7fELF";
  return ($plugins[0], 'compose');
}

sub configured {
  my ($files, @profiles) = @_;
  my @named = map { ('-f', $_) } split /,/, $files;
  my @compose = composing();
  my $pid = open(my $in, '-|') // exit 8;
  if (!$pid) {
    open STDERR, '>', '/dev/null';
    $ENV{DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND} = 'docker' if $compose[0] ne 'docker';    # so it knows who would have started it
    exec @compose, '-p', $ENV{ZEBU_PROJECT}, @profiles, '--project-directory', $folder, @named, qw(config --format json) or exit 127;
  }
  local $/;
  return <$in> // '';
}

sub compare {
  my ($files, @containers) = @_;
  # The files of variables that it was called with, where it was not `.env`.
  my ($given) = grep { defined && $_ ne '' } map { $_->{Config}{Labels}{'com.docker.compose.project.environment_file'} } @containers;
  local $ENV{COMPOSE_ENV_FILES} = $given if defined $given;
  my $made = configuration($files);
  if (!$made) {
    printf "\@unreadable %s\n", clean($_->{Config}{Labels}{'com.docker.compose.service'}) for @containers;
    return;
  }
  my $wanted = read_json($made);
  my %image = map { $_->{Image} => image($_->{Image}) } @containers;
  for my $container (@containers) {
    my $name = $container->{Config}{Labels}{'com.docker.compose.service'} // '';
    my $service = $wanted->{services}{$name};
    # A compose that knows no "all profiles" leaves a profile's services out, which are in the files for all that.
    if (!$service && grep { (slurp($_) // '') =~ /^\s+(?:\Q$name\E\s*:|["']\Q$name\E["']\s*:)/m } split /,/, $files) {
      printf "\@unreadable %s\n", clean($name);
      next;
    }
    my $image = $image{ $container->{Image} } || {};
    my $revision = ($image->{Config}{Labels} || {})->{'org.opencontainers.image.revision'};
    my $build = $service ? $service->{build} : undef;
    my $context = (ref $build ? $build->{context} : $build) // '';
    my @files;
    my $is_untold = ($revision // 'unknown') eq 'unknown' || $revision eq '';
    # An image that tells no revision is compared with the tree, file by file, where it has the files at all.
    @files = split /\0/, git('ls-files', '-z', '--', $context) if $context && $is_untold;
    printf "\@service %s %s %s %s\n", clean($name), !$service ? 'gone' : $context ? 'built' : 'pulled', clean($revision), clean($image->{Created});
    next if !$service;
    printf "\@built %s %s\n", clean($name), built_from($image->{Created}, $context) if $context && $is_untold;
    if (@files && $container->{State}{Pid}) {
      my $root = "/proc/$container->{State}{Pid}/root" . ($image->{Config}{WorkingDir} || '');
      printf "\@files %s %d %d %d\n", clean($name), compared($root, $context, @files);
    }
    my %base = pairs($image->{Config}{Env});
    my %runs = pairs($container->{Config}{Env});
    # A variable without a value is set only where the shell that calls compose has it.
    my %should = %{ $service->{environment} || {} };
    my %unset = map { $_ => 1 } grep { !defined $should{$_} } keys %should;
    delete @should{keys %unset};
    my @differ = grep { !is_same($runs{$_}, $should{$_}) } sort keys %should;
    # Docker's own settings of proxies come to every container that compose makes.
    push @differ, grep { !exists $should{$_} && !$unset{$_} && !/^(?:https?|ftp|no|all)_proxy$/i && ($base{$_} // "\0") ne $runs{$_} } sort keys %runs;
    printf "\@environment %s %d %s\n", clean($name), scalar keys %should, join(',', map { clean($_) } @differ) || '-';
    tell_ports($name, $files, $container->{HostConfig}{PortBindings} || {});
  }
}

sub tell_ports {
  my ($name, $files, $bindings) = @_;
  my (@lists, @entries);
  for my $file (map { m{^/} ? $_ : "$folder/$_" } split /,/, $files) {
    my ($list, @found) = ports_of($file, $name);
    push @lists, "$list " . clean(in_checkout($file)) if $list;
    push @entries, map { { %$_, at => "$_->{line} " . clean(in_checkout($file)) } } @found;
  }
  for my $port (sort keys %$bindings) {
    my ($inside, $protocol) = $port =~ m{^(\d+)/(\w+)$} or next;
    for my $bound (@{ $bindings->{$port} || [] }) {
      my ($address, $outside) = ($bound->{HostIp} // '', $bound->{HostPort} // '');
      my %by_rank;
      push @{ $by_rank{ rank($_, $inside, $protocol, $address, $outside) } }, $_->{at} for @entries;
      my ($best) = sort { $b <=> $a } grep { $_ } keys %by_rank;
      # Where several may be meant, and where none is understood, it is the list that they stand in.
      my $at = $best && @{ $by_rank{$best} } == 1 ? $by_rank{$best}[0] : $lists[0] // next;
      printf "\@port %s %s %s %s %s\n", clean($name), $port, clean($address), clean($outside), $at;
    }
  }
}

# How well an entry fits a port that is bound: its own address, its own port outside, or one that is not told; 0 where it is another.
sub rank {
  my ($entry, $inside, $protocol, $address, $outside) = @_;
  my ($first, $last) = ($entry->{target} // '') =~ /^(\d+)(?:-(\d+))?$/ or return 0;
  return 0 if $inside < $first || $inside > ($last // $first) || lc($entry->{protocol} // 'tcp') ne $protocol;
  my ($from, $to) = ($entry->{published} // '') =~ /^(\d+)(?:-(\d+))?$/;
  return 1 if !defined $from || $outside !~ /^\d+$/;
  $to //= $from;
  return 0 if $outside < $from || $outside > $to || ($to - $from == ($last // $first) - $first && $outside - $from != $inside - $first);
  return plain_address($entry->{host_ip}) eq plain_address($address) ? 3 : 2;
}

sub plain_address { my $text = shift // ''; $text =~ tr/[]//d; return $text eq '0.0.0.0' ? '' : $text }

sub in_checkout {    # a file, as it is called from the top of its checkout
  my ($file) = @_;
  for (my $top = $file; $top =~ s{/[^/]*$}{} && $top ne '';) { return substr $file, 1 + length $top if -e "$top/.git" }
  return $file;
}

# Of a file, the line that begins a service's list of ports, and its entries, each with its line. It is where people look, and
# decides nothing: what compose itself makes of its files does. What includes, anchors and variables say is not followed.
sub ports_of {
  my ($file, $name) = @_;
  return if !-f $file || -s _ > 1_048_576;
  my @lines = split /\n/, slurp($file) // '';
  my ($state, $depth, $child, $list, @entries) = ('', 0, 0);
  for my $number (1 .. @lines) {
    next if $lines[$number - 1] !~ /^(\s*)([^\s#].*?)\s*$/;
    my ($indent, $text) = (length $1, $2);
    if ($indent == 0 && $text !~ /^-/) { $state = $text =~ /^services\s*:/ ? 'services' : ''; next }
    next if !$state;
    $depth ||= $indent;    # of the names of services
    if ($indent <= $depth) { ($state, $child) = ($text =~ /^(["']?)\Q$name\E\1\s*:/ ? 'service' : 'services', 0); next }
    $child ||= $indent;    # of the keys of a service
    if ($state eq 'ports' && $indent == $child && $text !~ /^-/) { $state = 'service' }
    if ($state eq 'service' && $indent == $child && $text =~ /^ports\s*:\s*(\[?)(.*)/) {
      my ($is_flow, $flow) = ($1, $2);
      $state = 'ports';
      $list //= $number;
      push @entries, map { { line => $number, short($_) } } $flow =~ /[^\s,\[\]]+/g if $is_flow;
    }
    elsif ($state eq 'ports') {
      push @entries, { line => $number } if $text =~ s/^-\s*//;
      next if !@entries || $text eq '';
      my %told = $text =~ /^(\w+)\s*:(?:\s+(.*))?$/ ? ($1 => bare($2)) : short($text);
      @{ $entries[-1] }{ keys %told } = values %told;
    }
  }
  return ($list, @entries);
}

sub bare { my $text = shift // ''; $text =~ s/\s+#.*//; $text =~ s/^(["'])(.*)\1$/$2/; return $text }

sub short {    # an entry in a line: ADDRESS:OUTSIDE:INSIDE/PROTOCOL, of which only what is inside must be there
  my @told = bare($_[0]) =~ m{^(?:(?:(.*):)?([^:]*):)?(\d+(?:-\d+)?)(?:/(\w+))?$} or return;
  return (host_ip => $told[0], published => $told[1], target => $told[2], protocol => $told[3]);
}

sub epoch {    # of 2026-11-24T10:00:00.123Z
  my ($year, $month, $day, $hour, $minute, $second) = ($_[0] // '') =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/ or return;
  ($year, $month) = $month > 2 ? ($year, $month - 3) : ($year - 1, $month + 9);
  my $days = 365 * $year + int($year / 4) - int($year / 100) + int($year / 400) + int((153 * $month + 2) / 5) + $day - 719_469;
  return ((24 * $days + $hour) * 60 + $minute) * 60 + $second;
}

sub built_from {    # the log of HEAD tells which commit the tree was at when an image was made
  my ($created, $context) = @_;
  my $made = epoch($created) // return 'unknown';
  my @moves = map { /^([0-9a-f]{40,64}) HEAD@\{(\d+)\}$/ ? [$1, $2] : () } split /\n/, git(qw(log -g --date=unix -n 500), '--format=%H %gd', 'HEAD');
  return 'unknown' if !@moves;
  my ($head, $since) = @{ $moves[0] };
  for my $move (@moves) { last if $move->[0] ne $head; $since = $move->[1] }
  return 'after' if $made >= $since;
  my ($then) = grep { $_->[1] <= $made } @moves;
  return 'unknown' if !$then;
  git(qw(diff-tree --quiet -r --no-ext-diff --no-textconv), $then->[0], $head, '--', $context);
  return { 0 => 'same', 256 => 'other' }->{$?} // 'unknown';
}

sub pairs {    # an entry without an equals sign says that the variable is not set
  my ($entries) = @_;
  return map { my ($name, $text) = split /=/, $_, 2; ($name => $text) } grep { defined && /=/ } @{ $entries || [] };
}

sub is_same {    # compose writes a dollar as two, so that what it says can be read again; not every version does
  my ($runs, $should) = @_;
  (my $plain = $should) =~ s/\$\$/\$/g;
  return defined $runs && ($runs eq $plain || $runs eq $should);
}

sub compared {    # how many files are the same, other, and absent though their folder is there
  my ($root, $context, @files) = @_;
  my ($same, $other, $absent) = (0, 0, 0);
  for my $file (map { "$folder/$_" } splice @files, 0, 2000) {
    next if -l $file || !-f $file || -s $file > 1_048_576 || substr($file, 0, 1 + length $context) ne "$context/";
    my $inner = substr $file, 1 + length $context;
    my ($parent) = $inner =~ m{(.*)/};
    if (-f "$root/$inner" && !-l "$root/$inner") {
      my ($here, $there) = (slurp($file), slurp("$root/$inner"));
      if (!defined $here || !defined $there) { $absent++ }
      elsif ($here eq $there) { $same++ }
      else { $other++ }
    }
    elsif (defined $parent && -d "$root/$parent") { $absent++ }
  }
  return ($same, $other, $absent);
}
