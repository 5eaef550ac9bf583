# Whether one of the secrets, given on descriptor 3 behind their names, stands in what comes by standard input: `found=0` or `found=1`;
# `found=-` where there is none to look for, nothing where nothing came.
use strict;
use warnings;
open my $given, '<&=', 3 or exit 3;
my @secrets = map { /^\S+ (.*)\n/ ? $1 : () } <$given>;
if (!@secrets) { print "found=-\n"; exit 0 }
my ($longest) = sort { $b <=> $a } map { length } @secrets;
my $any = join '|', map { quotemeta } @secrets;
my ($text, $read, $found) = ('', 0, 0);
while (my $got = sysread STDIN, $text, 1_048_576, length $text) {
  $read += $got;
  $found = 1 if $text =~ /$any/;
  $text = substr $text, -$longest if length $text > $longest;
}
print "found=$found\n" if $read;
