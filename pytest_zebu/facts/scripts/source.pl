# The application's Python files: `@ PATH`, the text, `@end`; `@left COUNT`: so many are too long or too many, or could not be read.
# Tests and migrations are left out: nobody who calls the API reaches them.
use strict;
use warnings;

my ($MOST, $LONGEST) = (3000, 1023 * 1024);
exec 'docker', 'exec', '-i', $ENV{ZEBU_BACKEND_CONTAINER}, 'sh', '-c', $ENV{ZEBU_SH} or unstarted('docker') if !entered($ENV{ZEBU_BACKEND_CONTAINER}, '/app');
exit 9 if working_folder() eq '/';
my @files = found(qr/^(?:tests|migrations|alembic|\..+|.*venv.*|site-packages|node_modules)\z/s, qr/\.py\z/, '.');
my @read = grep { $_->[1] <= $LONGEST } @files;
my $left = @files - @read;
if (@read > $MOST) { $left += @read - $MOST; $#read = $MOST - 1 }
for (@read) {
  my ($path, $text) = ($_->[0], content($_->[0], $LONGEST));
  print "\@ ", substr($path, 2), "\n$text\n\@end\n" if defined $text;
}
$left += unread();
print "\@left $left\n" if $left;
