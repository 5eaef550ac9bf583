# Of each container: `@image SERVICE MADE BASE`; `-` for what Docker does not tell.
use strict;
use warnings;
use POSIX ();

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
  my @local = localtime $seconds;
  my $zone = POSIX::strftime('%z', @local) =~ s/(\d\d)$/:$1/r;
  return POSIX::strftime('%Y-%m-%dT%H:%M:%S', @local) . ($zone eq '+00:00' ? 'Z' : $zone);
}
