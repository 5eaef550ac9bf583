# Of each server that nginx's configuration has, `@host LIMITED TLS NAME ...`: whether requests to ZEBU_PATH are limited: `yes`,
# `no`, or `unclear` where a rewriting leads them on, or what they are counted by is not understood; and `tls` or `plain`, with
# `-default` where it serves names that no server has. `@nginx WORD`: `read`, or `unread` where it is not understood.
# The configuration is that on standard input (`nginx -T`), or of the nginx in a container, by its process id.
use strict;
use warnings;
my (%file, $main, $at);
my $proc = $ENV{ZEBU_PROC} // '/proc';
my $pid = @ARGV && $ARGV[0] =~ /^(\d+)$/ ? $1 : '';
# Where a file of the container is: links there mean its own root.
sub resolved {
  my ($path, $depth) = @_;
  my $found = '';
  for my $part (grep { $_ ne '' && $_ ne '.' } split m{/}, $path) {
    if ($part eq '..') { $found =~ s{/[^/]*\z}{}; next }
    my $link = readlink "$proc/$pid/root$found/$part";
    if (!defined $link) { $found .= "/$part"; next }
    return '' if $depth > 20;
    $found = resolved($link =~ m{^/} ? $link : "$found/$link", $depth + 1);
  }
  return $found;
}
sub slurp {
  my ($path) = @_;
  return if keys %file > 500;
  open my $in, '<', "$proc/$pid/root" . resolved($path, 0) or return;
  read $in, $file{$path}, 1_048_576;
}
sub entries {
  my ($folder) = @_;
  opendir my $in, "$proc/$pid/root" . resolved($folder, 0) or return;
  return sort grep { !/^\.\.?\z/ } readdir $in;
}
sub matching {    # the files of the container that a pattern of `include` names
  my ($pattern) = @_;
  my @found = ('');
  for my $part (grep { $_ ne '' } split m{/}, $pattern) {
    if ($part !~ /[*?\[]/) { $_ .= "/$part" for @found; next }
    my $glob = glob_of($part);
    @found = map { my $folder = $_; map { "$folder/$_" } grep { /^$glob\z/ && ($part =~ /^\./ || !/^\./) } entries($folder eq '' ? '/' : $folder) } @found;
  }
  return @found;
}
if ($pid) {
  open my $in, '<', "$proc/$pid/cmdline";
  my @words = split /[\0 ]/, do { local $/; <$in> } // '';
  my ($named) = map { $words[$_] eq '-c' ? $words[$_ + 1] // '' : () } 0 .. $#words;
  # Without an option it is the one that it was built with.
  my @known = map { "$_/nginx.conf" } qw(/etc/nginx /usr/local/nginx/conf /usr/local/openresty/nginx/conf /etc/openresty /etc/angie /opt/nginx/conf);
  my %distinct = map { (resolved($_, 0) => $_) } grep { -f "$proc/$pid/root" . resolved($_, 0) } defined $named ? $named : @known;
  ($main) = values %distinct if keys %distinct == 1;
  slurp($main) if defined $main;
} else {
  while (my $line = <STDIN>) {
    if ($line =~ /^# configuration file (.+):$/) { $at = $1; $main //= $at; $file{$at} //= ''; next }
    $file{$at} .= $line if defined $at;
  }
}
sub tokens {    # each with whether it is a sign, and where it stands
  my ($file) = @_;
  my $text = $file{$file};
  my (@found, $from, $line);
  my $add = sub {
    $line += substr($text, $from, $-[0] - $from) =~ tr/\n//;
    $from = $-[0];
    push @found, [@_, [$line, $file]];
  };
  ($from, $line) = (0, 1);
  while (1) {
    if ($text =~ /\G\s+/gc || $text =~ /\G#[^\n]*/gc) { next }
    elsif ($text =~ /\G([;{}])/gc) { $add->($1, 1) }
    elsif ($text =~ /\G"((?:[^"\\]|\\.)*)"/gcs || $text =~ /\G'((?:[^'\\]|\\.)*)'/gcs) { $add->($1, 0) }
    elsif ($text =~ /\G((?:\$\{[^}]*\}|\\.|[^\s;{}\\])+)/gcs) {
      $add->($1, 0);
      # What stands in such a block is another language.
      if ($1 =~ /_by_lua_block$/) { $text =~ /\G[^{]*(\{(?:[^{}]++|(?1))*\})/gc or die "lua\n"; push @found, [';', 1] }
    }
    elsif ($text =~ /\G\z/gc) { return \@found }
    else { die "token\n" }
  }
}
# The directives of a block: [name, [arguments], block or nothing, [line, file]].
sub block {
  my ($tokens, $depth) = @_;
  die "depth\n" if $depth > 50;
  my (@found, @words, $at);
  while (my $token = shift @$tokens) {
    my ($text, $is_sign, $where) = @$token;
    $at = $where if !@words;
    if (!$is_sign) { push @words, $text; next }
    if ($text eq '}') { die "brace\n" if !$depth || @words; return \@found }
    next if $text eq ';' && !@words;
    my $name = shift @words // '';
    if ($text eq '{') { my $from = $at; push @found, [$name, [@words], block($tokens, $depth + 1), $from] }
    elsif ($name eq 'include') { push @found, map { included($_, $depth + 1) } @words }
    else { push @found, [$name, [@words]] }
    @words = ();
  }
  die "end\n" if $depth || @words;
  return \@found;
}
sub included {
  my ($pattern, $depth) = @_;
  die "depth\n" if $depth > 50;
  $pattern = ($main =~ m{^(.*/)} ? $1 : '') . $pattern if $pattern !~ m{^/};
  my @named = $pid ? grep { exists $file{$_} || defined slurp($_) } matching($pattern) : do { my $glob = glob_of($pattern); grep { /^$glob\z/ } sort keys %file };
  # A file that a name without a pattern leads to must be there.
  die "include\n" if $pid && !@named && $pattern !~ /[*?\[]/;
  return map { @{block(tokens($_), 0)} } @named;
}
sub glob_of { return join '', map { $_ eq '*' ? '[^/]*' : $_ eq '?' ? '[^/]' : /^\[/ ? $_ : quotemeta } $_[0] =~ /\[[^\]]+\]|./gs }
# The location that serves a path, where there is one.
sub location {
  my ($block, $path) = @_;
  my ($best, @patterns) = (undef);
  for my $one (grep { $_->[0] eq 'location' && $_->[2] } @$block) {
    my ($sign, $what) = @{$one->[1]} > 1 ? @{$one->[1]} : ('', $one->[1][0] // '');
    if ($sign eq '=') { return $one if $what eq $path }
    elsif ($sign eq '~' || $sign eq '~*') { push @patterns, [$sign, $what, $one] }
    elsif (index($path, $what) == 0) { $best = [$sign, $what, $one] if !$best || length $what > length $best->[1] }
  }
  if (!$best || $best->[0] ne '^~') {
    for my $pattern (@patterns) {
      my ($sign, $what, $one) = @$pattern;
      return $one if $sign eq '~' ? $path =~ /$what/ : $path =~ /$what/i;
    }
  }
  return $best && $best->[2];
}
# What a variable is for a request of a stranger to the path: a text, or nothing where that is not known.
my (%made, %zone);
sub value_of {
  my ($text, $depth) = @_;
  return undef if $depth > 9;
  return $text if $text !~ /\$/;
  return 'x' if $text =~ /\$\{?(?:binary_remote_addr|remote_addr|realip_remote_addr|host|server_name|http_host|remote_port|connection|request_method|scheme|proxy_add_x_forwarded_for)\b/;
  return $ENV{ZEBU_PATH} if $text =~ /^\$\{?(?:uri|request_uri|document_uri)\}?\z/;
  my ($name) = $text =~ /^\$\{?(\w+)\}?\z/ or return undef;
  my $made = $made{$name} or return undef;
  my ($kind, $source, $rows) = @$made;
  my ($default) = map { $_->[1][0] // '' } grep { $_->[0] eq 'default' } @$rows;
  # Strangers come from no network that is named.
  return value_of($default // '', $depth + 1) if $kind eq 'geo';
  my $from = value_of($source, $depth + 1);
  my %special = map { ($_ => 1) } qw(default volatile hostnames);
  for my $row (grep { !$special{ $_->[0] } } @$rows) {
    my ($key, $value) = ($row->[0], $row->[1][0] // '');
    next if !defined $from;
    my $is_it = $key =~ /^~\*(.*)/s ? $from =~ /$1/i : $key =~ /^~(.*)/s ? $from =~ /$1/ : lc $key eq lc $from;
    return value_of($value, $depth + 1) if $is_it;
  }
  # Of a header that anybody may send, only what is so without it counts.
  return undef if !defined $from && grep { !$special{ $_->[0] } && ($_->[1][0] // '') eq '' } @$rows;
  return value_of($default // '', $depth + 1);
}
sub declared {
  my ($http) = @_;
  for my $one (@$http) {
    my ($name, $words, $rows) = @$one;
    if ($name eq 'map' && $rows && @$words == 2 && $words->[1] =~ /^\$(\w+)/) { $made{$1} = ['map', $words->[0], $rows] }
    elsif ($name eq 'geo' && $rows && @$words && $words->[-1] =~ /^\$(\w+)/) { $made{$1} = ['geo', '', $rows] }
    elsif ($name eq 'limit_req_zone') {
      my ($zone) = map { /^zone=([^:]+)/ ? $1 : () } @$words;
      my ($rate, $unit) = map { /^rate=(\d+)r\/([sm])/ ? ($1, $2) : () } @$words;
      $zone{$zone} = [$words->[0] // '', defined $rate ? $rate / ($unit eq 'm' ? 60 : 1) : undef] if defined $zone;
    }
  }
}
# A limit of so many requests a second, by one client, is none.
my $MOST = 1000;
sub holds {    # whether a zone limits a stranger: yes, no, or unclear
  my ($name) = @_;
  # nginx starts with no zone that is not declared: it stands where it is not looked for.
  my $zone = $zone{$name} or return 'yes';
  my ($key, $rate) = @$zone;
  return 'no' if defined $rate && $rate > $MOST;
  my $value = value_of($key, 0);
  return !defined $value ? 'unclear' : $value eq '' ? 'no' : 'yes';
}
sub limits_of {    # of a block, the zones that it names itself
  my ($block) = @_;
  return map { my @words = @{$_->[1]}; (map { /^zone=(.+)/ ? $1 : () } @words)[0] // '' } grep { $_->[0] eq 'limit_req' } @$block;
}
# Whether a directive may lead a request on to another location: not what answers it, and not what stays where it is.
sub leads_on {
  my ($name, $words, $inner) = @{$_[0]};
  return 1 if $name eq 'try_files';
  return scalar grep { leads_on($_) } @$inner if $name eq 'if' && $inner;
  return 0 if $name ne 'rewrite' || ($words->[2] // '') =~ /^(?:break|permanent|redirect)$/;
  return ($words->[1] // '') !~ m{^(?:https?://|\$scheme)};
}
# What stands in a block counts instead of what stands around it.
sub limited {
  my ($block, $path, $zones, $dry, $leads_on) = @_;
  my @own = limits_of($block);
  $zones = \@own if @own;
  for my $one (@$block) { $dry = lc($one->[1][0] // '') eq 'on' if $one->[0] eq 'limit_req_dry_run' }
  # Programs of the server's may limit in a way of their own.
  $leads_on = 1 if grep { leads_on($_) || $_->[0] =~ /^(?:js_access|(?:access|rewrite)_by_lua\w*)$/ } @$block;
  my $next = location($block, $path);
  return limited($next->[2], $path, $zones, $dry, $leads_on) if $next;
  # What a block answers itself may be led on by its status.
  $leads_on = 1 if grep { $_->[0] eq 'return' && ($_->[1][0] // '') =~ /^[45]/ } @$block;
  my %found = map { (holds($_) => 1) } @$zones;
  return 'yes' if $found{yes} && !$dry;
  return $leads_on || ($found{unclear} && !$dry) ? 'unclear' : 'no';
}
my $read = eval {
  die "empty\n" if !defined $main;
  my @lines;
  for my $http (grep { $_->[0] eq 'http' && $_->[2] } @{block(tokens($main), 0)}) {
    my $around = [limits_of($http->[2])];
    declared($http->[2]);
    my ($dry) = map { lc($_->[1][0] // '') eq 'on' } grep { $_->[0] eq 'limit_req_dry_run' } @{$http->[2]};
    my $by_program = grep { $_->[0] =~ /^(?:js_access|(?:access|rewrite)_by_lua\w*)$/ } @{$http->[2]};
    for my $server (grep { $_->[0] eq 'server' && $_->[2] } @{$http->[2]}) {
      my @names = map { my $name = $_; $name =~ s/[^\x21-\x7e]/?/g; lc $name } map { @{$_->[1]} } grep { $_->[0] eq 'server_name' } @{$server->[2]};
      my @listens = map { $_->[1] } grep { $_->[0] eq 'listen' } @{$server->[2]};
      my $tls = grep { ($_->[0] // '') =~ /(?:^|:)443$/ || grep { $_ eq 'ssl' || $_ eq 'quic' } @$_ } @listens;
      my $default = grep { grep { $_ eq 'default_server' || $_ eq 'default' } @$_ } @listens;
      push @lines, join ' ', '@host', limited($server->[2], $ENV{ZEBU_PATH}, $around, $dry, $by_program), ($tls ? 'tls' : 'plain') . ($default ? '-default' : ''), @names;
      push @lines, join ' ', '@at', $server->[3][0], $server->[3][1] =~ s/[^\x21-\x7e]/?/gr;
    }
  }
  print map { "$_\n" } @lines;
  1;
};
print '@nginx ', $read ? 'read' : 'unread', "\n";
