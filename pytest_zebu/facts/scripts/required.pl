# Which variables compose and the program ask for: `@needs NAME HOW FILE`, with HOW `refuses` (compose's ${X:?}), `plain` (its ${X}),
# `code` (a value of the environment without which it stops), `settings` (a setting without a default), `frontend` (a page that stops
# without it); `@given NAME FILE` where a file besides `.env` has one; `@read COUNT`, and `@cut WHY` where not all was read.
use strict;
use warnings;
use Fcntl;

my ($folder, $most_files, $end) = ($ENV{ZEBU_APP_DIR}, 4000, time + 6);
my (%needs, %given, $read);

sub slurp {
  my ($path) = @_;
  sysopen my $file, $path, O_RDONLY | O_NONBLOCK or return;
  return if !-f $file;
  my $text = '';
  read $file, $text, 1_048_576;
  return $text;
}

sub shown { my ($path) = @_; $path =~ s{^\Q$folder\E/}{}; $path =~ s/[^\x21-\x7e]/?/g; return $path }
sub needs { my ($name, $how, $path) = @_; $needs{$name}{$how} //= shown($path) if $name =~ /^[A-Za-z_]\w{0,99}$/ }
sub given { my ($name, $path) = @_; $given{$name} //= shown($path) }

# What stands behind a default of a default is needed only where the first is not set.
sub compose {
  my ($path, $text) = @_;
  for my $line (split /\n/, $text) {
    next if $line =~ /^\s*#/;
    given($1, $path) if $line =~ /^\s*-?\s*["']?([A-Za-z_]\w*)["']?\s*[:=]\s*["']?[^\s\$"'{\[]/;
    $line =~ s/\s#.*//;
    my $depth = 0;
    while ($line =~ /\G(?:(\$\$)|\$\{([A-Za-z_]\w*)|\$([A-Za-z_]\w*)|(\})|.)/gcs) {
      my ($name, $plain, $close) = ($2, $3, $4);
      if (defined $close) { $depth-- if $depth }
      elsif (defined $plain) { needs($plain, 'plain', $path) if !$depth }
      elsif (defined $name) {
        if ($line =~ /\G\}/gc) { needs($name, 'plain', $path) if !$depth }
        elsif ($line =~ /\G:?\?/gc) { needs($name, 'refuses', $path) if !$depth; $depth++ }
        else { $depth++ }
      }
    }
  }
}

# Source without comments, and without what strings say: of them names are left, and what an f-string asks for.
sub bare {
  my ($text) = @_;
  my $asked = qr/\{(?:[^{}"'\n]++|"[^"\n]*"|'[^'\n]*'|\{[^{}\n]*\})*+\}/;
  my $formatted = qr/"(?:[^"\\\n{}]++|\\.|\{\{|\}\}|$asked)*+"|'(?:[^'\\\n{}]++|\\.|\{\{|\}\}|$asked)*+'/s;
  my $plain = qr/"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'/s;
  my $shown = sub {
    my ($long, $format, $string) = @_;
    return '""' if defined $long;
    return 'f"' . join('', $format =~ /$asked/g) . '"' if defined $format;
    return !defined $string ? '' : $string =~ /^.[\w.-]*.\z/ ? $string : '""';
  };
  $text =~ s{\#[^\n]*|(("""|\'\'\').*?\2)|(?<!\w)(?:[fF][rR]?|[rR][fF])((?!"""|\'\'\')(?:$formatted|$plain))|($plain)}{$shown->($1, $3, $4)}ges;
  return "$text\n";
}

# Whether who comes into a block is stopped there. What a request is answered with stops nothing else.
sub stops {
  my ($rest, $block) = @_;
  my @lines = grep { /\S/ } $rest =~ /\S/ ? split /;\s*/, $rest =~ s/^\s+//r : split /\n/, $block;
  my ($indent) = ($lines[0] // '') =~ /^([ \t]*)/;
  for my $line (@lines) {
    return 0 if $line =~ /\b(?:return|continue|break|yield|HTTPException)\b/;
    return 1 if $line =~ /^$indent(?:raise\b|(?:sys\.)?exit\(|os\._exit\(|quit\()/;
  }
  return 0;
}

# A statement from here on, to the end of its line, or of that on which its last bracket is closed: its parts around `=`
sub statement {
  my ($text) = @_;
  my ($depth, @parts) = (0, '');
  while ($$text =~ /\G(?:([(\[{])|([)\]}])|(\n)|([=!<>]=|=)|[^()\[\]{}\n=!<>]+|.)/gcs) {
    if (defined $1) { $depth++ }
    elsif (defined $2) { $depth-- }
    last if defined $3 && $depth <= 0;
    if (defined $4 && $4 eq '=' && !$depth) { push @parts, ''; next }
    $parts[-1] .= substr $$text, $-[0], $+[0] - $-[0];
  }
  return map { s/^\s+|\s+$//gr } @parts;
}

sub python {
  my ($path, $text) = @_;
  return if $text !~ /environ|getenv|BaseSettings|decouple|starlette/;
  $text = bare($text);
  my %imported = map { $_ => 1 } map { /\b(environ|getenv)\b(?!\s+as\b)/g } $text =~ /^[ \t]*from[ \t]+os[ \t]+import[ \t]*(\([^)]*\)|[^\n(]*)/mg;
  delete $imported{environ} if $text =~ /\bdef\s+\w+\([^)]*\benviron\b/;
  my $environ = $imported{environ} ? qr/(?:os\.|(?<![\w.]))environ/ : qr/os\.environ/;
  my $getenv = $imported{getenv} ? qr/(?:$environ\.get|(?:os\.|(?<![\w.]))getenv)/ : qr/(?:$environ\.get|os\.getenv)/;
  my %has_other = map { $_ => 1 } $text =~ /["'](\w+)["']\s+(?:not\s+)?in\s+$environ/g, $text =~ /$environ\.setdefault\(\s*["'](\w+)/g;
  while ($text =~ /$environ\[\s*["'](\w+)["']\s*\](?!\s*=[^=])/g) {
    my ($name, $at, $past) = ($1, $-[0], pos $text);
    my $before = $at > 4096 ? substr $text, $at - 4096, 4096 : "\n" . substr $text, 0, $at;
    next if $has_other{$name} || $before =~ /\bdel\s+\z/;
    # Who tries may go on without.
    if ($before =~ /\n[ \t]*try:[^\n]*\n(?:[^\n]*\n){0,3}[^\n]*\z/) {
      my ($indent, $inside) = $before =~ /.*\n([ \t]*)try:[ \t]*\n(.*)\z/s or next;
      my $deeper = qr/(?:${indent}[ \t]+[^\n]*\n|[ \t]*\n)*+/;
      next if "$inside\n" !~ /\A$deeper\z/;
      next if substr($text, $past, 16_384) !~ /\A[^\n]*\n$deeper${indent}except(?:[ \t]+\(?(?:[\w. ]+,)*[ ]*(?:KeyError|LookupError|Exception)\b[^:\n]*)?:([^\n]*)\n($deeper)/ || !stops($1, $2);
    }
    needs($name, 'code', $path);
  }
  # A program that looks first, and stops: as its file is read, as functions may never be called.
  my $asks = qr/$getenv\(\s*["'](\w+)["']\s*(?:,\s*(None|""|'')\s*)?\)/;
  my %asked;
  while ($text =~ /^(?:([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=[ \t]*$asks[ \t]*\n|if\b([^\n:]*+):([^\n]*)\n((?:[ \t]+[^\n]*\n|[ \t]*\n)*))/mg) {
    my ($variable, $name, $else, $condition, $rest, $block, $from, $past) = ($1, $2, $3, $4, $5, $6, $-[0], pos $text);
    if (defined $variable) { $asked{$variable} = [$name, ($else // '') =~ /["']/ ? 1 : 0, $past]; next }
    next if $condition =~ /\band\b/ || !stops($rest, $block);
    for my $term (split /\s+or\s+/, $condition =~ s/^\s+|\s+$//gr) {
      if ($term =~ /^not\s+$asks$/ || $term =~ /^$asks\s+is\s+None$/ || $term =~ /^["'](\w+)["']\s+not\s+in\s+$environ$/) { needs($1, 'code', $path) }
      elsif ($term =~ /^(?:not\s+(\w+)|(\w+)\s+is\s+None)$/) {
        my ($known, $is_none) = ($asked{ $1 // $2 }, defined $2);
        my $its = $1 // $2;
        next if !$known || ($is_none && $known->[1]) || substr($text, $known->[2], $from - $known->[2]) =~ /(?<![\w.])$its\b[^\n=()]*=(?!=)/;
        needs($known->[0], 'code', $path);
      }
    }
  }
  if ($text =~ /^[ \t]*(?:from|import)\s+(?:decouple|environs|environ|starlette\.config)\b/m) {
    while ($text =~ /\b(?:config|env(?:\.\w+)?)\(\s*["']([A-Z][A-Z0-9_]*)["']\s*(?:,\s*cast\s*=\s*[\w.]+\s*)?\)/g) { needs($1, 'code', $path) }
  }
  my %is_settings = (BaseSettings => 1);
  while ($text =~ /^class\s+(\w+)\(([^)]*)\)[^:]*:[^\n]*\n((?:[ \t]+[^\n]*\n|\s*\n)*)/mg) {
    my ($class, $bases, $body) = ($1, $2, $3);
    next if !grep { s/^.*\.//r =~ /^\w+$/ && $is_settings{ s/^.*\.//r } } split /[\s,]+/, $bases;
    $is_settings{$class} = 1;
    my ($prefix) = $body =~ /env_prefix\s*=\s*["'](\w*)["']/;
    my ($indent) = $body =~ /^([ \t]+)\S/m or next;
    while ($body =~ /^$indent([A-Za-z]\w*)[ \t]*:[ \t]*(?=[^\s=])/mg) {
      my $field = $1;
      my ($type, @default) = statement(\$body);
      next if $type =~ /ClassVar/ || $field =~ /^(?:model_config|else|try|finally|except)$/ || @default > 1;
      my ($made) = map { /((?:\w+\.)*\bField\(.*)/s ? $1 =~ s/^(?:\w+\.)+//r : () } @default, $type =~ /^(?:\w+\.)*Annotated\[/ ? $type : ();
      next if @default && $default[0] ne '...' && $default[0] !~ /^(?:\w+\.)*Field\(/;
      $made //= '';
      next if $made =~ /\bdefault(?:_factory)?\s*=(?!\s*\.\.\.)/ || $made =~ /^Field\(\s*+(?!\.\.\.|\w+\s*=|\))/;
      my ($alias) = $made =~ /\b(?:validation_alias|alias|env)\s*=\s*["'](\w+)["']/;
      next if !defined $alias && $made =~ /\b(?:validation_alias|alias)\s*=/;
      needs($alias // uc(($prefix // '') . $field), 'settings', $path);
    }
  }
}

sub script {
  my ($path, $text) = @_;
  $text =~ s{/\*.*?\*/}{}gs;
  $text =~ s{(?<![:"'])//[^\n]*}{}g;
  my $from = qr/(?:import\.meta|process)\.env(?:\.|\[\s*["'])((?:VITE|NEXT_PUBLIC|REACT_APP|PUBLIC)_\w+)(?:["']\s*\])?/;
  while ($text =~ /(?:\b(?:const|let|var)\s+(\w+)(?:\s*:\s*[\w\s|]+)?\s*=\s*)?$from([!]?)\s*(?:as\s+\w+\s*)?(\|\||\?\?|\?(?!\.)|[=!]=)?/g) {
    my ($variable, $name, $is_sure, $else) = ($1, $2, $3, $4);
    next if defined $else;
    my $stops = qr/\)\s*\{?\s*(?:[^{};]*;\s*){0,2}throw\b/;
    my $is_needed = $is_sure eq '!' || $name =~ /CLERK_PUBLISHABLE_KEY$/
      || $text =~ /!\s*(?:import\.meta|process)\.env\.\Q$name\E\s*$stops/ || (defined $variable && $text =~ /if\s*\(\s*!\s*\Q$variable\E\s*$stops/);
    needs($name, 'frontend', $path) if $is_needed;
  }
}

my %config = map { $_ => 1 } split /\n/, $ENV{ZEBU_CONFIG_FILES} // '';
if (!%config) { $config{$_} = 1 for grep { -f } map { ("$folder/$_.yml", "$folder/$_.yaml") } 'compose', 'docker-compose', 'docker-compose.prod' }
for my $path (sort keys %config) {
  my $text = slurp($path);
  if (!defined $text) { print '@cut ', shown($path), " could not be read\n"; next }
  compose($path, $text);
  $read++;
}
my $passed = qr/^(?:\..*|node_modules|venv|site-packages|__pycache__|dist|build|coverage|tests?|__tests__|e2e|spec|docs|agent_docs|examples?|scripts|tools|fixtures|mocks?|migrations|alembic)$/i;
my @open = $folder;
while (defined(my $path = shift @open)) {
  opendir my $handle, $path or do { print '@cut ', shown($path), " could not be read\n"; next };
  for my $name (sort grep { !/^\.\.?$/ } readdir $handle) {
    my $its = "$path/$name";
    lstat $its or next;
    if (-d _) { push @open, $its if $name !~ $passed || $its eq "$folder/.github" || $its eq "$folder/.github/workflows"; next }
    next if !-f _ || $name !~ /\.(?:py|[cm]?[jt]sx?|vue|svelte|ya?ml)$|^(?:.*\.)?Dockerfile|^\.env(?:\.production|\.local)?$/ || $name =~ /(?:^test_|_test\.py$|^conftest\.py$|\.(?:test|spec|config|stories)\.|\.d\.ts$|\.min\.)/;
    if (($read // 0) >= $most_files || time >= $end) { print "\@cut more files than are read\n"; @open = (); last }
    my $text = slurp($its) // next;
    $read++;
    if ($name =~ /\.py$/) { python($its, $text) }
    elsif ($name =~ /Dockerfile/) { while ($text =~ /^\s*(?:ARG|ENV)\s+(\w+)[= ]["']?[^\s\$"']/mg) { given($1, $its) } }
    elsif ($name =~ /^\.env/) { while ($text =~ /^\s*(?:export\s+)?((?:VITE|NEXT_PUBLIC|REACT_APP|PUBLIC)_\w+)\s*=\s*["']?[^\s"']/mg) { given($1, $its) if $its ne "$folder/.env" } }
    elsif ($name =~ /ya?ml$/) { while ($its =~ m{/\.github/workflows/} && $text =~ /^\s*-?\s*((?:VITE|NEXT_PUBLIC|REACT_APP|PUBLIC)_\w+)\s*[:=]\s*\S/mg) { given($1, $its) } }
    else { script($its, $text) }
  }
}
for my $name (sort keys %needs) { print "\@needs $name $_ $needs{$name}{$_}\n" for sort keys %{ $needs{$name} } }
for my $name (grep { $needs{$_} } sort keys %given) { print "\@given $name $given{$name}\n" }
printf "\@read %d\n", $read // 0;
