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

sub python {
  my ($path, $text) = @_;
  $text =~ s/("""|''').*?\1//gs;
  $text =~ s/(?<=[\s])#.*//g;
  while ($text =~ /os\.environ\[\s*["'](\w+)["']\s*\](?!\s*=[^=])/g) {
    my ($name, $before) = ($1, substr $text, 0, $-[0]);
    next if $text =~ /["']\Q$name\E["']\s+(?:not\s+)?in\s+os\.environ|os\.environ\.setdefault\(\s*["']\Q$name\E/ || $before =~ /\bdel\s+\z/;
    # Who tries may go on without.
    next if $before =~ /\n[ \t]*try:[^\n]*\n(?:[^\n]*\n){0,3}[^\n]*\z/;
    needs($name, 'code', $path);
  }
  if ($text =~ /^\s*(?:from|import)\s+(?:decouple|environs|environ|starlette\.config)\b/m) {
    while ($text =~ /\b(?:config|env(?:\.\w+)?)\(\s*["']([A-Z][A-Z0-9_]*)["']\s*(?:,\s*cast\s*=\s*[\w.]+\s*)?\)/g) { needs($1, 'code', $path) }
  }
  my %is_settings = (BaseSettings => 1);
  while ($text =~ /^class\s+(\w+)\(([^)]*)\)[^:]*:[^\n]*\n((?:[ \t]+[^\n]*\n|\s*\n)*)/mg) {
    my ($class, $bases, $body) = ($1, $2, $3);
    next if !grep { s/^.*\.//r =~ /^\w+$/ && $is_settings{ s/^.*\.//r } } split /[\s,]+/, $bases;
    $is_settings{$class} = 1;
    my ($prefix) = $body =~ /env_prefix\s*=\s*["'](\w*)["']/;
    my ($indent) = $body =~ /^([ \t]+)\S/m or next;
    $body .= "\n";
    while ($body =~ /^$indent([A-Za-z]\w*)\s*:\s*([^=\n]+?)\s*(?:=\s*(Field\((?:[^()]|\([^()]*\))*\)))?\s*$/mg) {
      my ($field, $type, $made) = ($1, $2, $3 // '');
      next if $type =~ /ClassVar|\bdef\b/ || ($type =~ tr/[//) != ($type =~ tr/]//) || $field =~ /^model_config$/;
      next if $made =~ /\bdefault(?:_factory)?\s*=/ || $made =~ /^Field\(\s*(?!\.\.\.|\w+\s*=|\))/;
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
