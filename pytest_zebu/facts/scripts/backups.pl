# The dumps: `@absent`, or `@here FREE`; then `@copy ...` and what is there: `@file SIZE HELD MADE STATE NAME`, `@cut NUMBER SIZE`, `@unread WHY`.
#
# Of both folders where they lie: `@place here|copy TYPE ID HOST DISKS SOURCE`, `@unmounted FOLDER`; of what keeps backups in
# a repository of its own: `@repository TOOL FOLDER`, `@saved MADE STATE CLUSTER NAME`. A copy on another machine is listed
# the way that the machine itself reaches it; nothing is written there.
use strict;
use warnings;

my ($folder, $pattern, $copy) = map { told($_) } qw(FOLDER PATTERN COPY);
my $now = time;
my $most_bytes = 100_000;       # of a list, that are sent
my $oldest_kept = 20;           # of a list that is too long, how many of its oldest are sent
my $recent = 900;               # what was changed within so many seconds may still be written to

# Where a folder lies

sub mounts {
  my %found;
  open my $file, '<', '/proc/self/mountinfo' or return \%found;
  while (my $line = <$file>) {
    my ($before, $after) = split / - /, $line, 2;
    my ($id, undef, $device, undef, $point) = split / /, $before;
    my ($type, $source, $options) = split ' ', $after // '';
    s/\\([0-7]{3})/chr oct $1/ge for $point, $source;
    $found{$id} = { device => $device, point => $point, type => $type, source => $source, options => $options // '' };
  }
  return \%found;
}

# The mount that a path is on, as the kernel says: others may lie over or under it.
sub mount_of {
  my ($path) = @_;
  sysopen my $file, $path, nonblock() or return;
  my ($id) = (slurp('/proc/self/fdinfo/' . fileno $file) // '') =~ /^mnt_id:\s*(\d+)/m;
  return defined $id ? mounts()->{$id} : undef;
}

# The disks under a block device: through partitions, logical volumes, encryption, arrays, and files that are mounted.
sub disks {
  my ($device, $level) = @_;
  my $link = readlink "/sys/dev/block/$device" or return ('?');
  my ($last) = $link =~ m{([^/]+)\z};
  return ('?') if $level > 8;
  return ('memory') if $last =~ /^(?:zram|ram)\d/;
  my $base = "/sys/class/block/$last";
  if (-e "$base/partition") {
    my ($parent) = $link =~ m{([^/]+)/[^/]+\z};
    return disks(first_line("/sys/class/block/$parent/dev") // '', $level + 1);
  }
  if (defined(my $file = first_line("$base/loop/backing_file"))) {
    my ($its_folder) = $file =~ m{^(.*)/};
    my $mount = defined $its_folder ? mount_of($its_folder eq '' ? '/' : $its_folder) : undef;
    return defined $mount ? disks_of_mount($mount, $level + 1) : ('?');
  }
  my @slaves = entries("$base/slaves");
  return map { disks(first_line("/sys/class/block/$_/dev") // '', $level + 1) } @slaves if @slaves;
  return ("net:$last") if $last =~ /^(?:nbd|rbd)\d/ || $link =~ m{/session\d+/|/rport-|nvme-fabrics|/vhost-user};
  return ($last);
}

sub disks_of_mount {
  my ($mount, $level) = @_;
  return ('zfs:' . (split m{/}, $mount->{source})[0]) if $mount->{type} eq 'zfs';
  return () if $mount->{source} !~ m{^/};
  my ($major, $minor) = split /:/, $mount->{device};
  # btrfs counts devices of its own; the source is the disk.
  if ($major == 0) {
    my $device = (stat $mount->{source})[6];
    return ('?') if !$device;
    ($major, $minor) = (($device >> 8) & 0xfff, ($device & 0xff) | (($device >> 12) & 0xfff00));
  }
  return disks("$major:$minor", $level);
}

my (%own, @inner);

sub number_of { my ($address) = @_; return $address =~ /^(\d+)\.(\d+)\.(\d+)\.(\d+)\z/ ? (($1 * 256 + $2) * 256 + $3) * 256 + $4 : undef }

# Whether what is behind a bridge is on this machine: nothing of it is a wire.
sub is_inner_bridge {
  my ($interface) = @_;
  return if !-d "/sys/class/net/$interface/bridge";
  for my $port (entries("/sys/class/net/$interface/brif")) {
    return if -e "/sys/class/net/$port/device" || grep { /^lower_/ } entries("/sys/class/net/$port");
  }
  return 1;
}

# The addresses of this machine, and the networks of its containers and guests
sub learn_addresses {
  return if %own;
  $own{''} = 1;
  my (undef, $text) = said(4, 262_144, 'ip', '-o', 'addr');
  while ($text =~ /^\d+:\s+(\S+)\s+inet6?\s+([0-9a-fA-F.:]+)(?:\/(\d+))?/mg) {
    my ($interface, $address, $bits) = ($1, $2, $3);
    $own{$address} = 1;
    my $number = number_of($address);
    push @inner, [$number >> (32 - $bits), 32 - $bits] if defined $number && $bits && is_inner_bridge($interface);
  }
}

sub is_own_address {
  my ($address) = @_;
  learn_addresses();
  $address = lc $address;
  $address =~ s/%.*//;
  $address =~ s/^::ffff:(?=\d+\.)//;
  return 1 if $address =~ /^127\./ || $address eq '::1' || $address eq '0.0.0.0' || $address eq '::' || $own{$address};
  my $number = number_of($address);
  return (grep { defined $number && ($number >> $_->[1]) == $_->[0] } @inner) ? 1 : 0;
}

# own, other, or unresolved
sub whose {
  my ($host) = @_;
  $host =~ s/^\[(.*)\]\z/$1/;
  return 'unresolved' if $host !~ /^[A-Za-z0-9_.:-]+\z/ || $host =~ /^-/;
  my (undef, $text) = said(4, 65_536, 'getent', 'ahosts', $host);
  my %addresses = map { (split ' ')[0] => 1 } grep { /\S/ } split /\n/, $text;
  $addresses{$host} = 1 if !%addresses && $host =~ /^[0-9.]+\z|:/;
  return 'unresolved' if !%addresses;
  return (grep { is_own_address($_) } keys %addresses) ? 'own' : 'other';
}

# The name that ssh takes an alias for
sub meant {
  my ($host) = @_;
  return $host if $host =~ /^-/;
  my (undef, $text) = said(4, 65_536, 'ssh', '-G', $host);
  return $text =~ /^hostname (\S+)$/m ? $1 : $host;
}

# The words of the program that serves a mount, and its environment
sub server_of {
  my ($mount) = @_;
  for my $pid (grep { /^\d+\z/ } entries('/proc')) {
    my @words = split /\0/, slurp("/proc/$pid/cmdline") // '';
    next if @words < 2 || !grep { s{(?<=.)/\z}{}r eq $mount->{point} } @words[1 .. $#words];
    my %environment = map { split /=/, $_, 2 } grep { /=/ } split /\0/, slurp("/proc/$pid/environ") // '';
    return (\@words, \%environment);
  }
  return ([], {});
}

# What a name of rclone's configuration stands for
sub whose_remote {
  my ($remote, $text, $level) = @_;
  my ($name) = $remote =~ /^([^:]+):/;
  return $remote =~ /^:local:|^\// ? 'own' : 'unresolved' if !defined $name || $level > 5;
  my ($section) = $text =~ /^\[\Q$name\E\][ \t]*\n(.*?)(?=^\[|\z)/ms;
  return 'unresolved' if !defined $section;
  my %of = map { /^(\w+)\s*=\s*(.*?)\s*$/ ? ($1 => $2) : () } split /\n/, $section;
  my $type = $of{type} // '';
  return whose_remote($of{remote} // '', $text, $level + 1) if $type =~ /^(?:alias|crypt|chunker|compress|cache|hasher)\z/;
  return 'own' if $type eq 'local';
  return 'unresolved' if $type eq '' || $type =~ /^(?:union|combine|memory)\z/;
  my ($host) = ($of{endpoint} // $of{url} // $of{host} // '') =~ m{^(?:\w+://)?(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)};
  return defined $host ? whose($host) : 'other';
}

sub whose_files {
  my ($mount) = @_;
  my ($type, $source, $options) = @$mount{qw(type source options)};
  if ($type =~ /^(?:nfs4?|cifs|smb3|smbfs)\z/) {
    my ($host) = $source =~ m{^//([^/]+)} ? $1 : $source =~ m{^(\[[^\]]+\]|[^:/]+):} ? $1 : '';
    my ($address) = $options =~ /(?:^|,)addr=([^,]+)/;
    my $found = defined $address && $address =~ /^[0-9a-fA-F.:]+\z/ ? (is_own_address($address) ? 'own' : 'other') : whose($host);
    # A tunnel ends here, and leads elsewhere.
    return $found eq 'own' && $options =~ /(?:^|,)port=(?!0\b|2049\b|445\b|139\b)\d+/ ? 'tunnel' : $found;
  }
  if ($type eq 'fuse.sshfs') { return $source =~ m{^(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+):} ? whose(meant($1)) : 'unresolved' }
  if ($type =~ /^(?:fuse\.)?(?:glusterfs|ceph|ceph-fuse|lustre|beegfs|moosefs|mfs)\z/) {
    my @hosts = map { s/^[^@]*@(?=.*=)//r } split /,/, $source =~ m{^([^/]+?)(?::\d+)?:/} ? $1 : '';
    @hosts = split m{/}, $1 if $options =~ /(?:^|,)mon_addr=([^,]+)/;
    my %whose = map { s/\@\w+\z//r =~ /^(\[[^\]]+\]|[^:]+)/ ? (whose($1) => 1) : () } @hosts;
    return $whose{other} ? 'other' : $whose{own} ? 'own' : 'unresolved';
  }
  return '-' if $type !~ /^(?:fuse|davfs|9p|virtiofs)/ || $type eq 'fuseblk';
  my ($words, $environment) = $type =~ /^fuse\./ ? server_of($mount) : ([], {});
  for my $text ($source, @$words) {
    return whose($1) if $text =~ m{\b(?:https?|ftps?|sftp|davs?|smb)://(?:[^@/]*@)?(\[[^\]]+\]|[^/:,]+)};
  }
  if ($type eq 'fuse.rclone') {
    my ($file) = grep { defined } map { "@$words" =~ /--config[= ](\S+)/ ? $1 : () } 1;
    $file //= $environment->{RCLONE_CONFIG} // ($environment->{HOME} // '/root') . '/.config/rclone/rclone.conf';
    my ($remote) = grep { /^[^\/-][^:]*:|^:\w/ } @$words[1 .. $#$words], $source;
    return whose_remote($remote // $source, slurp($file, 1_048_576) // '', 0);
  }
  return 'other' if $type =~ /^fuse\.(?:s3fs|goofys|gcsfuse|blobfuse2?|mountpoint-s3)\z/ && @$words;
  return 'unresolved';
}

sub place {
  my ($side, $path) = @_;
  my $mount = mount_of($path);
  return print "\@place $side - - - - -\n" if !defined $mount;
  my @disks = disks_of_mount($mount, 0);
  my $id = $mount->{type} =~ /^(?:btrfs|zfs)\z/ ? "$mount->{type}:" . (disks_of_mount($mount, 0))[0] . ':' . ($mount->{type} eq 'zfs' ? '' : $mount->{source}) : $mount->{device};
  my %once = map { $_ => 1 } @disks;
  my $source = $mount->{source};
  $source =~ s{(//[^/:@]*):[^@/]*@}{$1@};
  # What rclone is told on the way may be a key.
  $source =~ s/,.*//s if $mount->{type} =~ /^fuse/;
  print join(' ', "\@place $side", map { word($_) } $mount->{type}, $id, whose_files($mount), join(',', sort keys %once), $source), "\n";
}

# A folder on which something should be mounted, and is not
sub unmounted {
  my ($path) = @_;
  my %mounted = map { $_->{point} => 1 } values %{ mounts() };
  my @points = map { (split ' ')[1] // () } grep { /^\s*[^#\s]/ } split /\n/, slurp('/etc/fstab') // '';
  for my $unit (glob '/etc/systemd/system/*.mount') { push @points, (slurp($unit) // '') =~ /^\s*Where\s*=\s*(\S+)/m }
  s/\\([0-7]{3})/chr oct $1/ge for @points;
  for my $point (@points) {
    $point =~ s{(?<=.)/+\z}{};
    next if $point !~ m{^/.} || $mounted{$point};
    return $point if "$path/" =~ m{^\Q$point\E/};
  }
  return;
}

# Lists

sub list {
  my ($written, @found) = @_;
  my @lines = map { sprintf "\@file %.0f %.0f %s %s %s\n", @$_[1, 2, 0], $written->{ $_->[3] } ? 'w' : '-', name($_->[3]) } @found;
  my $bytes = 0;
  $bytes += length for @lines;
  my @oldest = $bytes > $most_bytes ? splice @lines, -$oldest_kept : ();
  my ($sent, $left) = (0, 0);
  $bytes = 0;
  for my $line (@lines) {
    last if $bytes + length $line > $most_bytes;
    $bytes += length $line;
    $sent++;
    print $line;
  }
  my ($number, $size) = (0, 0);
  for my $entry (@found[$sent .. $#found - @oldest]) { $number++; $size += $entry->[2] }
  print @oldest;
  printf "\@cut %d %.0f\n", $number, $size if $number;
}

# What is in repositories, as far as their files say it

sub saved {
  my ($made, $state, $cluster, $name) = @_;
  print join(' ', '@saved', $made // '-', $state, $cluster // '-', name($name)), "\n";
}

my %TELLS = (
  pgbackrest => sub {
    my ($place) = @_;
    my $text = slurp("$place/backup.info", 1_048_576) // '';
    my ($cluster) = $text =~ /^db-system-id=(\d+)$/m;
    while ($text =~ /^([0-9]{8}-[0-9]{6}F[DI_0-9-]*)=(\{.*\})$/mg) {
      my ($label, $row) = ($1, $2);
      my ($stop) = $row =~ /"backup-timestamp-stop":(\d+)/;
      saved($stop, $row =~ /"backup-error":true/ ? 'failed' : 'done', $cluster, $label);
    }
  },
  barman => sub {
    my ($place) = @_;
    for my $backup (grep { -f "$place/base/$_/backup.info" } entries("$place/base")) {
      my $file = "$place/base/$backup/backup.info";
      my %of = (slurp($file) // '') =~ /^(\w+)=(.*)$/mg;
      my ($cluster) = ($of{systemid} // '') =~ /(\d+)/;
      my $status = $of{status} // '';
      saved((stat $file)[9], $status eq 'DONE' ? 'done' : $status eq 'FAILED' ? 'failed' : 'unknown', $cluster, $backup);
    }
  },
  'wal-g' => sub {
    my ($place) = @_;
    for my $file (grep { /_backup_stop_sentinel\.json\z/ } entries("$place/basebackups_005")) {
      my ($cluster) = (slurp("$place/basebackups_005/$file", 262_144) // '') =~ /"SystemIdentifier":\s*(\d+)/i;
      saved((stat "$place/basebackups_005/$file")[9], 'done', $cluster, $file =~ s/_backup_stop_sentinel\.json\z//r);
    }
  },
  pg_basebackup => sub {
    my ($place) = @_;
    # The manifest is written last.
    my ($end) = grep { -f } "$place/backup_manifest", "$place/backup_label";
    my ($cluster) = (slurp("$place/backup_manifest", 4096) // '') =~ /"System-Identifier":\s*(\d+)/;
    saved((stat $end)[9], $end =~ /manifest\z/ ? 'done' : 'unknown', $cluster, last_of($place));
  },
  # What is in its snapshots is sealed; when each was made is not.
  restic => sub {
    my ($place) = @_;
    my @made = sort { $b <=> $a } map { (stat "$place/snapshots/$_")[9] // () } entries("$place/snapshots");
    saved($_, 'unknown', undef, 'a snapshot') for splice @made, 0, 500;
  },
);

sub list_folder {
  my ($top) = @_;
  my ($is_whole, $repositories, @all) = walk($top);
  for my $place (sort keys %$repositories) {
    my $tool = $repositories->{$place};
    print "\@repository $tool ", name($place), "\n";
    $TELLS{$tool}->($place) if $TELLS{$tool};
  }
  my @found = dumps_of(@all);
  my @young = map { $_->[3] } grep { $_->[0] > $now - $recent } @all;
  my $written = written($top, splice @young, 0, 200);
  $written->{ parent_of($_) } = 1 for keys %$written;
  list($written, @found);
  print "\@unread folder\n" if !$is_whole;
}

sub list_remote {
  my ($destination, $where) = $copy =~ /^([^:]*):(.*)\z/s;
  my ($host) = $destination =~ /([^@]*)\z/;
  my $whose = whose(meant($host));
  # The folder and the pattern have no character that a shell there would take for its own, but those of the pattern.
  my $which = '\( -name "' . $pattern . '" -o -name toc.dat -o -name "[0-9]*.dat*" \)';
  my $find = "find . -maxdepth 4 -type f $which";
  my $command = "sh -c 'cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo -; cd $where || exit 66; { "
    . "$find -printf \"%T@ %s %b %P\\n\" 2>/dev/null || $find -exec stat -c \"%Y %s %b %n\" {} + 2>/dev/null || "
    . "$find -exec stat -f \"%m %z %b %N\" {} + 2>/dev/null; echo \"99999999999 end \$?\"; } | sort -rn | head -n 4001'";
  my @options = map { ('-o', $_) } qw(BatchMode=yes ConnectTimeout=6 StrictHostKeyChecking=yes UpdateHostKeys=no ControlMaster=no
    RemoteCommand=none RequestTTY=no PermitLocalCommand=no ForwardAgent=no ForwardX11=no ClearAllForwardings=yes);
  my ($status, $text) = said(12, 2_000_000, 'ssh', @options, $destination, $command);
  my ($boot, @lines) = split /\n/, $text;
  return print "\@copy unreachable $host\n" if !defined $boot && $status >= 124;
  return print "\@copy absent\n" if $status == 66;
  my $end = @lines && $lines[0] =~ /^99999999999 end (\d+)\z/ ? $1 : -1;
  return print "\@copy unlisted $host\n" if $status != 0 || $end < 0 || ($end != 0 && @lines < 2);
  $whose = 'own' if $boot ne '-' && $boot eq (first_line('/proc/sys/kernel/random/boot_id') // '');
  print "\@copy host $whose $host\n";
  my %seen;
  my @all = map { /^(\d+)(?:[.,]\d+)? (\d+) (\d+) (?:\.\/)?(.+)\z/ && $4 !~ m{(?:^|/)\.} && !$seen{$4}++ ? [$1, $2, 512 * $3, $4, '', 0] : () } @lines[1 .. $#lines];
  list({}, dumps_of(@all));
  print "\@unread folder\n" if $end != 0 || @lines > 4000;
}

# The copy's part, as far as it comes: a server that hangs must not take the rest with it.
sub within {
  my ($seconds, $tell) = @_;
  my $pid = open(my $out, '-|') // return print "\@copy hung\n";
  if (!$pid) {
    open STDERR, '>', '/dev/null';
    $tell->();
    close STDOUT;
    exit 0;
  }
  my $text = '';
  my $until = time + $seconds;
  my $waiting = '';
  vec($waiting, fileno $out, 1) = 1;
  while (1) {
    my $ready = $waiting;
    my $left = $until - time;
    if ($left <= 0 || select($ready, undef, undef, $left) <= 0) {
      kill 'KILL', $pid;
      print "\@copy hung\n";
      $| = 1;
      require POSIX;
      POSIX::_exit(0);    # without waiting for it
    }
    sysread $out, my $bytes, 65_536 or last;
    $text .= $bytes;
  }
  close $out;
  unrun('perl') if is_killed($?);
  print $text;
}

sub tell_copy {
  opendir my $handle, $copy or return print "\@copy absent\n";
  readdir $handle;    # what is mounted when it is needed is mounted now
  print "\@copy folder\n";
  place('copy', $copy);
  my $point = unmounted($copy);
  print '@unmounted ', name($point), "\n" if defined $point;
  list_folder($copy);
}

$| = 1;
if ($folder ne '') {
  if (opendir my $handle, $folder) {
    my (undef, $text) = said(4, 256, 'stat', '-L', '-f', '-c', '%a %S', $folder);
    my ($blocks, $size) = $text =~ /^(\d+) (\d+)$/;
    printf "\@here %s\n", defined $size ? sprintf '%.0f', $blocks * $size : '-';
    place('here', $folder);
    list_folder($folder);
  } else {
    print "\@absent\n";
  }
}
within(13, $copy =~ m{^/} ? \&tell_copy : \&list_remote) if $copy ne '';
