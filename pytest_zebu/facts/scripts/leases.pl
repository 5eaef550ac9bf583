# Leases of an address: `lease=FILE` of one that is alive, `left=FILE` of another, for DEVICE, its INDEX and ADDRESS.
# Clients leave them when they go, and for years: only one that is of this address and device, and not yet over, counts.
# Where it does not tell its end, it proves nothing.
use strict;
use warnings;
my ($device, $index, $address) = @ARGV;
my $dotted = qr/(?<![\d.])\Q$address\E(?![\d.])/;

sub slurp { open my $in, '<', $_[0] or return ''; local $/; read $in, my $text, 1_048_576; return $text // '' }

sub seconds {    # since 1970, of a moment in UTC
  my ($year, $month, $day, $hour, $minute, $second) = @_;
  my $years = $month <= 2 ? $year - 1 : $year;
  my $shifted = ($month + 9) % 12;
  my $days = 365 * $years + int($years / 4) - int($years / 100) + int($years / 400) + int((153 * $shifted + 2) / 5) + $day - 1 - 719_468;
  return (($days * 24 + $hour) * 60 + $minute) * 60 + $second;
}

sub lives {    # whether the last lease of dhclient's file that is of this address and device goes on
  my ($text) = @_;
  my $end = 0;
  for my $lease ($text =~ /lease\s*\{(.*?)\n\s*\}/gs) {
    next if $lease !~ /fixed-address\s+$dotted\s*;/ || $lease =~ /interface\s+"([^"]*)"/ && $1 ne $device;
    $end = $lease =~ /expire\s+never/ ? 9e15 : $lease =~ /expire\s+epoch\s+(\d+)/ ? $1
      : $lease =~ /expire\s+\d\s+(\d+)\/(\d+)\/(\d+)\s+(\d+):(\d+):(\d+)/ ? seconds($1, $2, $3, $4, $5, $6) : 0;
  }
  return $end > time;
}

sub told {    # systemd's and NetworkManager's: NAME=value
  my ($file, $text) = @_;
  return 0 if $text !~ /^ADDRESS=$dotted$/m;
  my ($life) = $text =~ /^LIFETIME=(\d+)/m;
  my ($end) = $text =~ /^(?:EXPIRY|expiry)=(\d+)/m;
  return defined $end ? $end > time : defined $life ? $life >= 4_294_967_295 || (stat $file)[9] + $life > time : 0;
}

sub packet {    # dhcpcd's: the server's own answer
  my ($file, $text) = @_;
  return 0 if length $text < 240 || join('.', unpack 'x16 C4', $text) ne $address;
  my ($place, $life) = (240, 0);
  while ($place + 1 < length $text && (my $code = ord substr $text, $place, 1) != 255) {
    if ($code == 0) { $place++; next }
    my $length = ord substr $text, $place + 1, 1;
    $life = unpack 'N', substr $text, $place + 2, 4 if $code == 51 && $length == 4 && length($text) >= $place + 6;
    $place += 2 + $length;
  }
  return $life == 4_294_967_295 || (stat $file)[9] + $life > time;
}

for my $file (glob '/var/lib/dhcp/*lease* /var/lib/dhclient/*lease* /var/lib/NetworkManager/*lease* /var/lib/dhcpcd*/*lease* '
  . "/run/systemd/netif/leases/$index") {
  next if !-f $file;
  my $text = slurp($file);
  my $lives = $text =~ /^\s*lease\s*\{/m ? lives($text) : $text =~ /^[A-Z_]+=/m ? told($file, $text) : packet($file, $text);
  print $lives ? 'lease' : 'left', "=$file\n" if $lives || $text =~ $dotted;
}
# What the boot's own client got, once, before any other ran.
for my $file (glob "/run/net-*.conf /run/net[0-9]*.conf") {
  my $text = slurp($file);
  print "lease=$file\n" if $text =~ /^(?:IPV4)?PROTO='?dhcp/m && $text =~ /^IPV4ADDR='?$dotted/m && $text =~ /^DEVICE='?\Q$device\E'?$/m;
}
