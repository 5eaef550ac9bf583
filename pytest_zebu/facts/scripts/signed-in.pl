# What the backend's log of a week says of requests to what only signed-in users get: `@answered COUNT LAST`, `@broken COUNT LAST`.
# Then `@cut yes|no` and `@status STATUS`. Counts travel, no line does. A preflight is answered to everybody, and does not count.
use strict;
use warnings;
use constant BYTES => 64 * 2**20;
my ($read, $cut, %count, %last) = (0, 'no');
my $protected = quotemeta $ENV{ZEBU_PROTECTED};
my $method = qr/GET|POST|PUT|PATCH|DELETE/;
open my $log, '-|', 'exec docker logs --since 168h --tail 200000 --timestamps "$ZEBU_BACKEND_CONTAINER" 2>&1' or exit 127;
while (my $line = <$log>) {
  if (($read += length $line) > BYTES) { $cut = 'yes'; last }
  my ($time, $text) = $line =~ /^(\S{19,40}) (.*)/ or next;
  $text =~ s/\e\[[0-9;]*m//g;
  my $status;
  if ($text =~ /^\s*\{/) {
    # What comes from outside stands in its strings, whose quotes are escaped.
    next unless $text =~ /"(?:request_|http_)?(?:path|url|uri)"\s*:\s*"$protected(?:["?\/])/;
    next unless $text =~ /"(?:request_|http_)?method"\s*:\s*"$method"/;
    ($status) = $text =~ /"(?:http_|response_)?status(?:_code)?"\s*:\s*"?([0-9]{3})\b/;
  } elsif (1 == (() = $text =~ m{HTTP/[0-9]}g)) {
    ($status) = $text =~ m{^[^"]*"$method $protected(?:[/?][^" ]*)? HTTP/[0-9.]+" ([0-9]{3})\b};
  }
  next unless defined $status;
  my $word = $status =~ /^2/ ? 'answered' : $status =~ /^5/ ? 'broken' : next;
  $count{$word}++;
  $last{$word} = $time if !defined $last{$word} || $time gt $last{$word};
}
my $status = close $log || $cut eq 'yes' ? 0 : $? >> 8 || 1;
printf "\@%s %d%s\n", $_, $count{$_} // 0, defined $last{$_} ? " $last{$_}" : '' for qw(answered broken);
print "\@cut $cut\n\@status $status\n";
