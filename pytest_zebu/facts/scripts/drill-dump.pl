# What a restore drill starts from: `@now EPOCH`, `@image ID`, `@entrypoint JSON`, `@command JSON`, `@newest NAME`.
use strict;
use warnings;

sub gives_up { my ($status, $why) = @_; print STDERR "$why\n"; exit $status }

gives_up(4, 'backups.folder is not declared') if told('FOLDER') eq '';
opendir my $handle, told('FOLDER') or gives_up(4, "backups.folder cannot be read: $!");
my $now = time;
# What is told of each on the way is not asked for here.
open my $nothing, '>', '/dev/null' or gives_up(5, "/dev/null: $!");
my $before = select $nothing;
tell_live();
my $newest = looked_for(finished());
select $before;
gives_up(4, 'there is no dump') if !defined $newest;

sub asked {
  my (@command) = @_;
  my ($status, $text) = said(10, 262_144, @command);
  gives_up(5, "docker says nothing of the database's image") if $status != 0;
  return $text;
}

my $image = asked('docker', 'inspect', '-f', '{{.Image}}', $ENV{ZEBU_DB_CONTAINER});
$image =~ s/\s+\z//;
print "\@now $now\n\@image $image\n";
print asked('docker', 'image', 'inspect', '-f', "\@entrypoint {{json .Config.Entrypoint}}\n\@command {{json .Config.Cmd}}", $image);
print '@newest ', name($newest->[3]), "\n";
