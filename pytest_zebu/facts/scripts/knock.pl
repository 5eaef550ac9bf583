# Whether HOST:PORT, the argument, accepts a connection; only the status tells.
use strict;
use warnings;
exit !connected($ARGV[0] =~ /^(.*):(\d+)$/ ? ($1, $2, 2) : exit 1);
