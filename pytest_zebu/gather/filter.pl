# What no answer may hold: `hide_shapes TEXT, CODE` gives a text without what looks like a secret, `is_secret NAME` says
# whether a variable's name is that of one. $main::patterns has the list that this side and the other share.
use strict;
use warnings;
no warnings 'regexp';    # a repetition beyond 65,534 ends there
my ($HIDDEN, %pattern, %words, %is_foreign, @shapes) = '[redacted]';
my ($FEWEST_LETTERS, $FEWEST_CHANGES) = (20, 6);    # of a random word: 6 is the least share that is asked for, of 20

sub read_patterns {
  for my $line (split /\n/, $patterns) {
    my ($name, $pattern) = $line =~ /^([a-z][\w.]*)\s+(.*)$/ or next;
    if ($name =~ s/^words/hide/) { $words{$name} = [split /\|/, $pattern]; next }
    $pattern =~ s/\{\{([\w.]+)\}\}/(?:$pattern{$1})/g;
    $pattern{$name} = $pattern;
    $pattern{$name} =~ s/^\(\?i\)/(?ia)/;    # bytes have no other case; said so, Perl looks for many words at once
    push @shapes, $name if $name =~ /^hide\./;
    $is_foreign{$name} = 1 if $pattern =~ /[^\x00-\x7f]/;
  }
  for my $name (keys %pattern) { $pattern{$name} = $name =~ /^(?:hide|digest|pair|option)/ ? qr/$pattern{$name}/m : qr/$pattern{$name}/ }
}

sub name_of { my ($name) = @_; $name =~ s/([a-z0-9])([A-Z])/$1_$2/g; $name = uc $name; $name =~ s/[^A-Z0-9]+/_/g; $name =~ s/^_+|_+$//g; return "_${name}_" }

# 2 where the name is a secret's, 1 where it may be one's, 0 where it is none's.
my %rank;

sub is_secret { return $rank{ $_[0] } //= rank_of(name_of($_[0])) }

sub rank_of {
  my ($name) = @_;
  return 0 if $name =~ $pattern{'name.about'};
  return $name =~ $pattern{'name.secret'} ? 2 : $name =~ $pattern{'name.maybe'} ? 1 : 0;
}

sub is_nothing { return $_[0] =~ /$pattern{'value.none'}/i ? 1 : 0 }
sub is_ordinary { return $_[0] =~ $pattern{'value.ordinary'} ? 1 : 0 }

# Whether somebody has still to fill it in; of a secret, also whether everybody knows it. It is the whole value that counts.
sub is_placeholder {
  my ($text, $secret) = @_;
  return 0 if $text eq '';
  return 1 if $text =~ $pattern{'fill.whole'};
  return 0 if $text =~ /[0-9]{5}|[^\x20-\x7e]/;
  my @words = grep { $_ ne '' } split /[^a-z]+/, lc $text or return 0;
  my $marked = grep { /^(?:$pattern{'fill.mark'})$/ } @words;
  my $named = grep { /^(?:$pattern{'fill.mark'})$/ && $_ ne 'example' } @words;
  return 1 if $marked && !grep { !/^(?:$pattern{'fill.word'})$/ && !($named && /^(?:$pattern{'fill.product'})$/) } @words;
  return $secret && !grep({ !/^(?:$pattern{'fill.default'})$/ } @words) ? 1 : 0;
}

sub is_random {
  my ($word, $least) = @_;
  (my $core = $word) =~ s/[^A-Za-z0-9]//g;
  return 0 if length $core < $FEWEST_LETTERS;
  my $changes = () = $core =~ /$pattern{changes}/g;
  my ($lower, $upper, $digit) = map { $core =~ $_ ? 1 : 0 } qr/[a-z]/, qr/[A-Z]/, qr/[0-9]/;
  my $classes = $lower + $upper + $digit;
  return 0 if $classes < 2 || ($classes == 2 && (length $core < 24 || $core ne $word));
  return $changes >= $least * length $core ? 1 : 0;
}

sub hide_words { return join "\n", map { may_be_random($_) ? hide_words_of_line($_) : $_ } split /\n/, $_[0], -1 }

# Whether a line may have a random word in it: as cheap as it can be, as nearly all have none.
sub may_be_random {
  my ($line) = @_;
  return 0 if $line !~ /[A-Za-z0-9+\/_-]{20}/;
  return 1 if $line =~ /[0-9a-fA-F]{32}/;
  while ($line =~ /([A-Za-z0-9+\/_-]{20,})/g) {
    (my $core = $1) =~ tr/A-Za-z0-9//cd;
    next if length $core < $FEWEST_LETTERS;
    my $changes = () = $core =~ /$pattern{changes}/g;
    return 1 if $changes >= $FEWEST_CHANGES;
  }
  return 0;
}

sub hide_words_of_line {
  my ($text) = @_;
  $text =~ s/($pattern{digest})|($pattern{hex})/defined $1 ? $1 : $HIDDEN/ge;
  for my $unit ([qr/[A-Za-z0-9+\/]{20,}={0,2}/, 0.4], [qr/[A-Za-z0-9_-]{20,}={0,2}/, 0.35], [qr/[A-Za-z0-9]{20,}/, 0.3]) {
    my ($word, $least) = @$unit;
    $text =~ s/($pattern{digest})|($word)/defined $1 ? $1 : is_random($2, $least) ? $HIDDEN : $2/ge;
  }
  return $text;
}

# A value without its quotes, which stay; so does what ends a list or a table. A number in JSON is a text afterwards.
sub hide_value {
  my ($value, $name, $between) = @_;
  my ($open, $inner) = $value =~ /^(\\{0,4}["']|)(.*)$/s;
  my $close = $inner =~ s/(\\{0,4}["']\z|(?<![,\]\[{}])[,\]\[{}]+\z)// ? $1 : '';
  return $value if is_nothing($inner) || (is_secret($name) == 1 && is_ordinary($inner));
  return "$open$HIDDEN$close" if $open ne '' || $between !~ /["']/;
  return $inner =~ /^-?[0-9.]{4,}$/ ? "\"$HIDDEN\"$close" : $value;
}

my %FOR_CODE = map { ("hide.$_" => 1) } qw(pem issued crypt hook login bearer field xml);

sub hide_shapes {
  my ($text, $code) = @_;
  return hide_words(hide_plain($text, 1)) if $code;
  return hide_words(hide_in_form(unescaped($text)));
}

sub hide_in_form { return hide_coded(hide_plain(unlisted(unfolded(undressed($_[0]))))) }

# Lines within a text that a program or JSON tells in quotes; where reading them shows a secret, they are told without it.
sub unescaped {
  my ($text) = @_;
  return $text if $text !~ /\\[nrt]/;
  $text =~ s{^([^\n]*\\[nrt][^\n]*)}{
    my ($line, $plain) = ($1, $1);
    my %escape = (n => "\n", r => "\r", t => "\t");
    $plain =~ s/(?<!\\)((?:\\\\)*+)\\([nrt])/$1$escape{$2}/g;
    my $hidden = hide_in_form($plain);
    if (count($hidden) <= count($plain)) { $line } else { $hidden =~ s/([\n\r\t])/{ "\n" => '\\n', "\r" => '\\r', "\t" => '\\t' }->{$1}/ge; $hidden }
  }gme;
  return $text;
}

# What says whether a text has a word in it that a shape cannot do without, which is sooner looked for than the shape. Short texts are not
# worth it; and letters that are none of ASCII may be read as such where capitals and small ones are the same.
my $SHORT_TEXT = 100;

sub words_of {
  my ($text) = @_;
  return sub { 1 } if length $text <= $SHORT_TEXT || $text =~ /[\xdf\x{100}-\x{10ffff}]/;
  my $is_foreign = $text =~ /[^\x00-\x7f]/;
  my ($small, %has) = lc $text;
  return sub {
    my ($shape) = @_;
    my $words = $words{$shape} or return 1;
    return 1 if $is_foreign && $is_foreign{$shape};
    ($has{$_} //= index($small, $_) >= 0) and return 1 for @$words;
    return 0;
  };
}

sub hide_plain {
  my ($text, $code) = @_;
  my $has_words = words_of($text);
  for my $shape (@shapes) {
    next if ($code && !$FOR_CODE{$shape}) || !$has_words->($shape);
    $text =~ s/$pattern{$shape}/$1$HIDDEN/g;
  }
  my ($shown, $from) = ('', 0);
  pos($text) = 0;
  while ($text =~ /$pattern{pair}/g) {    # a value that is not hidden may have pairs in it
    my ($name, $between, $begin, $at) = ($1, $2, $-[0], pos $text);
    my $rank = is_secret($name) or next;
    my $end = $code || $between !~ /:/ ? 0 : block_end(\$text, $begin, $at, $rank);
    if ($end) {
      $shown .= substr($text, $from, $at - $from) . "\n$HIDDEN\n";
      $from = pos($text) = $end;
      next;
    }
    pos($text) = $at;
    my $is_word = $code && substr($text, $at, 1) !~ /["']/;
    next if $code && $rank == 1;
    # Of a program, what cannot be a literal is not read to its end: the next may begin within.
    ($is_word ? $text =~ /\G([A-Za-z0-9_]{8,}+[,\]}]{0,4}+)(?=[\s"';|&<>`)\\]|\z)/gc : $text =~ /\G($pattern{value})/gc) or next;
    my $value = $1;
    next if $code && ($is_word ? $value !~ /[A-Za-z]\d+[A-Za-z]|\d[A-Za-z]+\d/ : $value !~ /^(["'])[^\s]*\1$/) and pos($text) = $at;
    $shown .= substr($text, $from, $at - $from) . hide_value($value, $name, $between);
    $from = pos $text;
  }
  $text = $shown . substr $text, $from;
  $text =~ s{$pattern{option}}{
    my ($name, $between, $value) = ($1, $2, $3);
    is_secret($name) ? $name . $between . hide_value($value, $name, '') : "$name$between$value";
  }ge if !$code;
  return $text;
}

# Where a value of YAML ends that stands below its name: deeper than it, as a block or as a text; 0 where there is none.
sub block_end {
  my ($whole, $begin, $from, $rank) = @_;
  pos($$whole) = $from;
  return 0 if $$whole !~ /\G(?:([|>][0-9+-]{0,3})[ \t]*(?:#[^\n]{0,1000}+)?)?\r?\n/gc;
  my $is_block = defined $1;
  return 0 if !$is_block && $rank < 2;
  my $near = $begin > 500 ? $begin - 500 : 0;
  my $line = $near + 1 + rindex substr($$whole, $near, $begin - $near), "\n";
  my $is_cut = $near && substr($$whole, $near - 1, $begin - $near + 1) !~ /\n/;
  return 0 if substr($$whole, $line, $begin - $line) !~ /(?:^|(["'`]))([ \t-]*)["']?$/ || ($is_cut && !defined $1);
  my ($quote, $indent) = ($1, length $2);
  my $found = 0;
  while ($$whole =~ /\G([ \t]*)([^\n]*)(?:\n|\z)/gc) {
    my ($its, $rest, $past, $at) = (length $1, $2, pos $$whole, $-[0]);
    last if $past >= length $$whole && $rest !~ /\S/;
    next if $rest !~ /\S/;
    last if $its <= $indent || (!$is_block && $rest =~ /^(?:- |["'\[{#&*|>])|:(?:\s|$)|=/);
    my $closed = defined $quote ? index $rest, $quote : -1;    # a text in quotes ends with them
    return $at + $its + $closed if $closed >= 0;
    $found = $past;
    last if $past >= length $$whole;
  }
  return $found;
}

# What stands around or within letters to colour or to hide them is taken off, and letters that are spelled by number are read.
sub undressed {
  my ($text) = @_;
  $text =~ s/$pattern{ansi}//g if $text =~ /[\x1b\\]/;
  $text =~ s/$pattern{unseen}//g if $text =~ /\\/;
  $text =~ s/(?:\xc2\xad|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xf3\xa0[\x80-\x81][\x80-\xbf])//g if $text =~ /[\xc2-\xf3]/;
  $text =~ s/$pattern{spelled}/chr hex($1 \/\/ $2)/ge if $text =~ /\\/;
  if ($text =~ /$pattern{printable}/) { $text =~ s/=\r?\n//g; $text =~ s/=(2[013-689A-F]|[346][0-9A-F]|5[0-9ABD-F]|7[0-9A-E])/chr hex $1/ge }
  return $text;
}

sub count { my ($text) = @_; return scalar(() = $text =~ /\[redacted\]/g) }

# Lines that end with a backslash go on; where that shows a secret, they are told as one.
sub unfolded {
  my ($text) = @_;
  return $text if $text !~ /\\\r?\n/;
  $text =~ s{^([^\n]*\\\r?\n(?:[^\n]*\\\r?\n)*[^\n]*)}{
    my $lines = $1;
    (my $joined = $lines) =~ s/\\{1,8}\r?\n[ \t]*/ /g;
    $joined =~ s/ {2,}/ /g;
    $joined = hide_plain($joined);
    count($joined) > count($lines) ? $joined : $lines;
  }gme;
  return $text;
}

# Words of a command that stand in a list, one a line.
sub unlisted {
  my ($text) = @_;
  $text =~ s{^(?=[ \t]*-[ \t])((?:^[ \t]*-[ \t]+[^\s"']+\r?\n|^[ \t]*-[ \t]+(?:"[^\s"\\]*"|'[^\s']*')\r?\n){1,60}[ \t]*-[ \t]+[^\n]*)}{
    my @lines = split /\n/, $1;
    my @words = map { /^[ \t]*-[ \t]+["']?(.*?)["']?\r?$/ ? $1 : '' } @lines;
    my @hidden = split / /, hide_plain(join ' ', @words), -1;
    if (@hidden == @words) {
      for my $n (0 .. $#words) { $lines[$n] =~ s/^([ \t]*-[ \t]+["']?)(.*?)(["']?\r?)$/$1$hidden[$n]$3/ if $hidden[$n] ne $words[$n] }
    }
    join "\n", @lines;
  }gme;
  return $text;
}

sub hide_coded {
  my ($text) = @_;
  $text =~ s{(?<![^\s"'<>\\])([^\s"'<>\\]*%[0-9A-Fa-f]{2}[^\s"'<>\\]*)}{
    my ($word, $plain) = ($1, $1);
    for (1 .. 3) { $plain =~ s/%([2-7][0-9A-Fa-f])/chr hex $1/ge }
    my $hidden = hide_plain($plain);
    if ($hidden eq $plain) { $word } else { $hidden =~ s/(["'<>\\\s])/sprintf '%%%02X', ord $1/ge; $hidden }
  }ge if $text =~ /%/;
  $text =~ s{^([^\n]*&(?:#\d{2,3}|#x[0-9a-fA-F]{2}|lt|gt|equals);[^\n]*)}{
    my ($line, $plain) = ($1, $1);
    my %named = (lt => '<', gt => '>', equals => '=');
    $plain =~ s/&(?:#(\d{2,3})|#x([0-9a-fA-F]{2})|(lt|gt|equals));/my $code = defined $1 ? $1 : defined $2 ? hex $2 : ord $named{$3}; $code > 31 && $code < 127 && chr($code) !~ m{["'\\]} ? chr $code : $&/ge;
    my $hidden = hide_plain($plain);
    $hidden eq $plain ? $line : $hidden;
  }gme if $text =~ /&/;
  $text =~ s{$pattern{base64}}{is_coded_secret($1) ? $HIDDEN : $1}ge;
  return $text;
}

# Whether a word is base64 of a login, or of a text with a secret in it.
sub is_coded_secret {
  my ($word) = @_;
  $word =~ tr{_-}{/+};
  $word =~ s/=+$//;
  return 0 if length($word) % 4 == 1;
  $word =~ tr{A-Za-z0-9+/}{ -_};
  my $plain = join '', map { unpack 'u', chr(32 + int(length($_) * 3 / 4)) . $_ } $word =~ /.{1,60}/gs;
  return 1 if $plain =~ /^[\x21-\x7e]{0,64}\0[\x21-\x7e]{1,64}\0[\x21-\x7e]{3,}$/;
  return 0 if $plain =~ /[^\t\n\r\x20-\x7e]/;
  return 1 if $plain =~ /^[A-Za-z][\w.\@+-]{0,63}:[\x21-\x7e]{3,}$/;
  return hide_plain($plain) ne $plain ? 1 : 0;
}

read_patterns();
