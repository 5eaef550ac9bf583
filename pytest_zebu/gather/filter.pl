# What no answer may hold: `hide_shapes TEXT, CODE` gives a text without what looks like a secret, `is_secret NAME` says
# whether a variable's name is that of one. $main::patterns has the list that this side and the other share.
use strict;
use warnings;
my ($HIDDEN, %pattern, @shapes) = '[redacted]';

sub read_patterns {
  for my $line (split /\n/, $patterns) {
    my ($name, $pattern) = $line =~ /^([a-z][\w.]*)\s+(.*)$/ or next;
    $pattern =~ s/\{\{([\w.]+)\}\}/(?:$pattern{$1})/g;
    $pattern{$name} = $pattern;
    push @shapes, $name if $name =~ /^hide\./;
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
  return 0 if length $core < 20;
  my $changes = () = $core =~ /$pattern{changes}/g;
  my ($lower, $upper, $digit) = map { $core =~ $_ ? 1 : 0 } qr/[a-z]/, qr/[A-Z]/, qr/[0-9]/;
  my $classes = $lower + $upper + $digit;
  return 0 if $classes < 2 || ($classes == 2 && (length $core < 24 || $core ne $word));
  return $changes >= $least * length $core ? 1 : 0;
}

sub hide_words { return join "\n", map { /[A-Za-z0-9+\/_-]{20}/ ? hide_words_of_line($_) : $_ } split /\n/, $_[0], -1 }

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
  my ($open, $inner, $close) = $value =~ /^(\\{0,4}["']|)(.*?)(\\{0,4}["']|[,\]\[{}]*)$/s;
  return $value if is_nothing($inner) || (is_secret($name) == 1 && is_ordinary($inner));
  return "$open$HIDDEN$close" if $open ne '' || $between !~ /["']/;
  return $inner =~ /^-?[0-9.]{4,}$/ ? "\"$HIDDEN\"$close" : $value;
}

my %FOR_CODE = map { ("hide.$_" => 1) } qw(pem issued crypt hook login bearer);

sub hide_shapes {
  my ($text, $code) = @_;
  for my $shape (@shapes) {
    next if $code && !$FOR_CODE{$shape};
    $text =~ s/$pattern{$shape}/$1$HIDDEN/g;
  }
  my ($shown, $from) = ('', 0);
  pos($text) = 0;
  while ($text =~ /$pattern{pair}/g) {    # a value that is not hidden may have pairs in it
    my ($name, $between, $at) = ($1, $2, pos $text);
    my $rank = is_secret($name) or next;
    $text =~ /\G($pattern{value})/gc or next;
    my $value = $1;
    next if $code && ($rank == 1 || $value !~ /^(["'])[^\s]*\1$/) and pos($text) = $at;
    $shown .= substr($text, $from, $at - $from) . hide_value($value, $name, $between);
    $from = pos $text;
  }
  $text = $shown . substr $text, $from;
  $text =~ s{$pattern{option}}{
    my ($name, $between, $value) = ($1, $2, $3);
    is_secret($name) ? $name . $between . hide_value($value, $name, '') : "$name$between$value";
  }ge if !$code;
  return hide_words($text);
}

read_patterns();
