# Whether HOST:PORT, the argument, accepts a connection; only the status tells.
use strict;
use warnings;
use IO::Socket::IP;
my ($host, $port) = $ARGV[0] =~ /^(.*):(\d+)$/ or exit 1;
exit !IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Timeout => 2);
