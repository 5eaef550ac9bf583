# When the database was made: `@made MOMENT`. Its server works in the folder of its files, so that none need be asked for it.
use strict;
use warnings;

if (beside($ENV{ZEBU_DB_CONTAINER})) {
  my $called = '';
  if (open my $file, '<', 'comm') { $called = <$file> // '' }
  my @version = $called =~ /^(?:postgres|postmaster)$/ ? lstat 'cwd/PG_VERSION' : ();
  if (@version && -f _) { print "\@made $version[9]\n"; exit }
}
exec '/bin/sh', '-c', $ENV{ZEBU_SH} or unstarted('sh');
