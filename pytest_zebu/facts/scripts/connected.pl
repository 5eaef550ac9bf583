# Shared: connected(HOST, PORT, SECONDS) is a connection to it, or nothing. An address as such needs no module, and to load one takes longer than to connect.
use strict;
use warnings;

sub connected {
  my ($host, $port, $seconds) = @_;
  my $byte = qr/(0|[1-9][0-9]{0,2})/;
  my @bytes = $host =~ /^$byte\.$byte\.$byte\.$byte\z/;
  if (!@bytes || $port > 65_535 || grep { $_ > 255 } @bytes) {
    require IO::Socket::IP;
    return IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Timeout => $seconds);
  }
  my ($INET, $STREAM) = (2, 1);    # as Linux has them
  socket my $line, $INET, $STREAM, 0 or return;
  local $SIG{ALRM} = sub { die "late\n" };
  my $is_there = eval { alarm $seconds; my $done = connect $line, pack 'S n C4 x8', $INET, $port, @bytes; alarm 0; $done };
  return $is_there ? $line : undef;
}
