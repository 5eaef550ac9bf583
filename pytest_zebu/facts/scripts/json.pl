# Shared: read_json TEXT gives what a JSON text says: hashes, arrays, texts; null is undef, true and false are words.
use strict;
use warnings;
our $json;
my %json_escape = (n => "\n", t => "\t", r => "\r", b => "\b", f => "\f");

sub json_value {
  no warnings 'recursion';
  $json =~ /\G\s+/gc;
  if ($json =~ /\G"([^"\\]*+(?:\\.[^"\\]*+)*+)"/gcs) {
    my $string = $1;
    return $string if index($string, '\\') < 0;
    $string =~ s{\\(?:u([0-9a-fA-F]{4})|(.))}{defined $1 ? do { my $c = chr hex $1; utf8::encode($c) if ord $c > 127; $c } : ($json_escape{$2} // $2)}ges;
    return $string;
  }
  if ($json =~ /\G\{/gc) {
    my %object;
    return \%object if $json =~ /\G\s*\}/gc;
    while (1) {
      my $key = json_value();
      $json =~ /\G\s*:/gc or die "no JSON\n";
      $object{$key} = json_value();
      next if $json =~ /\G\s*,/gc;
      $json =~ /\G\s*\}/gc or die "no JSON\n";
      return \%object;
    }
  }
  if ($json =~ /\G\[/gc) {
    my @array;
    return \@array if $json =~ /\G\s*\]/gc;
    while (1) {
      push @array, json_value();
      next if $json =~ /\G\s*,/gc;
      $json =~ /\G\s*\]/gc or die "no JSON\n";
      return \@array;
    }
  }
  return undef if $json =~ /\Gnull/gc;
  $json =~ /\G([^\s,\]\}"]+)/gc or die "no JSON\n";
  return $1;
}

sub read_json {
  local $json = $_[0] // '';
  pos($json) = 0;
  my $value = json_value();
  $json =~ /\G\s*\z/gc or die "no JSON\n";
  return $value;
}
