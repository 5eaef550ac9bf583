# Shared: a document of any markup as Markdown, as far as headings, blocks of code, pictures and comments go; and its outline.
# `as_markdown(NAME, TEXT)` gives the text and the title of its front matter. `outline(TEXT)` gives lines without code and
# comments, lines without comments, blocks of code `[LINE, LANGUAGE, TEXT]` and headings `[LINE, LEVEL, TEXT]`: 7 is a line that
# only looks like one, 8 one within an item of a list or in a box, with the last line of that behind it.
use strict;
use warnings;
my $NO_BLANKS = qr/^ {0,3}/;

sub blank { my ($text) = @_; $text =~ tr/\n//cd; return $text }

sub fenced { my ($language, $text) = @_; return "~~~~~~~~ $language\n$text\n~~~~~~~~\n" }

# The lines after START that are blank or indented, without that indentation, and the line behind them.
sub indented {
  my ($lines, $start) = @_;
  my ($at, @found) = ($start);
  while ($at < @$lines && $lines->[$at] =~ /^(?:\s|$)/) { push @found, $lines->[$at++] }
  while (@found && $found[-1] !~ /\S/) { pop @found; $at-- }
  my ($depth) = map { /^(\s+)\S/ ? length $1 : () } @found;
  $depth ||= 0;
  s/^\s{0,$depth}// for @found;
  return ($at, @found);
}

sub restructured {
  my ($text) = @_;
  my $line = qr/([=\-`:'"~^_*+#<>.])\1{2,}\s*/;
  $text =~ s/``([^`\n]+)``/`$1`/g;
  my @lines = split /\n/, $text;
  my (@made, %level);
  for (my $at = 0; $at < @lines; ) {
    my ($now, $next) = ($lines[$at], $lines[ $at + 1 ] // '');
    my $over = $at && $lines[ $at - 1 ] =~ /^$line$/ ? $1 : '';
    if ($now =~ /\S/ && $now !~ /^$line$/ && $next =~ /^$line$/ && ($over eq $1 || $now !~ /^\s/)
      && length($next) + 2 >= ($now =~ tr/\x80-\xbf//c) && ($over || !$at || $lines[ $at - 1 ] !~ /\S/)) {
      my ($kind, $depth) = ("$1$over", 1 + keys %level);
      my $level = $level{$kind} ||= $depth;
      pop @made if $over;
      push @made, ('#' x ($level > 6 ? 6 : $level)) . " $now";
      $at += 2;
    } elsif ($now =~ /^\s*\.\. (code-block|code|sourcecode|prompt|mermaid|graphviz|digraph|uml|plantuml)::\s*(\S*)/) {
      my ($kind, $language) = ($1, $2);
      $language = $kind if $kind !~ /^(?:code|source|prompt)/;
      ($at, my @body) = indented(\@lines, $at + 1);
      shift @body while @body && $body[0] =~ /^\s*(?::[\w-]+:.*)?$/;
      push @made, split /\n/, fenced($language, join "\n", @body);
    } elsif ($now =~ /^\s*\.\. (?:\|[^|]*\| )?(?:image|figure)::\s*(\S+)/) {
      my $path = $1; ($at, my @body) = indented(\@lines, $at + 1);
      my ($alt) = map { /^:alt:\s*(.*)/ } @body;
      push @made, "![" . ($alt // '') . "]($path)";
    } elsif ($now =~ /^\.\.(?:\s|$)/ && $now !~ /^\.\. (?:[\w-]+::|_|\[|\|)/) { ($at) = indented(\@lines, $at + 1) }
    elsif ($now =~ /(?:^|\S)\s*::\s*$/ && $now !~ /^\s*\.\. /) {
      ($at, my @body) = indented(\@lines, $at + 1);
      push @made, $now, split /\n/, fenced('', join "\n", @body);
    } else { push @made, $now; $at++ }
  }
  return join "\n", @made, '';
}

# Whether the line AT and the one under it are a title, as AsciiDoc has it: of one length, but for a character or two.
sub is_two_line_title {
  my ($lines, $at) = @_;
  my ($now, $next, $before) = ($lines->[$at], $lines->[ $at + 1 ] // '', $at ? $lines->[ $at - 1 ] : '');
  return 0 if $next !~ /^([=\-~^+])\1+\s*$/ || $now !~ /[\w\x80-\xff]/ || $now =~ m{^(?:\s|[.\[|:]|//|[*.-]+\s|=+\s)};
  return 0 if $before =~ /\S/ && $before !~ m{^(?:\[.*\]\s*$|//(?!/))};
  s/\s+$// for $now, $next;
  my $off = abs(length($next) - ($now =~ tr/\x80-\xbf//c));
  # Four are what a block begins with, and something is said of it.
  return length $next > 4 ? $off <= 2 : $off <= 1 && $now !~ /:$/;
}

# Whether the line AT is the title of a block that is no picture and no table: what theirs say is a caption.
sub is_block_title {
  my ($lines, $at) = @_;
  my $before = $at ? $lines->[ $at - 1 ] : '';
  return 0 if $lines->[$at] !~ /^\.[^\s.]/ || ($before =~ /\S/ && $before !~ m{^(?:\[.*\]|\+|//.*)\s*$});
  $at++;
  $at++ while $at < @$lines && $lines->[$at] =~ m{^(?:\[.*\]\s*$|//(?!/))};
  return ($lines->[$at] // '') =~ /\S/ && $lines->[$at] !~ /^(?:(?:image|video|audio)::|[|,:!]={3})/;
}

sub asciidoc {
  my ($text) = @_;
  my ($language, $end, @made) = ('');
  my %level = ('=' => 1, '-' => 2, '~' => 3, '^' => 4, '+' => 5);
  my @lines = split /\n/, $text;
  for (my $at = 0; $at < @lines; $at++) {
    local $_ = $lines[$at];
    if (defined $end) { if (/^\Q$end\E\s*$/) { push @made, '~~~~~~~~' if $end !~ m{^/}; undef $end } elsif ($end !~ m{^/}) { push @made, $_ } }
    elsif (/^\[(?:(?:source|listing)(?:%\w+)*\s*,\s*"?([\w-]+)|(mermaid|plantuml|ditaa|graphviz|svgbob|bash|sh|shell))\b[^\]]*\]\s*$/) { $language = $1 // $2 }
    elsif (is_two_line_title(\@lines, $at)) { push @made, ('#' x $level{ substr $lines[ ++$at ], 0, 1 }) . " $_"; $language = '' }
    elsif (m{^(/{4,}|-{4,}|\.{4,})\s*$}) { $end = $1; push @made, "~~~~~~~~ $language" if $end !~ m{^/}; $language = '' }
    elsif (m{^//(?!/)}) { }
    elsif (/^(={1,6})\s+(\S.*)$/) { push @made, ('#' x length $1) . " $2" }
    # Other blocks' ends would be taken for what is under a title.
    elsif (/^(?:={4,}|--)\s*$/ && @made && $made[-1] =~ /\S/) { push @made, "    $_" }
    elsif (is_block_title(\@lines, $at) && /^\.(.*?)\s*$/ || /^\*([^*\s][^*]*)\*\s*$/) { push @made, "**$1**" }
    else { s/\bimage::?([^\[\s]+)\[([^\],]*)[^\]]*\]/![$2]($1)/g; push @made, $_ }
  }
  return join "\n", @made, '';
}

sub org {
  my ($text) = @_;
  my @made;
  for (split /\n/, $text) {
    if (/^(\*{1,8})\s+(?:(?:TODO|DONE|WAITING|NEXT)\s+)?(\S.*)$/) { push @made, ('#' x (length $1 > 6 ? 6 : length $1)) . " $2" }
    elsif (/^\s*#\+begin_(?:src|example)\s*([\w-]*)/i) { push @made, "~~~~~~~~ $1" }
    elsif (/^\s*#\+end_(?:src|example)/i) { push @made, '~~~~~~~~' }
    elsif (/^\s*#\+title:\s*(.*)/i) { push @made, "# $1" }
    elsif (/^\s*#(?:\s|\+|$)/) { }
    else { s{\[\[(?:file:)?([^\]]+\.(?:svg|png|jpe?g|webp))\](?:\[([^\]]*)\])?\]}{"![" . ($2 // '') . "]($1)"}gie; s/(?<!\w)[=~]([^\s=~][^=~\n]*)[=~](?!\w)/`$1`/g; push @made, $_ }
  }
  return join "\n", @made, '';
}

sub html_inside {
  my ($text) = @_;
  $text =~ s{<h([1-6])\b[^>]*>(.*?)</h\1\s*>}{my ($n, $t) = ($1, $2); $t =~ s/<[^>]*>//g; $t =~ s/\s+/ /g; "\n" . ('#' x $n) . " $t\n"}gise;
  $text =~ s{<summary\b[^>]*>(.*?)</summary\s*>}{my $t = $1; $t =~ s/<[^>]*>//g; $t =~ s/\s+/ /g; "\n###### $t\n"}gise;
  $text =~ s{<img\b([^>]*)>}{my $in = $1; my ($alt) = $in =~ /\balt\s*=\s*["']([^"']*)/i; my ($path) = $in =~ /\bsrc\s*=\s*["']([^"']*)/i; "![" . ($alt // '') . "](" . ($path // '') . ")"}gise;
  return $text;
}

# The language of drawings that a tag is of, if it is of one.
sub drawn_by { my ($tags) = @_; return $tags =~ /\bclass\s*=\s*["']?(?:[\w -]*[ -])?(mermaid|plantuml|graphviz)\b/i ? lc $1 : undef }

sub html {
  my ($text) = @_;
  $text =~ s{<!--.*?-->|<(script|style|nav|head)\b.*?</\1\s*>}{}gis;
  $text =~ s{<div\b([^>]*\bclass\s*=\s*["']?(?:[\w -]*[ -])?mermaid\b[^>]*)>(.*?)</div\s*>}{<pre$1>$2</pre>}gis;
  $text =~ s{<pre\b([^>]*)>(.*?)</pre\s*>}{my ($in, $t) = ($1, $2); my $tags = $in . ($t =~ /^\s*(<code[^>]*>)/ ? $1 : ''); my ($l) = $tags =~ /(?:language|lang|highlight|class="?source)[-: ]+(\w+)/; $l //= drawn_by($tags); $t =~ s/<[^>]*>//g; "\n" . fenced($l // '', $t)}gise;
  $text = html_inside($text);
  $text =~ s{<code\b[^>]*>([^<\n]*)</code\s*>}{`$1`}gi;
  $text =~ s{<tr\b[^>]*>(.*?)</tr\s*>}{my $t = $1; $t =~ s/\s*\n\s*/ /g; "\n| $t\n"}gise;
  $text =~ s{<li\b[^>]*>}{\n- }gi;
  $text =~ s{</?(?:p|div|section|article|ul|ol|table|br|hr|details)\b[^>]*>}{\n}gi;
  $text =~ s{</?[a-z][^>]*>}{ }gi;
  $text =~ s/&lt;/</g; $text =~ s/&gt;/>/g; $text =~ s/&quot;/"/g; $text =~ s/&nbsp;/ /g; $text =~ s/&amp;/&/g;
  return $text;
}

sub plain_text {
  my ($text) = @_;
  my @lines = split /\n/, $text;
  for my $at (0 .. $#lines) {
    if ($lines[$at] =~ /^(={2,6})\s*([^=].*?)\s*\1\s*$/) { $lines[$at] = ('#' x length $1) . " $2" }
    elsif ($lines[$at] =~ m{^[\d. ]{0,6}[A-Z][A-Z0-9 &/,'-]{3,60}:?\s*$} && (!$at || $lines[ $at - 1 ] !~ /\S/)) { $lines[$at] = "## $lines[$at]" }
  }
  return restructured(join "\n", @lines);
}

sub as_markdown {
  my ($name, $text) = @_;
  my $title = '';
  $text =~ s/\A\xef\xbb\xbf//;
  $text =~ s/\r\n?/\n/g;
  $text =~ s/([^\n]{4000})[^\n]+/$1/g if $name !~ /\.html?$/i;    # no line is longer that is meant to be read
  if ($text =~ s/\A(---|\+\+\+)[ \t]*\n(.*?\n)(?:\1|\.\.\.)[ \t]*\n//s) { my $front = $2; $title = $1 if $front =~ /^title\s*[:=]\s*(.*)/m; }
  if ($name =~ /\.re?st$/i) { return (restructured($text), $title) }
  if ($name =~ /\.a(?:scii)?doc$|\.asc$/i) { return (asciidoc($text), $title) }
  if ($name =~ /\.org$/i) { return (org($text), $title) }
  if ($name =~ /\.html?$/i) { $title = $1 if $text =~ m{<title>([^<]*)}i; return (html($text), $title) }
  if ($name !~ /\.(?:md|markdown|mdown|mkdn?|mdx|qmd)$/i) { return (plain_text($text), $title) }
  return ($text, $title);
}

sub outline {
  my ($text) = @_;
  my ($all, $plain, $passed, @blocks) = ('', '', 0);
  substr($text, 1 + rindex $text, '-->') =~ s/<!--/<!-/g;    # these never end
  substr($text, 1 + rindex lc $text, '</pre>') =~ s/<pre\b/<pr/gi;
  my $mark = qr/(?:[ \t]*>)?[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)*/;
  my $drawn = qr/^[ \t]*:{3,}[ \t]*(mermaid|plantuml|graphviz)\b[^\n]*\n(.*?)(?:^[ \t]*:{3,}[ \t]*(?:\n|\z)|\z)/msi;
  my $preformatted = qr{^[ \t]*<pre\b([^>]*)>(.*?)</pre>}msi;
  while ($text =~ /\G(.*?)(?:<!--(.*?)-->|^($mark)(`{3,}|~{3,})[ \t]*([^\n`]*)\n(.*?)(?:^[ \t>]*\4[`~]*[ \t]*(?:\n|\z)|\z)|$drawn|$preformatted|\z)/gms) {
    my ($before, $comment, $indent, $fence, $info, $body, $drawing, $drawn, $tag, $kept) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
    my $whole = substr $text, $-[0], $+[0] - $-[0];
    $all .= $before; $plain .= html_lines($before);
    if (defined $comment) { $all .= blank($comment); $plain .= blank($comment) }
    elsif (defined $fence) {
      my ($language) = $info =~ /^\W*([\w+#-]*)/;
      my $width = length $indent;
      push @blocks, [ $passed + ($before =~ tr/\n//) + 1, lc($language // ''), $body ];
      $blocks[-1][2] =~ s/^[ \t>]{0,$width}//mg if $width;
      my $rest = substr $whole, length $before;
      $all .= $rest; $plain .= blank($rest);
    } elsif (defined $drawing || defined $kept) {
      my $language = $drawing // drawn_by($tag . ($kept =~ /^\s*(<code[^>]*>)/ ? $1 : '')) // '';
      if (defined $kept) { $kept =~ s/&lt;/</g; $kept =~ s/&gt;/>/g }
      push @blocks, [ $passed + ($before =~ tr/\n//) + 1, lc $language, $drawn // $kept ];
      my $rest = substr $whole, length $before;
      $all .= $rest; $plain .= blank($rest);
    }
    $passed += $whole =~ tr/\n//;
    last if $whole eq '' || $+[0] >= length $text;
  }
  my @all = split /\n/, $all, -1; my @plain = split /\n/, $plain, -1;
  # Blocks that are only indented: they have no headings, and may be drawings.
  for (my $at = 1; $at < @plain; $at++) {
    next if $plain[$at] !~ /^(?: {4}|\t)\s*\S/ || $plain[ $at - 1 ] =~ /\S/;
    my ($first, @body) = ($at);
    push @body, $plain[$at++] while $at < @plain && ($plain[$at] =~ /^(?: {4}|\t)/ || ($plain[$at] !~ /\S/ && ($plain[ $at + 1 ] // '') =~ /^(?: {4}|\t)/));
    push @blocks, [ $first, '*', join "\n", @body, '' ];
  }
  my ($boxed, @headings) = (0);
  for my $at (0 .. $#plain) {
    my ($now, $next) = ($plain[$at], $plain[ $at + 1 ] // '');
    if ($now =~ /$NO_BLANKS(?:> ?)?(#{1,6})(?:[ \t]+(\S.*?)|(?<=##)([^#\s!].*?)|([A-Z\x80-\xff].*?))[ \t]*#*[ \t]*$/) { push @headings, [ $at, length $1, $2 // $3 // $4 ] }
    elsif ($next =~ /$NO_BLANKS(={2,}|-{2,})[ \t]*$/ && $now =~ /\S/ && $now !~ /^\s*(?:[|>#]|[-*+]\s|\d+[.)]\s*$|(?:={2,}|-{2,})\s*$)/) { push @headings, [ $at, $next =~ /=/ ? 1 : 2, $now ] }
    elsif ($now =~ /^\s*(?:\*\*|__)([^*_].*?)(?::\*\*|:__|\*\*:?|__:?)\s*$/ || $now =~ /^\.\. rubric::\s+(\S.*?)\s*$/) { push @headings, [ $at, 7, $1 ] }
    elsif ($boxed < 200 && (my ($title, $end) = within(\@plain, $at))) { $boxed++; push @headings, [ $at, 8, $title, $end ] }
  }
  return (\@plain, \@all, \@blocks, \@headings);
}

# The heading of an item of a list or of a box of several dialects in the line AT, and where that item or box ends.
sub within {
  my ($lines, $at) = @_;
  my ($title, $closing, $depth, $level);
  if ($lines->[$at] =~ /^(\s*(?:(?:[-*+]|\d+[.)])[ \t]+)+)(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$/) { ($depth, $level, $title) = (length $1, length $2, $3) }
  elsif ($lines->[$at] =~ /^\s*(:{3,})\s*(?:\{(?:admonition|dropdown|topic)\}|(?:note|tip|info|warning|danger|caution|important|details|success|error|example|question|hint|attention)\b)\s*(?:\[([^\]]+)\]|([^\s{\[].*?))\s*(?:\{[^}]*\})?\s*$/i) { ($closing, $title) = ($1, $2 // $3) }
  elsif ($lines->[$at] =~ /^(\s*)(?:!!!|\?\?\?\+?)\s+\w[\w ]*"([^"]+)"\s*$/ || $lines->[$at] =~ /^(\s*)\.\. (?:admonition|topic|dropdown|sidebar)::\s+(\S.*?)\s*$/) { ($depth, $title) = (1 + length $1, $2) }
  return if !defined $title;
  my $end = $at;
  for my $next ($at + 1 .. ($#$lines < $at + 1000 ? $#$lines : $at + 1000)) {
    if (defined $closing) { last if $lines->[$next] =~ /^\s*$closing\s*$/ }
    elsif ($lines->[$next] =~ /\S/) {
      my ($blanks) = $lines->[$next] =~ /^(\s*)/;
      last if length $blanks < $depth || ($level && $lines->[$next] =~ /^\s*(#{1,6})\s/ && length $1 <= $level);
    }
    $end = $next;
  }
  return ($title, $end);
}

# Headings of HTML within Markdown stay on their lines.
sub html_lines {
  my ($text) = @_;
  $text =~ s{^[ \t]*<h([1-6])\b[^>]*>[ \t]*([^<\n]*(?:<(?!/h)[^>\n]*>[^<\n]*)*)</h\1\s*>}{my ($n, $t) = ($1, $2); $t =~ s/<[^>]*>//g; ('#' x $n) . " $t"}gime;
  $text =~ s{^[ \t]*(?:<details[^>]*>)?[ \t]*<summary\b[^>]*>[ \t]*([^\n]*?)</summary\s*>}{my $t = $1; $t =~ s/<[^>]*>//g; "###### $t"}gime;
  $text =~ s{<img\b([^>]*)>}{my $in = $1; my ($alt) = $in =~ /\balt\s*=\s*["']([^"'\n]*)/i; my ($path) = $in =~ /\bsrc\s*=\s*["']([^"'\n]*)/i; my $lines = blank($in); "![" . ($alt // '') . "](" . ($path // '') . ")$lines"}gie;
  return $text;
}
