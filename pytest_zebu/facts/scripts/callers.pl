# Who asks the project's published services: of each `@service NAME`, `@from NAME ADDRESS COUNT` of private addresses beyond its own
# networks, `@bridge NAME COUNT` of what came by way of Docker's bridge, which hides who it was, `@public NAME COUNT` of the rest; `@none`
# where nothing is published. Connections that are, or were a moment ago, and what access logs have in front. Visitors' addresses do not travel.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 inet_ntop inet_pton);

my ($LINES, $LIMIT, $SECONDS) = (1500, 4_194_304, 5 * ($ENV{ZEBU_SLOWER} || 1));    # longer on a busy machine
my $PROC = '/proc';

sub plain {    # an address as people write it: of IPv4 within IPv6, that of IPv4; nothing where it is none
  my ($packed) = @_;
  return if !defined $packed;
  $packed = substr $packed, 12 if length $packed == 16 && substr($packed, 0, 12) eq "\0" x 10 . "\xff\xff";
  return inet_ntop(length $packed == 4 ? AF_INET : AF_INET6, $packed);
}

sub written { my ($text) = @_; return plain($text =~ /:/ ? inet_pton(AF_INET6, $text) : inet_pton(AF_INET, $text)) }

sub connected {    # who is connected with a process's network at these ports, or was until a moment ago
  my ($pid, %ports) = @_;
  my @found;
  for my $file ("$PROC/$pid/net/tcp", "$PROC/$pid/net/tcp6") {
    open my $in, '<', $file or next;
    while (<$in>) {
      my ($port, $peer, $state) = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ([0-9A-F]{2})\b/ or next;
      next if $state eq '0A' || !$ports{ hex $port };
      push @found, plain(pack 'L*', map { hex } $peer =~ /(.{8})/g);
    }
  }
  return @found;
}

sub logged {    # who stands in front of an access log's lines: nginx's and Apache's, and uvicorn's
  my ($one) = @_;
  my $text = '';
  docker_lines($one, "tail=$LINES", sub { $text .= $_[0]; return length $text < $LIMIT }, time + $SECONDS);
  return map { /^(?:INFO: +)?(?:\[([0-9a-fA-F:.]+)\]|([0-9a-fA-F:.]+?))(?::\d{1,5})? - / ? written($1 // $2) // () : () } split /\n/, $text;
}

sub within {    # whether an address is in a network
  my ($address, $of, $bits) = @_;
  my @packed = map { inet_pton(/:/ ? AF_INET6 : AF_INET, $_) // return 0 } $address, $of;
  return 0 if length $packed[0] != length $packed[1];
  my @text = map { substr unpack('B*', $_), 0, $bits } @packed;
  return $text[0] eq $text[1];
}

my @PRIVATE = (['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['fc00::', 7]);

my $count = 0;
for my $one (@{ docker_containers(once => 1) // docker_end(5) }) {
  my $name = $one->{Config}{Labels}{'com.docker.compose.service'} // '';
  my %published = %{ $one->{NetworkSettings}{Ports} || {} };
  my %ports = map { m{^(\d+)/tcp$} && $published{$_} ? ($1 => 1) : () } keys %published;
  next unless %ports && $name =~ /^[\w.-]{1,80}$/;
  $count++;
  print "\@service $name\n";
  my @networks = grep { ($_->{IPAddress} // '') ne '' } values %{ $one->{NetworkSettings}{Networks} || {} };
  my (%from, %other);
  for my $address (connected($one->{State}{Pid} || 0, %ports), logged($one)) {
    next if !defined $address || $address =~ /^127\.|^::1$|^::$|^fe80:/;
    if (my ($network) = grep { within($address, $_->{IPAddress}, $_->{IPPrefixLen} || 32) } @networks) {
      $other{bridge}++ if $address eq ($network->{Gateway} // '');
    }
    elsif (grep { within($address, @$_) } @PRIVATE) { $from{$address}++ }
    else { $other{public}++ }
  }
  my @most = sort { $from{$b} <=> $from{$a} || $a cmp $b } keys %from;
  print "\@from $name $_ $from{$_}\n" for @most > 20 ? @most[0 .. 19] : @most;
  print "\@$_ $name $other{$_}\n" for sort keys %other;
}
print "\@none\n" unless $count;
