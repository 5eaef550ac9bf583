# What the newest dumps have in them: `@none`, or for each `@dump SIZE MADE NAME` and what was found of it; `@live ...` in front, what the database has.
#
# Of a dump: `@layer COMPRESSION`, `@format WORD`, `@sealed BY`, `@missing PROGRAM`, `@archive VERSION MADE SERVER DATABASE`, `@defined TABLE`,
# `@in DATABASE`, `@data TABLE ROWS` (-1: as many as there are), `@revision WORD`, `@end reached|missing|unread`, `@restore STATUS COMPLAINT`.
# The newest file may be of something else that is kept beside the dumps: some are looked at, until one is what is looked for.
use strict;
use warnings;

exit 4 if told('FOLDER') eq '';
opendir my $handle, told('FOLDER') or exit 4;
$| = 1;
tell_live();
my @found = finished();
report('@none') if !@found;
looked_for(@found);
