# Of each document that standard input names behind `@documents`: `@document WORDS PLACEHOLDERS CHANGED PATH`, then
# `@topic NAME EVERYWHERE IN-HEADINGS` for each topic that it has, and `@lacks WORD ...`: commands and paths that are
# not on this machine. A command of a code block must be there, and a path that is named must be. In front of
# `@documents` stands git's log of them. Topics are lines `NAME<tab>PATTERN` of ZEBU_TOPICS, `-` that of placeholders.
# `@unread PATH`: a document that is too long or cannot be read, or `.` for a folder; `@cut COUNT`: so many documents
# were left out, since there are too many, or it took too long.
use strict;
use warnings;
use Errno qw(EACCES);
my (%topic, @names, $hollow);
for my $line (split /\n/, $ENV{ZEBU_TOPICS}) {
  my ($name, $pattern) = split /\t/, $line, 2;
  if ($name eq '-') { $hollow = qr/$pattern/i; next }
  push @names, $name;
  $topic{$name} = qr/$pattern/im;
}
while (@ARGV) { my ($name, $pattern) = splice @ARGV, 0, 2; if ($name eq "-") { $hollow = qr/$pattern/i } else { push @names, $name; $topic{$name} = qr/$pattern/im } }
my %builtin = map { $_ => 1 } qw(cd export set source . if then else fi for while do done case esac exit echo printf read test [ [[ eval exec umask wait trap true false unset local return EOF SQL);
my @path = qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin);
my (%time, $at);
while (<STDIN>) {
  chomp;
  last if $_ eq '@documents';
  if (/^\@(\d+)$/) { $at = $1 }
  elsif (length) { $time{"./$_"} //= $at }
}
my ($most, $longest, $seconds, $done) = (2000, 524_288, 8, 0);
my @files = sort <STDIN>;
chomp @files;
for my $file (@files) {
  if ($file eq '@folder') { print "\@unread .\n"; next }
  if (++$done > $most || time - $^T > $seconds) { printf "\@cut %d\n", @files - $done + 1; last }
  (my $shown = $file) =~ s{^\./}{}; $shown =~ s/[^\x21-\x7e]/?/g;
  my $text;
  if (-s $file > $longest || !open(my $in, "<", $file)) { print "\@unread $shown\n"; next }
  else { local $/; $text = <$in> // "" }
  my $words = () = $text =~ /\S+/g; my $empty = () = $text =~ /$hollow/g;
  my $changed = $time{$file} // (stat $file)[9];
  print "\@document $words $empty $changed $shown\n";
  my $headings = join "\n", $text =~ /^#+ +(.*)$/mg; $headings .= "\n$shown";
  for my $name (@names) { my $all = () = $text =~ /$topic{$name}/g; my $head = () = $headings =~ /$topic{$name}/g; print "\@topic $name $all $head\n" if $all || $head }
  my %lacks; my @code;
  while ($text =~ /^```(?:sh|bash|shell|console)\s*\n(.*?)^```/msg) { push @code, $1 }
  for my $block (@code) {
    $block =~ s/\\\n/ /g; my $until;
    for my $line (split /\n/, $block) {
      if (defined $until) { undef $until if $line =~ /^\s*\Q$until\E\s*$/; next }
      $until = $1 if $line =~ /<<-?\s*["']?(\w+)/;
      $line =~ s/^\s*(?:\$|#)\s+//; next if $line =~ /^\s*(?:#|$)/;
      1 while $line =~ s/^\s*(?:sudo(?: -\w+)*|\w+=(?:\$\([^)]*\)|"[^"]*"|'[^']*'|\S*))\s+//;
      my ($command) = $line =~ m{^\s*([\w./+-]+)} or next;
      next if $builtin{$command} || $line =~ /^\s*\w+=\S*\s*$/;
      my $is_there = $command =~ m{/} ? -e $command : grep { -x "$_/$command" } @path;
      $lacks{$command} = 1 if !$is_there;
    }
  }
  my $plain = join "\n", @code, $text =~ /`([^`\n]+)`/g;
  for my $word ($plain =~ m#(?<![\w./:~-])((?:/(?:etc|opt|var|srv|usr|home)/|(?:docs|scripts|backend|frontend)/)[\w./-]*\w)(?![\w*\$<{%-])#g) {
    next if lstat $word or $! == EACCES; $lacks{$word} = 1;
  }
  my @lacks = sort keys %lacks; print join(" ", "\@lacks", splice @lacks, 0, 20), "\n" if @lacks;
}
