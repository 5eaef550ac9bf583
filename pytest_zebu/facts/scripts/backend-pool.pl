# How many lines of the backend's log of a day tell of an exhausted pool: a number. A log that cannot be read has none.
use strict;
use warnings;

my $exhausted = qr/QueuePool limit of size|PoolTimeout|pool timeout|TooManyConnections|too many clients already|remaining connection slots are reserved|no more connections allowed|schon zu viele Verbindungen|trop de clients connect|demasiados clientes conectados/;
my $found = 0;
my $state = docker_lines({ Id => $ENV{ZEBU_BACKEND_CONTAINER} }, 'since=' . (time - 86_400), sub {
  my ($text) = @_;
  $found++ while $text =~ /$exhausted.*/g;
  return 1;
}, time + 60);
if ($state ne 'whole') {
  print STDERR "the log of the backend cannot be read\n";
  exit 5;
}
print "$found\n";
