# Of each container: `@image SERVICE MADE BASE`; `-` for what Docker does not tell.
use strict;
use warnings;

my $containers = docker_list(all => 1) // docker_end(5);
my %told;
for my $container (splice @$containers, 0, 24) {
  my $image = ($container->{ImageID} // '') =~ /^([\w:.-]+)$/ ? $1 : '';
  my ($made, $base) = @{ $told{$image} ||= [$image eq '' ? () : ages($image)] };
  my $service = docker_service($container);
  printf "\@image %s %s %s\n", $service eq '' ? '-' : $service, $made // '-', $base // '-';
}

# When an image was made, and when the oldest of what it is made of.
sub ages {
  my ($image) = @_;
  my ($told, $history) = map { docker_told("/images/$image/$_") } qw(json history);
  my $made = ref $told eq 'HASH' ? $told->{Created} // '' : '';
  my $oldest = ref $history eq 'ARRAY' && ref $history->[-1] eq 'HASH' ? $history->[-1]{Created} // '' : '';
  return ($made =~ /^\S+$/ ? $made : undef, $oldest =~ /^\d{1,11}$/ ? moment($oldest) : undef);
}

sub moment {    # as the client writes it, by the machine's clock
  my ($seconds) = @_;
  my @at = localtime $seconds;
  my @there = gmtime $seconds;
  my $ahead = (($at[5] <=> $there[5] || $at[7] <=> $there[7]) * 24 + $at[2] - $there[2]) * 60 + $at[1] - $there[1];
  my $zone = $ahead ? sprintf '%s%02d:%02d', $ahead < 0 ? '-' : '+', int(abs($ahead) / 60), abs($ahead) % 60 : 'Z';
  return sprintf '%04d-%02d-%02dT%02d:%02d:%02d%s', 1900 + $at[5], 1 + $at[4], @at[3, 2, 1, 0], $zone;
}
