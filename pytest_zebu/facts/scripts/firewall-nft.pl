# nft's ruleset in JSON, from the standard input behind what iptables-save said: the length of that in a line, then for each answer `@rules FAMILY` and its lines.
# Of a rule that iptables keeps there, and that nft does not know whole (`xt`), nothing is read but that there is one: iptables has told it itself. What
# its expressions say is left out, which is half of all; and so are the numbers of entries, and what was counted. Of a table that is not wholly the one that iptables has shown, everything is told.
use strict;
use warnings;

my $length = <STDIN> // '';
exit 1 if $length !~ /^\d{1,9}$/;
my ($shown, $said) = ('', '');
read STDIN, $shown, $length;
{ local $/; $said = <STDIN> // '' }

# How many rules each chain has: by iptables, of each table that it has shown.
my (@tables, $now, $is_plain);
$is_plain = 1;
my $family = '';
for (split /\n/, $shown) {
  if (/^\@rules ([46])$/) { $family = $1 eq '4' ? 'ip' : 'ip6'; undef $now }
  elsif (/^\*([\w.-]+)$/) { push @tables, $now = { of => "$family $1", chain => {} } }
  elsif ($now && /^:(\S+) /) { $now->{chain}{$1} //= 0 }
  elsif ($now && /^(?:\[\d+:\d+\] )?-A (\S+)/) { $now->{chain}{$1}++ }
  elsif (/^#.*incompatible/ || !/^(?:#.*|COMMIT|)$/) { $is_plain = 0 }
}

# By nft: its entries, each of which ends where the next begins; a text that looks so would have its quotes escaped.
my @entries = split /, (?=\{"(?:table|chain|rule|set|map|element|flowtable|counter|quota|limit|ct helper|ct timeout|ct expectation|secmark|synproxy)": \{"family": )/, $said;
my $name = qr/"([\w.:-]+)"/;
my %found;
for (@entries) {
  if (/^\{"chain": \{"family": $name, "table": $name, "name": $name/) { $found{"$1 $2"}{$3} //= 0 }
  elsif (/^\{"rule": \{"family": $name, "table": $name, "chain": $name/) { $found{"$1 $2"}{$3}++ }
  elsif (/^\{"(?:chain|rule)"/) { $is_plain = 0 }
}

sub is_same {
  my ($one, $other) = @_;
  return !grep { !exists $other->{$_} || $one->{$_} != $other->{$_} } keys %$one;
}

my %is_twin;
for my $which ($is_plain ? keys %found : ()) {
  $is_twin{$which} = grep { $_->{of} eq $which && is_same($found{$which}, $_->{chain}) } @tables;
}
for (@entries) {
  next if !$is_plain;
  my ($which) = /^\{"rule": \{"family": $name, "table": $name, / ? "$1 $2" : '';
  s/^(\{"rule": \{"family": $name, "table": $name, "chain": $name), .*"expr": \[.*\{"xt": .*\]\}\}(\]\}\s*)?\z/"$1, \"expr\": [{\"xt\": null}]}}" . ($5 \/\/ '')/e if $is_twin{$which};
  # What an entry is numbered by, and what was counted, is told of none.
  s/^(\{"(?:table|chain|rule)": \{(?:"(?:family|table|chain|name)": $name, )+)"handle": \d+, /$1/ || s/^(\{"(?:table|chain)": \{(?:"(?:family|table|name)": $name, )*"name": $name), "handle": \d+(?=[,\}])/$1/;
  if ($which ne '' && !/\{"xt": /) { s/\{"counter": \{"packets": \d+, "bytes": \d+\}\}, //g; s/, \{"counter": \{"packets": \d+, "bytes": \d+\}\}(?=[,\]])//g }
}
print join ', ', @entries;
