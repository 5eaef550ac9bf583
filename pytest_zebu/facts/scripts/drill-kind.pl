# For the drill: `kind FILE` says of what format a dump is (`clean`: plain text that removes everything first) and in which compressions it lies;
# `data FILE` of which tables it has data, `@data TABLE`, and `@end missing` of plain text that breaks off.
use strict;
use warnings;

my ($question, $path) = @ARGV;
exit 5 if !defined $path;

sub gives_up { my ($why) = @_; print STDERR "$why\n"; exit 5 }

my $seen = -d $path ? { layers => [], head => 'PGDMP' } : layers($path);
gives_up("the dump: $seen->{trouble}") if $seen->{trouble};
gives_up("there is no $seen->{missing} to unpack the dump with") if $seen->{missing};
my ($head, @layers) = ($seen->{head}, @{ $seen->{layers} });
my $by = encryption_of($head);
gives_up("the dump is encrypted ($by): only who has the key can restore it") if $by;
my $is_archive = substr($head, 0, 5) eq 'PGDMP' || (is_tar($head) && container_of($head) eq '');
my $other = $is_archive || is_dump_text($head) ? '' : text_kind($head);
gives_up("the dump is of a format that is not looked into: $other") if $other =~ /^(?:zip|7z|rar|tarball|binary)\z/;
my $kind = -d $path ? 'directory' : substr($head, 0, 5) eq 'PGDMP' ? 'custom' : is_tar($head) ? 'tar'
  : $head =~ /^-- PostgreSQL database cluster dump\r?$/m ? 'cluster' : $head =~ /^(?:DROP |ALTER TABLE [^;]* DROP CONSTRAINT)/m ? 'clean' : 'plain';

if ($question eq 'kind') { print join(' ', $kind, @layers), "\n" }
elsif ($kind =~ /^(?:plain|clean|cluster)\z/) {
  my $in = piped($path, unpackers(@layers));
  my $found = scan($in);
  print "\@end missing\n" if $found->{kind} && !$found->{end} && !$in->{is_late};
  my %tables = map { %$_ } values %{ $found->{rows} };
  print '@data ', name($_), "\n" for sort keys %tables;
} else {
  my $in = $kind eq 'directory' ? piped("$path/toc.dat") : piped($path, unpackers(@layers));
  taken($in, 512) if $kind eq 'tar';
  my $archive = eval { archive($in) };
  $in->{is_late} = 1;
  ended($in);
  for my $entry ($archive ? @{ $archive->{entries} } : ()) {
    print '@data ', name("$entry->{schema}.$entry->{name}"), "\n" if $entry->{kind} eq 'TABLE DATA';
  }
}
