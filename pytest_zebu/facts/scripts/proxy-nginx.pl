# Of each server that nginx's configuration on standard input (`nginx -T`) has, `@host LIMITED TLS NAME ...`: whether
# requests to ZEBU_PATH are limited: `yes`, `no`, or `unclear` where a rewriting leads them on; and `tls` or `plain`.
# `@nginx WORD`: `read`, or `unread` where it is not understood.
use strict;
use warnings;
my (%file, $main, $at);
while (my $line = <STDIN>) {
  if ($line =~ /^# configuration file (.+):$/) { $at = $1; $main //= $at; $file{$at} //= ''; next }
  $file{$at} .= $line if defined $at;
}
sub tokens {
  my ($text) = @_;
  my @found;
  while (1) {
    if ($text =~ /\G\s+/gc || $text =~ /\G#[^\n]*/gc) { next }
    elsif ($text =~ /\G([;{}])/gc) { push @found, [$1, 1] }
    elsif ($text =~ /\G"((?:[^"\\]|\\.)*)"/gcs || $text =~ /\G'((?:[^'\\]|\\.)*)'/gcs) { push @found, [$1, 0] }
    elsif ($text =~ /\G((?:\$\{[^}]*\}|\\.|[^\s;{}\\])+)/gcs) {
      push @found, [$1, 0];
      # What stands in such a block is another language.
      if ($1 =~ /_by_lua_block$/) { $text =~ /\G[^{]*(\{(?:[^{}]++|(?1))*\})/gc or die "lua\n"; $found[-1] = [';', 1] }
    }
    elsif ($text =~ /\G\z/gc) { return \@found }
    else { die "token\n" }
  }
}
# The directives of a block: [name, [arguments], block or nothing].
sub block {
  my ($tokens, $depth) = @_;
  die "depth\n" if $depth > 50;
  my (@found, @words);
  while (my $token = shift @$tokens) {
    my ($text, $is_sign) = @$token;
    if (!$is_sign) { push @words, $text; next }
    if ($text eq '}') { die "brace\n" if !$depth || @words; return \@found }
    next if $text eq ';' && !@words;
    my $name = shift @words // '';
    if ($text eq '{') { push @found, [$name, [@words], block($tokens, $depth + 1)] }
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
  my $glob = join '', map { $_ eq '*' ? '[^/]*' : $_ eq '?' ? '[^/]' : /^\[/ ? $_ : quotemeta } $pattern =~ /\[[^\]]+\]|./gs;
  return map { @{block(tokens($file{$_}), 0)} } grep { /^$glob\z/ } sort keys %file;
}
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
# What stands in a block counts instead of what stands around it.
sub limited {
  my ($block, $path, $limits, $dry, $leads_on) = @_;
  $limits = 1 if grep { $_->[0] eq 'limit_req' } @$block;
  for my $one (@$block) { $dry = lc($one->[1][0] // '') eq 'on' if $one->[0] eq 'limit_req_dry_run' }
  $leads_on = 1 if grep { $_->[0] =~ /^(?:rewrite|try_files|error_page|if)$/ } @$block;
  my $next = location($block, $path);
  return limited($next->[2], $path, $limits, $dry, $leads_on) if $next;
  return $limits && !$dry ? 'yes' : $leads_on ? 'unclear' : 'no';
}
my $read = eval {
  die "empty\n" if !defined $main;
  my @lines;
  for my $http (grep { $_->[0] eq 'http' && $_->[2] } @{block(tokens($file{$main}), 0)}) {
    my $around = grep { $_->[0] eq 'limit_req' } @{$http->[2]};
    my ($dry) = map { lc($_->[1][0] // '') eq 'on' } grep { $_->[0] eq 'limit_req_dry_run' } @{$http->[2]};
    for my $server (grep { $_->[0] eq 'server' && $_->[2] } @{$http->[2]}) {
      my @names = map { my $name = $_; $name =~ s/[^\x21-\x7e]/?/g; lc $name } map { @{$_->[1]} } grep { $_->[0] eq 'server_name' } @{$server->[2]};
      my $tls = grep { $_->[0] eq 'listen' && (($_->[1][0] // '') =~ /(?:^|:)443$/ || grep { $_ eq 'ssl' || $_ eq 'quic' } @{$_->[1]}) } @{$server->[2]};
      push @lines, join ' ', '@host', limited($server->[2], $ENV{ZEBU_PATH}, $around, $dry, 0), $tls ? 'tls' : 'plain', @names;
    }
  }
  print map { "$_\n" } @lines;
  1;
};
print '@nginx ', $read ? 'read' : 'unread', "\n";
