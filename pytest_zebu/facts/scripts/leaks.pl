# Secrets in the logs of the last day: of each log `@log SOURCE whole|cut|unreadable`, and `@leak SOURCE COUNT WHAT`, where
# WHAT is the name of a variable whose value stands there, or `shape:` and what it looks like. Counts leave, no line does.
# The secrets come by standard input, each behind the name of its variable. What visitors ask for is their own: of their
# requests only tokens count that were taken.
use strict;
use warnings;

my ($most_bytes, $most_files, $end) = (48 * 1_048_576, 24, time + 15 * ($ENV{ZEBU_SLOWER} || 1));    # longer on a busy machine
my %name_of;    # by each form in which a value may stand there
while (my $line = <STDIN>) {
  my ($name, $secret) = $line =~ /^(\S+) (.+)\n/ or next;
  my $percent = join '', map { /[A-Za-z0-9_.~-]/ ? $_ : sprintf '%%%02X', ord } split //, $secret;
  (my $quoted = $secret) =~ s/(["\\])/\\$1/g;
  $name_of{$_} //= $name for $secret, $percent, $quoted;
}
my $values = join '|', map { quotemeta } sort { length $b <=> length $a } keys %name_of;
# An escape ends with a letter or a digit, and what stands behind it begins there.
my $escaped = qr/(?<=\\[nrtbf])|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2})/;
my $known = qr/($values)(?![A-Za-z0-9])/;
my $begins = qr/\G(?:(?<![A-Za-z0-9])|$escaped)/;
# Colours, also as JSON, other languages and syslog write their first character
my @colours = ("\e[", '1b[', '1B[', '033[');    # one of these stands in each text that has some
my $colour = qr/(?:\e|\\{1,4}(?:u001[bB]|x1[bB]|033)|\#033)\[[0-9;]{0,60}m/;

my $strong = 'api[_-]?key|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token|client[_-]?secret|secret[_-]?key|passw(?:or)?d|passphrase';
my $weak = 'token|secret|pwd|session[_-]?id|__session';
my $pair = qr/(?:(?<![A-Za-z])|$escaped)($strong|$weak)\\{0,2}["']?\s*(?:=|:|%3D)\s*\\{0,2}["']?([^\s"'&;,<>(){}\[\]\\]{8,})/i;
my $bearer = qr/(?:(?<![A-Za-z])|$escaped)(?:bearer|authorization\\{0,2}["']?\s*[:=]\s*\\{0,2}["']?(?:basic|token))\s+([A-Za-z0-9_.~+\/=-]{12,})/i;
my $login = qr{\b[a-z][a-z0-9+.-]{1,20}://([^\s/:\@"'<>]{0,100}):([^\s/\@"'<>]{3,200})\@([\w.-]{0,100})}i;
my $issued = qr/(?:(?<![A-Za-z0-9])|$escaped)(?:eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{20,}|AKIA[0-9A-Z]{16})/;
my $pem = qr/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
my $request = qr{"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S* HTTP/[\d.]+\\{0,2}"\s+(\d{3})};
my $role = qr/\b(?:alter|create)\s+(?:role|user|group)\b[^\n;]{0,300}?\bpassword\s+(?:E?\\{0,2}'([^'\\\n]{1,200})|\$\w*\$([^\$\n]{1,200})\$)/i;
# One of these stands in each line that has a shape. Texts without classes, in small letters, are looked for all at once.
my $quick = qr/key|token|secret|passw|pwd|passphrase|session|bearer|authorization|eyj|sk_|rk_|ghp_|gho_|ghu_|ghs_|ghr_|_pat_|glpat|xox|akia|private/;
my $address = qr/:\/\/[^\s\/:]{0,100}:[^\s\/]{1,200}\@/;

sub is_hidden { my ($text) = @_; return $text =~ /[*\x{2022}]{3}|xxx|\.\.\.|redact|hidden|filtered|mask|secret\b|removed|change.?me|your.|example|^[\$%<\/]|^(?:none|null|true|false|undefined|missing|invalid|required|expired)/i || $text !~ /[A-Za-z0-9]/ }

# A login as documentation and messages show one: no word of it is anybody's.
sub is_example {
  my ($user, $password, $host) = @_;
  return "$user:$password" =~ /^(?:(?:my|your|db|the)?[_-]?(?:user|username|user_?name|usr)s?:(?:my|your|db|the)?[_-]?(?:password|passwd|pass|pwd)|scott:tiger)$/i
    && $host =~ /^(?:|(?:my|your|db|the)?[_-]?(?:host|hostname|host_?name|server|address)|localhost|(?:[\w-]+\.)*example(?:\.\w+)?)$/i;
}

# Whether a statement's password is one: PostgreSQL takes what is encrypted already as it is.
sub is_clear {
  my ($text) = @_;
  return $text !~ /^(?:SCRAM-SHA-256\$[^\s]+:[^\s]+|md5[0-9a-f]{32}|\$\d+|\$\{.*\}|%(?:\(\w+\))?[sLI]|\{.*\}|<.*>|\[.*\]|\.{3}|x+)$/i && $text !~ /\*{3}|redacted|^your[^a-z0-9]/i;
}

# Whether a word that stands where a secret would is one: text is none, a number is none.
sub is_like_one {
  my ($text, $is_strong) = @_;
  return 0 if is_hidden($text);
  my ($lower, $upper, $digit) = map { $text =~ $_ ? 1 : 0 } qr/[a-z]/, qr/[A-Z]/, qr/[0-9]/;
  return $is_strong ? $digit && ($lower || $upper) : length $text >= 20 && $lower && $upper && $digit;
}

sub shapes_of {
  my ($line) = @_;
  my %found;
  $found{issued} = 1 if $line =~ $issued;
  $found{key} = 1 if $line =~ $pem;
  return keys %found if $line =~ $request;
  while ($line =~ /$pair/g) { my ($name, $text) = (lc $1, $2); $found{$name} = 1 if is_like_one($text, $name =~ /^(?:$strong)$/) }
  while ($line =~ /$bearer/g) { $found{bearer} = 1 if is_like_one($1, 1) }
  while ($line =~ /$login/g) { $found{login} = 1 if !is_hidden($2) && !is_example($1, $2, $3) }
  while ($line =~ /$role/g) { $found{role} = 1 if is_clear($1 // $2) }
  return keys %found;
}

# The lines of a text in which something is found, each once; looked for in the same text, perhaps in other letters.
sub lines_with {
  my ($what, $looked, $text) = @_;
  my @found;
  while ($looked =~ /$what/g) {
    my ($from, $end) = (1 + rindex($text, "\n", $-[0]), index $text, "\n", $-[0]);
    $end = length $text if $end < 0;
    push @found, substr $text, $from, $end - $from;
    pos($looked) = $end;
  }
  return @found;
}

my %count;

sub searched {
  my ($source, $text, $how) = @_;
  # Where a colour alone parts two words, something has to.
  $text =~ s/([A-Za-z0-9]?)$colour(?:$colour)*(?:(?=([A-Za-z0-9]))|)/$1 . ($1 ne '' && defined $2 ? ' ' : '')/ge if (grep { index($text, $_) >= 0 } @colours) && $text =~ $colour;
  my (%seen, %in, $whose);
  my $line_end = -1;
  while ($values ne '' && $text =~ /$known/g) {
    my ($at, $past) = ($-[0], $+[0]);
    pos($text) = $at;
    if ($text !~ /$begins/gc) { pos($text) = $at + 1; next }
    pos($text) = $past;
    my $name = $name_of{ substr $text, $at, $past - $at };
    # A line is looked at once, however often a value stands there.
    if ($at > $line_end) {
      my $from = 1 + rindex $text, "\n", $at;
      $line_end = index $text, "\n", $at;
      $line_end = length $text if $line_end < 0;
      my $line = substr $text, $from, $line_end - $from;
      $whose = $how eq 'journal' && $line =~ /^\w{3} +\d+ [\d:]+ \S+ ([\w.\@-]{1,60})/ ? "$source:$1" : $source;
      $seen{$line} = 1;
      %in = ();
    }
    $count{$whose}{$name}++ if !$in{$name}++;
  }
  return if $how eq 'journal';
  for my $line (lines_with($quick, lc $text, $text), grep { lc !~ $quick } lines_with($address, $text, $text)) {
    next if $seen{$line} || length $line > 65_536;
    # A request that was refused took nobody's token.
    next if $line =~ $request && $1 !~ /^2/;
    my @found = $how eq 'web' ? grep { $_ eq 'issued' } shapes_of($line) : shapes_of($line);
    $count{$source}{"shape:$_"}++ for @found;
  }
}

# Of what comes by a handle, line by line
sub search {
  my ($source, $handle, $how) = @_;
  my ($text, $read) = ('', 0);
  while (1) {
    return 'cut' if $read > $most_bytes || time >= $end;
    my $got = sysread $handle, $text, 1_048_576, length $text;
    return 'unreadable' if !defined $got;
    $read += $got;
    my $cut = $got && length $text < 4_194_304 ? 1 + rindex $text, "\n" : length $text;
    searched($source, substr($text, 0, $cut), $how);
    substr($text, 0, $cut) = '';
    return 'whole' if !$got;
  }
}

# Of a container's log, as long as there is time: one that is gone meanwhile, or that Docker cannot show, is unreadable.
sub container {
  my ($source, $one) = @_;
  my $read = 0;
  return docker_lines($one, 'since=' . (time - 86_400), sub {
    $read += length $_[0];
    searched($source, $_[0], 'own');
    return $read <= $most_bytes && time < $end;
  }, $end);
}

sub command {
  my ($source, $how, @words) = @_;
  my $left = $end - time;
  return 'cut' if $left < 1;
  my $pid = open(my $out, '-|') // return 'unreadable';
  if (!$pid) {
    open STDERR, '>&', \*STDOUT;
    open STDIN, '<', '/dev/null';
    exec 'timeout', $left, @words or unstarted('timeout');
  }
  my $state = search($source, $out, $how);
  kill 'TERM', $pid if $state eq 'cut';
  close $out;
  return $state eq 'cut' || $? >> 8 == 124 ? 'cut' : $? ? 'unreadable' : $state;
}

sub file {
  my ($source, $path, $how) = @_;
  sysopen my $file, $path, 04000 or return 'unreadable';    # O_NONBLOCK, as Linux has it: to load Fcntl takes longer
  return 'unreadable' if !-f $file;
  my $is_long = -s _ > $most_bytes;
  sysseek $file, -$most_bytes, 2 if $is_long;
  my $state = search($source, $file, $how);
  return $is_long ? 'cut' : $state;
}

sub told { my ($source, $state) = @_; (my $name = $source) =~ s/[^\w.\@:\/-]/_/g; print "\@log $name $state\n" }

my %number;
# A list that fails is no empty one.
for my $one (@{ docker_list(all => 1) // docker_end(5) }) {
  next if keys %number >= $most_files;
  my $service = docker_service($one);
  my $source = "container:$service" . ($number{$service}++ ? "-$number{$service}" : '');
  told($source, container($source, $one));
}
told('journal', command('journal', 'journal', 'journalctl', '-q', '--no-pager', '-o', 'short', '--since', '-24h')) if -d '/run/systemd/system';
my $folder = $ENV{ZEBU_APP_DIR} // '';
(my $project = $ENV{ZEBU_PROJECT}) =~ s/[^\w.-]//g;
my %how = map { $_ => 'web' } map { glob "/var/log/$_" } 'nginx/*', 'apache2/*', 'httpd/*', 'caddy/*', 'traefik/*', 'haproxy.log*';
$how{$_} = 'own' for glob("/var/log/$project*.log /var/log/$project/*.log");
if ($folder =~ m{^/[\w./-]+$}) { $how{$_} = 'own' for glob("$folder/logs/*.log $folder/*/logs/*.log") }
my @recent = grep { -f && -M _ < 1 && !/\.(?:gz|xz|bz2|zst)$/ } sort keys %how;
told($_, file($_, $_, $how{$_})) for splice @recent, 0, $most_files;
told($_, 'cut') for @recent;
for my $source (sort keys %count) {
  (my $name = $source) =~ s/[^\w.\@:\/-]/_/g;
  printf "\@leak %s %d %s\n", $name, $count{$source}{$_}, $_ for sort keys %{ $count{$source} };
}
