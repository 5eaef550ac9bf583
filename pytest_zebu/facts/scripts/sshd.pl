# The ssh servers' effective configurations, for each kind of user, from each place that the configuration tells apart.
# `@server SOCKETS LOADED CHANGED OPTIONS`: LOADED is a moment, `each` (read anew for each login) or `?`; OPTIONS is `?`
# where they are not understood. `@user KIND UID HAS_SHELL GROUPS NAME`; users of a kind are treated alike.
# `@settings N` before what sshd -T says; `@for SERVER KIND ADDRESS HOST LOCAL_ADDRESS LOCAL_PORT N`.
# `@set KEYWORD VALUE LINE FILE`: where a configuration sets an option of these that has a word for its value, for whomever.
# `@keys COUNT USER`, `@unseen USER WHY` of keys; `@unasked WHAT`; `@other NAME PORT` is a server that is none of these.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 inet_pton inet_ntop);
my $began = time;
my ($ASKED_LIMIT, $USER_LIMIT, $NETWORK_LIMIT, $SET_LIMIT) = (800, 2000, 300, 200);
my $ASKING_SECONDS = 8 * ($ENV{ZEBU_SLOWER} || 1);    # longer on a busy machine
my %LOGIN_KEYWORD = map { $_ => 1 } qw(passwordauthentication kbdinteractiveauthentication challengeresponseauthentication
  pubkeyauthentication hostbasedauthentication gssapiauthentication permitrootlogin permitemptypasswords authenticationmethods
  usepam usedns allowusers denyusers allowgroups denygroups strictmodes authorizedkeysfile authorizedkeyscommand
  authorizedprincipalsfile authorizedprincipalscommand trustedusercakeys);
my (%named, %unasked, %changed);    # what the configurations name: by criterion, patterns
my %SWITCH = map { $_ => 1 } qw(passwordauthentication kbdinteractiveauthentication challengeresponseauthentication pubkeyauthentication
  hostbasedauthentication gssapiauthentication permitrootlogin permitemptypasswords usepam);
my (%set, @set);    # of these, what is set where, in the order of reading

sub unasked { my ($what) = @_; $unasked{$what} = 1 }

# The words of a line, as sshd takes them apart.
sub words {
  my ($text) = @_;
  my @found;
  while ($text =~ /\G(?:\s|=)*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s="']\S*?)(?=[\s=]|$))/g) {
    my $one = $1 // $2 // $3;
    last if defined $3 && $one =~ /^#/;
    push @found, $one;
  }
  return @found;
}

my %CRITERION = map { $_ => 1 } qw(user group host localaddress localport address rdomain);
my %read;
my $varies = 0;    # whether the answer could depend on who comes from where; in doubt it does

sub read_configuration {
  my ($file, $depth) = @_;
  return if $read{$file}++;
  my $before = $varies;
  $varies = 1;
  return unasked("what $file includes, which goes too deep") if $depth > 16;
  my $text = slurp($file);
  return unasked("what $file says, which cannot be read") unless defined $text;
  my @includes = $text =~ /^([^#\n]*include.*)/gmi;
  $varies = $before || $text =~ /^[^#\n]*match/mi || length $text >= 1_048_576 || grep { !m{^\s*include\s+[\w./*-]+\s*$}i } @includes;
  $changed{$file} = (stat $file)[10];
  my @lines = split /\n/, $text;
  read_line($lines[$_], $depth, [$file, $_ + 1]) for 0 .. $#lines;
}

sub read_line {
  my ($line, $depth, $at) = @_;
  my ($keyword, $rest) = $line =~ /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/ or return;
  $keyword = lc $keyword;
  if ($at && $SWITCH{$keyword} && @set < $SET_LIMIT) {
    my $line = join ' ', $keyword, word(lc((words($rest))[0] // '')), $at->[1], word($at->[0]);
    push @set, $line unless $set{$line}++;
  }
  if ($keyword eq 'include') {
    for my $one (words($rest)) {
      my $pattern = $one =~ m{^/} ? $one : "/etc/ssh/$one";
      my ($folder) = $pattern =~ m{^(.*)/};
      $changed{$folder} = (stat _)[9] if $folder !~ /[*?\[]/ && stat $folder;
      (my $quoted = $pattern) =~ s/([\s\\{}~'"])/\\$1/g;
      read_configuration($_, $depth + 1) for grep { -e } glob $quoted;
    }
  }
  elsif ($keyword eq 'match') {
    my @found = words($rest);
    while (@found) {
      my $criterion = lc shift @found;
      next if $criterion eq 'all' || $criterion eq 'invalid-user';
      my $value = shift @found // '';
      if ($CRITERION{$criterion}) { $named{$criterion}{ s/^!//r } = 1 for split /,/, $value }
      elsif ($criterion ne 'version') { unasked("Match $criterion") }
    }
  }
  elsif ($keyword =~ /^(?:allow|deny)users$/) {
    for my $one (words($rest)) {
      next unless $one =~ /\@(.+)$/;
      $named{ $_ =~ /^[0-9A-Fa-f.:*?\/]+$/ ? 'address' : 'host' }{$_} = 1 for map { s/^!//r } split /,/, $1;
    }
  }
  elsif ($keyword =~ /^(?:allow|deny)groups$/) { $named{groups}{1} = 1 }
}

# Addresses as strings of bytes, that compare as they are counted.
sub bytes { my ($text) = @_; return $text =~ /:/ ? inet_pton(AF_INET6, $text) : inet_pton(AF_INET, $text) }
sub address { my ($bytes) = @_; return inet_ntop(length $bytes == 16 ? AF_INET6 : AF_INET, $bytes) }

sub after {
  my @bytes = unpack 'C*', $_[0];
  for my $at (reverse 0 .. $#bytes) {
    return pack 'C*', @bytes if ++$bytes[$at] < 256;
    $bytes[$at] = 0;
  }
  return undef;
}

# First and last address of a network.
sub network {
  my ($text) = @_;
  if ($text =~ /^((?:\d+\.){1,3})\*(?:\.\*)*$/) { my $front = $1; my $octets = $front =~ tr/.//; $text = "${front}0" . '.0' x (3 - $octets) . '/' . 8 * $octets }
  my ($start, $length) = $text =~ m{^([0-9A-Fa-f.:]+)(?:/(\d+))?$} or return;
  my $bytes = bytes($start) // return;
  my $bits = 8 * length $bytes;
  $length //= $bits;
  return if $length > $bits;
  my $mask = pack "B$bits", '1' x $length . '0' x ($bits - $length);
  return ($bytes & $mask, ($bytes & $mask) | ~$mask);
}

# One address of each stretch that no named network begins or ends in, but for stretches that the same networks have:
# all of them are treated alike.
sub stretches {
  my ($first, $fixed, @networks) = @_;
  if (@networks > $NETWORK_LIMIT) { unasked("sshd about networks beyond $NETWORK_LIMIT"); $#networks = $NETWORK_LIMIT - 1 }
  my $signature = sub { my ($one) = @_; join '', map { $one ge $_->[0] && $one le $_->[1] ? 1 : 0 } @networks };
  my %known = map { $signature->($_) => 1 } @$fixed;
  my %start = ($first => 1);
  for my $one (@networks) {
    $start{ $one->[0] } = 1;
    my $next = after($one->[1]);
    $start{$next} = 1 if defined $next;
  }
  my @starts = sort keys %start;
  my @found;
  for my $at (0 .. $#starts) {
    my ($start, $end) = @starts[$at, $at + 1];
    if (length $start == 4) {
      last if $start ge "\xe0\0\0\0";    # nobody comes from there, nor from 0.0.0.0/8
      $start = "\1\0\0\0" if $start lt "\1\0\0\0";
    }
    my $next = after($start);
    $start = $next if defined $next && (!defined $end || $next lt $end);
    push @found, $start unless defined $end && $start ge $end || $known{ $signature->($start) }++;
  }
  return @found;
}

sub addresses {
  my ($has_v6) = @_;
  my ($client) = split ' ', $ENV{SSH_CONNECTION} // '';
  my @found = grep { defined && /^[0-9A-Fa-f.:]+$/ } ('127.0.0.1', '203.0.113.77', $client);
  my (@v4, @v6);
  # Where names are not looked up, an address is its own name.
  for my $pattern (sort keys %{ $named{address} }, grep { /^[0-9A-Fa-f.:*?\/]+$/ } keys %{ $named{host} }) {
    next if $pattern =~ /^[*]+$/;
    if (my @network = network($pattern)) { push @{ length $network[0] == 4 ? \@v4 : \@v6 }, \@network; next }
    my ($sample) = grep { defined bytes($_) } map { my $one = $_; (my $try = $pattern) =~ s/\*/$one/g; $try =~ s/\?/1/g; $try } '1', '1.1', '1.1.1', ':1', '';
    if (defined $sample) { push @found, $sample } else { unasked("addresses like $pattern") }
  }
  push @found, '2001:db8::77' if $has_v6;
  my @fixed = map { bytes($_) } @found;
  push @found, map { address($_) } stretches("\0" x 4, [grep { length == 4 } @fixed], @v4) if @v4;
  push @found, map { address($_) } stretches("\0" x 16, [grep { length == 16 } @fixed], @v6) if @v6 && $has_v6;
  my %once;
  return grep { !$once{$_}++ } @found;
}

# Wildcards as sshd knows them.
sub is_like { my ($text, $pattern) = @_; $pattern = quotemeta $pattern; $pattern =~ s/\\\*/.*/g; $pattern =~ s/\\\?/./g; return $text =~ /^$pattern$/s }

sub opens_sessions {    # who has no shell gets files and forwarded ports with a password (`ForceCommand internal-sftp`, `ssh -N`)
  my ($shell, $hash) = @_;
  return $shell !~ m{/(?:nologin|false|sync|halt|shutdown)$} || ($hash // '') =~ /^(?!x$)[^!*]/ ? 1 : 0;
}

sub users {
  my (@found, %kinds);
  my $wants_groups = $named{groups} || $named{group};
  while (my ($name, $hash, $uid, $gid, undef, undef, undef, $home, $shell) = getpwent) {
    my $has_shell = opens_sessions($shell, $hash);
    next unless $has_shell || $uid == 0;
    if (@found >= $USER_LIMIT) { unasked("users beyond $USER_LIMIT"); last }
    my ($groups, $failed) = $wants_groups ? said('id', '-Gnz', '--', $name) : ('', 0);
    if ($failed) { unasked("sshd about $name, whose groups were not seen"); next }
    my @groups = split /\0/, $groups;
    my $kind = join ' ', map { is_like($name, $_) ? 1 : 0 } sort keys %{ $named{user} };
    for my $pattern (sort keys %{ $named{group} }) { $kind .= (grep { is_like($_, $pattern) } @groups) ? ' 1' : ' 0' }
    $kind .= $uid == 0 ? ' root' : '';
    if ($name =~ /[,\n]/) { unasked("user $name, whose name sshd cannot be asked about"); next }
    $kinds{$kind} //= { number => scalar keys %kinds, name => $name };
    push @found, { name => $name, uid => $uid, gid => $gid, home => $home, has_shell => $has_shell, groups => \@groups, kind => $kinds{$kind} };
  }
  my ($sources) = (slurp('/etc/nsswitch.conf') // '') =~ /^\s*passwd:(.*)/m;
  unasked('users that the directory service does not list') if ($sources // '') =~ /\b(?:sss|ldap|winbind|nis)/ && ($named{user} || $named{group});
  return (\@found, [sort { $a->{number} <=> $b->{number} } values %kinds]);
}

# Keys

my @now = map { sprintf '%04d%02d%02d%02d%02d%02d', $_->[5] + 1900, $_->[4] + 1, @$_[3, 2, 1, 0] } [localtime], [gmtime];

sub is_key {    # a line of authorized_keys that sshd can read, and whose time has not come
  my ($line) = @_;
  my $type = qr/(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)\@openssh\.com)/;
  return 0 unless $line =~ /^\s*(?:((?:[^\s"#]|"(?:[^"\\]|\\.)*")(?:[^\s"]|"(?:[^"\\]|\\.)*")*)\s+)?($type)\s+([A-Za-z0-9+\/]+=*)(?:\s|$)/;
  my ($options, $name, $code) = ($1 // '', $2, $3);
  $code =~ tr{A-Za-z0-9+/=}{ -_}d;
  my $blob = join '', map { unpack 'u', chr(32 + int(length($_) * 3 / 4)) . $_ } $code =~ /(.{1,60})/g;
  return 0 unless length $blob > 4 && substr($blob, 4, unpack 'N', $blob) eq $name;
  if ($options =~ /(?:^|,)expiry-time="(\d+)(Z?)"/i) { return 0 if $1 . '0' x (14 - length $1) lt $now[$2 ? 1 : 0] }
  return 1;
}

# Whether sshd trusts a file and the folders above it, as StrictModes wants it: 1, 0, or undef where a group may write.
sub is_trusted {
  my ($file, $user) = @_;
  my $trusted = 1;
  for (my $path = $file; $path ne ''; $path =~ s{/[^/]*$}{}) {
    my @stat = stat $path or return undef;
    return 0 if $stat[2] & 02 || $stat[4] != 0 && $stat[4] != $user->{uid};
    $trusted = undef if $stat[2] & 020;
    last if $path eq $user->{home};
  }
  return $trusted;
}

sub expanded {
  my ($pattern, $user) = @_;
  my %token = ('%' => '%', h => $user->{home}, u => $user->{name}, U => $user->{uid});
  my $is_known = 1;
  $pattern =~ s/%(.)/$token{$1} \/\/ ($is_known = '')/ge;
  return undef unless $is_known;
  return $pattern =~ m{^/} ? $pattern : "$user->{home}/$pattern";
}

sub tell_keys {
  my ($user, @settings) = @_;
  my (%count, %unseen);
  for my $settings (@settings) {
    my $is_strict = ($settings->{strictmodes} // 'yes') ne 'no';
    for my $pattern (split ' ', $settings->{authorizedkeysfile} // '.ssh/authorized_keys') {
      next if $pattern eq 'none';
      my $file = expanded($pattern, $user);
      if (!defined $file) { $unseen{"$pattern is not understood"} = 1; next }
      next if exists $count{$file};
      my $text = slurp($file);
      if (!defined $text) { $unseen{"$file: $!"} = 1 unless $!{ENOENT} || $!{ENOTDIR}; next }
      my $keys = grep { is_key($_) } split /\n/, $text;
      my $trusted = $is_strict ? is_trusted($file, $user) : 1;
      if ($keys && !defined $trusted) { $unseen{"$file or a folder above it may be written by a group"} = 1 }
      $count{$file} = $trusted ? $keys : 0;
    }
    $unseen{'a program gives them (AuthorizedKeysCommand)'} = 1 if ($settings->{authorizedkeyscommand} // 'none') ne 'none';
    my $authorities = $settings->{trustedusercakeys} // 'none';
    if ($authorities ne 'none') {
      my $text = slurp($authorities);
      my $principals = $settings->{authorizedprincipalsfile} // 'none';
      if (!defined $text || ($settings->{authorizedprincipalscommand} // 'none') ne 'none') { $unseen{'whom certificates let in was not seen'} = 1 }
      elsif ($principals eq 'none' || (slurp(expanded($principals, $user) // '') // '') =~ /^\s*[^#\s]/m) { $count{$authorities} = grep { is_key($_) } split /\n/, $text }
    }
  }
  my $sum = 0; $sum += $_ for values %count;
  print "\@keys $sum ", word($user->{name}), "\n";
  print "\@unseen ", word($user->{name}), " $_\n" for sort keys %unseen;
}

# What a server's program says to a question; one whose configuration tells nobody apart says the same to all.
sub sshd_says {
  my ($server, $question) = @_;
  my $known = $server->{said}{ $server->{varies} ? $question : '' } //= [said($server->{exe}, '-T', @{ $server->{options} }, '-C', $question)];
  return @$known;
}

# Asking

my ($servers, $others) = servers();
for my $server (@$servers) {
  my @options = @{ $server->{options} // [] };
  my ($file) = map { $options[$_] eq '-f' ? $options[$_ + 1] : () } 0 .. $#options;
  %read = %changed = ();
  $varies = 0;
  # The command line has them as well, and before the files.
  read_configuration($file // '/etc/ssh/sshd_config', 0);
  for my $at (0 .. $#options) { read_line($options[$at + 1], 0) if $options[$at] eq '-o' }
  my ($newest) = sort { $b <=> $a } values %changed;
  $server->{changed} = $newest // 0;
  $server->{varies} = $varies;
}
unasked('sshd: none was seen to listen') unless @$servers || @$others;
my ($users, $kinds) = users();
my $has_v6 = grep { grep { $_->[0] =~ /[:*]/ } @{ $_->{sockets} } } @$servers;
my @addresses = addresses($has_v6);
my @names = grep { !/^[0-9A-Fa-f.:*?\/]+$/ } sort keys %{ $named{host} };
tr/*?/xx/ for @names;
my @domains = $named{rdomain} ? map { ",rdomain=$_" } 'none', map { tr/*?/xx/r } sort keys %{ $named{rdomain} } : ('');
my (%number, @settings, %of_kind);
my ($asked, $left) = (0, 0);

sub ask {
  my ($server, $at, $kind, $address, $host, $local, $port) = @_;
  for my $domain (@domains) {
    if ($asked >= $ASKED_LIMIT || time - $began > $ASKING_SECONDS) { $left++; next }
    $asked++;
    my ($text, $status) = sshd_says($server, "user=$kind->{name},host=$host,addr=$address,laddr=$local,lport=$port$domain");
    if ($status) { my ($line) = grep { /\S/ } reverse split /\n/, $text; unasked('sshd -T, which says: ' . substr $line // "status $status", 0, 200); next }
    $text = join '', map { /^(\S+)/ && $LOGIN_KEYWORD{ lc $1 } ? "$_\n" : () } split /\n/, $text;
    if (!exists $number{$text}) {
      $number{$text} = @settings;
      my %setting;
      for (split /\n/, $text) { my ($key, $value) = split ' ', $_, 2; $setting{ lc $key } = $value }
      push @settings, \%setting;
      print '@settings ', $#settings, "\n$text";
    }
    $of_kind{ $kind->{number} }{ $number{$text} } = 1;
    print join(' ', '@for', $at, $kind->{number}, $address, word($host), $local, $port, $number{$text}), "\n";
  }
}

for my $user (@$users) { print join(' ', '@user', $user->{kind}{number}, $user->{uid}, $user->{has_shell}, join(',', map { s/,/%2C/gr } map { word($_) } @{ $user->{groups} }) || '-', word($user->{name})), "\n" }
for my $at (0 .. $#$servers) {
  my $server = $servers->[$at];
  my @sockets = @{ $server->{sockets} };
  my $options = $server->{options};
  if ($options) {
    # Here the port and the address do not matter: one will do.
    my @locals = map { [$_->[0] =~ /^[\d.:A-Fa-f]*[1-9A-Fa-f]/ ? $_->[0] : undef, $_->[1]] } @sockets;
    @locals = map { my $one = $_; defined $one->[0] ? $one : map { [$_, $one->[1]] } own_addresses() } @locals;
    my %once;
    @locals = grep { !$once{ ($named{localaddress} ? "$_->[0] " : '') . ($named{localport} ? $_->[1] : '') }++ } @locals;
    my ($defaults) = sshd_says($server, "user=root,host=127.0.0.1,addr=127.0.0.1,laddr=127.0.0.1,lport=$sockets[0][1]$domains[0]");
    my ($pid_file) = $defaults =~ /^pidfile (\S+)/mi;
    $server->{loaded} = loaded($server->{pid}, $pid_file // '') if $server->{pid};
    my @hosts = $defaults =~ /^usedns yes/mi ? @names : ();
    my $is_local = !grep { $_->[0] !~ /^(?:127\.|::1$)/ } @sockets;
    for my $kind (@$kinds) {
      for my $address ($is_local ? grep { /^(?:127\.|::1$)/ } @addresses : @addresses) {
        for my $local (grep { $address =~ /:/ ? $_->[0] =~ /:/ || !$named{localaddress} : $_->[0] !~ /:/ } @locals) { ask($server, $at, $kind, $address, $_, @$local) for $address, @hosts }
      }
    }
  }
  my $loaded = $server->{each_login} ? 'each' : $server->{loaded} // '?';
  print join(' ', '@server', join(',', map { ($_->[0] =~ /:/ ? "[$_->[0]]" : $_->[0]) . ":$_->[1]" } @sockets), $loaded, $server->{changed},
    !$options ? '?' : @$options ? join ',', map { s/,/%2C/gr } map { word($_) } @$options : '-'), "\n";
}
tell_keys($_, @settings[sort keys %{ $of_kind{ $_->{kind}{number} } }]) for @$users;
unasked("sshd about $left combinations of user, address and port: there are too many") if $left;
print "\@set $_\n" for @set;
print '@unasked ', word($_), "\n" for sort keys %unasked;
print "\@other ", word($_->[0]), " $_->[1]\n" for @$others;

my @own_addresses;
sub own_addresses {
  return @own_addresses if @own_addresses;
  my @found = (said('ip', '-o', 'addr'))[0] =~ /\binet6? ([0-9A-Fa-f.:]+)/g;
  my ($here) = (split ' ', $ENV{SSH_CONNECTION} // '')[2] // ();
  if (@found > 32 && $named{localaddress}) { unasked('own addresses beyond 32'); $#found = 31 }
  return @own_addresses = @found ? @found : ($here // '127.0.0.1');
}
