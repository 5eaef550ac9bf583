# Of each revision of the deployed code `@file PATH`, then its text as `@line TEXT`; of alembic's own files what says where they and the table are:
# `@ini TEXT`, `@env TEXT`. They are read without importing them: `alembic heads` would execute the checkout's code.
use strict;
use warnings;

my $LONGEST = 255 * 1024;
exec 'docker', 'exec', '-i', $ENV{ZEBU_BACKEND_CONTAINER}, 'sh', '-c', $ENV{ZEBU_SH} or unstarted('docker') if !entered($ENV{ZEBU_BACKEND_CONTAINER}, '/app');
my @places = working_folder() eq '/' ? qw(app srv code opt home usr/src) : '.';
my @files = grep { $_->[1] <= $LONGEST } found(qr/^(?:node_modules|.*venv.*|site-packages|tests|\..+)\z/s, qr/\.py\z|^alembic\.ini\z/, @places);
my (@of_ini, @of_env, @revisions);
for (@files) {
  my ($path) = @$_;
  my $text = content($path, $LONGEST) // next;
  push @of_ini, map { "\@ini $_\n" } $text =~ /^ *((?:script_location|version_locations) *=.*)/mg if $path =~ m{(?:^|/)alembic\.ini\z};
  push @of_env, map { "\@env $_\n" } $text =~ /^(.*version_table.*)/mg if $path =~ m{(?:^|/)env\.py\z};
  push @revisions, "\@file $path\n", $text =~ s/^/\@line /mgr, "\n" if $path =~ /\.py\z/ && $text =~ /^(?:down_)?revision *[:=]/m;
}
lost(unread(), 'folders or files of the container could not be read') if unread();
print @of_ini, @of_env, @revisions;
