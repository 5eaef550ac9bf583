# Shared: of Docker's daemon, `driver=NAME`, `version=VERSION` and `root=FOLDER`; nothing where it does not answer, and why to the errors. Podman answers for Docker, and is none.
use strict;
use warnings;

my $info = docker_told('/info');
if (ref $info ne 'HASH' || exists $info->{BuildahVersion}) {
  print STDERR docker_trouble(), "\n";
  exit 1;
}
for (['driver', 'LoggingDriver'], ['version', 'ServerVersion'], ['root', 'DockerRootDir']) {
  my $text = $info->{ $_->[1] } // '';
  print "$_->[0]=$text\n" if !ref $text && $text !~ /[\x00-\x1f\x7f]/;
}
