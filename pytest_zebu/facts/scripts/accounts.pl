# What each user's password is: lines `USER own|default|empty|locked|unknown`.
# perl's crypt is the machine's own, so it knows whatever scheme the machine's hashes have (yescrypt too).
use strict;
use warnings;
my @defaults = qw(docker root debian admin password changeme zebu papertrade proxmox toor 123456);
open my $shadow, "<", "/etc/shadow" or exit 126;
while (<$shadow>) {
  my ($user, $hash) = split /:/;
  if ($hash eq "") { print "$user empty\n"; next }
  if ($hash =~ /^[!*]/) { print "$user locked\n"; next }
  my $word = "own";
  for my $try (@defaults, $user) {
    my $made = crypt $try, $hash;
    if (!defined $made || $made =~ /^\*/) { $word = "unknown"; last }
    if ($made eq $hash) { $word = "default"; last }
  }
  print "$user $word\n";
}
