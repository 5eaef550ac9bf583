# What the backend's log of a week says of requests to what only signed-in users get: `@answered COUNT LAST`, `@broken COUNT LAST`.
# Then `@cut yes|no` and `@status STATUS`. Counts travel, no line does. A preflight is answered to everybody, and does not count.
use strict;
use warnings;
use constant BYTES => 64 * 2**20;
my ($read, $cut, %count, %last, %is_bare) = (0, 'no');
my $protected = quotemeta $ENV{ZEBU_PROTECTED};
my $method = qr/GET|POST|PUT|PATCH|DELETE/;
# What a request came to, in structlog's text: its values may have blanks or ends of lines, and are not always quoted, so that a stranger's
# may look like other keys or another line. Who writes so doubles what the program says itself: where the program says all three in each such
# line, the status last, a line that has each once is its own.
my $done = 'request[ _](?:completed|finished|handled|processed|ended|end|done)';
my $come = qr/(?i:(?:http[ _])?$done)/;
my $told = qr/^(?:[0-9][0-9T:.,Z+ -]{7,40} )?\[[a-z]{4,9} *\] ($come) +(?:\[[\w.]{1,100}\] +)?(?=\w+=)/;
my $ends = qr/(?<!\w)(?:http_|response_)?status(?:_code)?=[0-9]{3}(?: \w+=[0-9.]{1,30}(?:ms|s)?)*\s*$/;

sub counted {
  my ($event, $time, $status) = @_;
  my $word = $status =~ /^2/ ? 'answered' : $status =~ /^5/ ? 'broken' : return;
  $count{$word}{$event}++;
  $last{$word}{$event} = $time if !defined $last{$word}{$event} || $time gt $last{$word}{$event};
}

# The access line of uvicorn as the message of an object that nothing is nested in: of what is, a stranger may have named the keys.
sub wrapped {
  my ($text) = @_;
  return if $text !~ /"(?:logger|logger_name|name)"\s*:\s*"uvicorn\.access"/ || length $text > 65_536;
  my ($status) = $text =~ m{"(?:message|msg|event)"\s*:\s*"[\w.:\[\]]{1,60} - \\"$method $protected(?:[/?][^" \\]*)? HTTP/[0-9.]+\\" ([0-9]{3})(?: [A-Za-z -]{1,40})?"} or return;
  $text =~ s/"(?:[^"\\]++|\\.)*+"//g;
  return $text =~ /^\s*\{[^{}\[\]"]*\}\s*$/ ? $status : undef;
}

sub line {
  my ($line) = @_;
  my ($time, $text) = $line =~ /^(\S{19,40}) (.*)/ or return;
  $text =~ s/\e\[[0-9;]*m//g;
  my $status;
  if ($text =~ /^\s*\{/ && defined($status = wrapped($text))) {
  } elsif ($text =~ /^\s*\{/) {
    # What comes from outside stands in its strings, whose quotes are escaped.
    return unless $text =~ /"(?:request_|http_)?(?:path|url|uri)"\s*:\s*"$protected(?:["?\/])/;
    return unless $text =~ /"(?:request_|http_)?method"\s*:\s*"$method"/;
    ($status) = $text =~ /"(?:http_|response_)?status(?:_code)?"\s*:\s*"?([0-9]{3})\b/;
  } elsif ($text !~ m{"$method [^"]*HTTP/} && $text =~ $told) {
    my ($event, @said) = (lc $1, [$text =~ /(?<!\w)(?:request_|http_)?(?:path|url|uri)=(\S*)/g], [$text =~ /(?<!\w)(?:request_|http_)?method=(\S*)/g], [$text =~ /(?<!\w)(?:http_|response_)?status(?:_code)?=(\S*)/g]);
    $is_bare{$event} = 1 if $text !~ $ends || grep { !@$_ } @said;
    return if grep { @$_ != 1 } @said;
    my ($path, $verb, $number) = map { s/^(['"])(.*)\1$/$2/r } map { @$_ } @said;
    counted($event, $time, $number) if $path =~ m{^$protected(?:[/?]|$)} && $verb =~ /^(?:$method)$/ && $number =~ /^[0-9]{3}$/;
    return;
  } elsif (1 == (() = $text =~ m{HTTP/[0-9]}g)) {
    ($status) = $text =~ m{^[^"]*"$method $protected(?:[/?][^" ]*)? HTTP/[0-9.]+" ([0-9]{3})\b};
  }
  counted('', $time, $status) if defined $status;
}

my $log = docker_lines({ Id => $ENV{ZEBU_BACKEND_CONTAINER} }, 'timestamps=1&tail=200000&since=' . (time - 168 * 3600), sub {
  for my $line ($_[0] =~ /[^\n]*\n|[^\n]+/g) {
    if (($read += length $line) > BYTES) { $cut = 'yes'; return 0 }
    # Most lines tell of no such request, and what is in all of those that do is found sooner; a colour may part it.
    line($line) if index($line, $ENV{ZEBU_PROTECTED}) >= 0 && (index($line, 'HTTP/') >= 0 || index($line, 'status') >= 0) || index($line, "\e") >= 0 || lc($line) =~ /$done/;
  }
  return 1;
}, time + 60);
my $status = $log eq 'unreadable' ? 1 : 0;
for my $word (qw(answered broken)) {
  my ($sum, $newest) = (0, '');
  for my $event (grep { !$is_bare{$_} } keys %{ $count{$word} }) {
    $sum += $count{$word}{$event};
    $newest = " $last{$word}{$event}" if " $last{$word}{$event}" gt $newest;
  }
  print "\@$word $sum$newest\n";
}
print "\@cut $cut\n\@status $status\n";
