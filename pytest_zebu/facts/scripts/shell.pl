# A reader of shell scripts: which simple commands a script runs, without running any. What it cannot follow, it says.
# A command is told as a hash: words (its own name first, wrappers such as `sudo` and `flock` left out), known (its words hold
# nothing that only a run could tell), sure (it depends on no date), guarded (it runs only where another one fails, or under a
# condition), used (something takes its output, or how it ended), into (what is behind it: pipes and files), place (the container
# or machine that it runs in; empty for this one), user.
use strict;
use warnings;

my ($MOST_STEPS, $MOST_DEPTH, $MOST_BYTES, $MOST_NESTED) = (4000, 12, 262_144, 30);
my $left = 8_388_608;    # bytes that may still be read of all scripts together
my %TAKES = (    # options of wrappers that take a word, and how many words stand before the command
  nice => ['n', 0], ionice => ['cnpPu', 0], timeout => ['ks', 1], chronic => ['', 0], cronic => ['', 0], nohup => ['', 0], setsid => ['', 0],
  time => ['fo', 0], stdbuf => ['ioe', 0], command => ['', 0], builtin => ['', 0], exec => ['a', 0], sudo => ['ughpCrtTUDR', 0],
  doas => ['uC', 0], env => ['uCS', 0], flock => ['wE', 1], xargs => ['nPIdLasE', 0], 'systemd-cat' => ['tp', 0], setpriv => ['', 0],
  chroot => ['', 1], 'run-one' => ['', 0], setlock => ['', 1], lckdo => ['W', 1], ssh => ['piolFJLRDbcEeImOQSWwB', 1], chpst => ['uUbdemoPptrsfc', 0],
  unbuffer => ['', 0], prlimit => ['', 0], taskset => ['', 1], 'systemd-inhibit' => ['', 0], 'systemd-run' => ['puEMHt', 0], eatmydata => ['', 0],
);
my %LONG = map { $_ => 1 } qw(--user --group --env --workdir --env-file --detach-keys --signal --kill-after --adjustment --class
  --classdata --project-name --file --project-directory --profile --ansi --index --unit --property --setenv --slice --who --why --what
  --reuid --regid --chdir --unset --host --machine --identifier --priority --max-args --max-procs --replace --name --network --volume
  --context --log-level --config --conflict-exit-code --description --on-calendar --service-type --uid --gid --namespace --container --command);
my $PLAIN = qr/^(?:docker|docker-compose|podman|aws|rclone|restic|borg|node|npm|npx|mc|s3cmd|gsutil|az|age|gpg|zstd|xz|pigz|jq|yq|kubectl|helm|curl|wget|ntfy|apprise|task|git|node_exporter|promtool|psql)$/;
my $RUNNERS = qr/^(?:make|gmake|task|go-task|just|npm|yarn|pnpm|composer|rake|bundle|invoke|fab|mage|poetry|pipenv|uv|ansible-playbook|ansible)$/;
my $WHOLE = qr/^(?:acme\.sh|dehydrated|getssl)$/;    # large scripts that are known by their names wherever they are
my $SHELLS = qr/^(?:r?bash|dash|ash|sh|ksh\d*|mksh|zsh)$/;
my %CLOSES = map { $_ => 1 } qw(then else elif fi do done esac });

# Reading: from text to a tree

sub shell_tree {    # the tree of a script, or nothing where it is none that is understood
  my ($text) = @_;
  my $in = { text => $text, at => 0, here => [], steps => 0 };
  my $tree = eval { my $found = sh_list($in, {}); die "rest\n" if defined sh_peek($in); $found };
  return $tree;
}

sub sh_space {
  my ($in) = @_;
  for ($in->{text}) {
    pos($_) = $in->{at};
    1 while /\G[ \t\r]+/gc || /\G\\\n/gc || /\G#[^\n]*/gc;
    $in->{at} = pos($_) // 0;
  }
}

sub sh_peek {       # the coming token: an operator, a newline, or the start of a word
  my ($in) = @_;
  sh_space($in);
  my $rest = substr $in->{text}, $in->{at}, 4;
  return undef if $rest eq '';
  return $1 if $rest =~ /^(\n|;;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-|<<|<&|<>|<\(|>\(|>>|>&|>\||[;&|()<>])/;
  return 'word';
}

sub sh_take {       # an operator
  my ($in, $token) = @_;
  $in->{at} += length $token;
  sh_bodies($in) if $token eq "\n";
}

sub sh_bodies {     # of here-documents
  my ($in) = @_;
  for my $here (splice @{ $in->{here} }) {
    my $end = $here->{end};
    pos($in->{text}) = $in->{at};
    my $body = '';
    while ($in->{text} =~ /\G([^\n]*)(\n|\z)/gc) {
      my ($line, $stop) = ($1, $2);
      $in->{at} = pos $in->{text};
      my $bare = $line;
      $bare =~ s/^\t+// if $here->{tabs};
      last if $bare eq $end || $stop eq '';
      $body .= "$line\n";
    }
    ${ $here->{body} } = $body;
  }
}

sub sh_word_ahead { # the coming word, if it is a plain one, without taking it
  my ($in) = @_;
  return '' unless (sh_peek($in) // '') eq 'word';
  return substr($in->{text}, $in->{at}) =~ /^([A-Za-z!{}\[_][A-Za-z0-9_\[]*)(?=[\s;&|()<>]|\z)/ ? $1 : '';
}

sub sh_expect {
  my ($in, $word) = @_;
  die "no $word\n" unless sh_word_ahead($in) eq $word;
  $in->{at} += length $word;
}

sub sh_newlines { my ($in) = @_; while ((my $token = sh_peek($in) // '') eq "\n") { sh_take($in, $token) } }

sub sh_list {
  my ($in, $until) = @_;
  my @items;
  while (1) {
    sh_newlines($in);
    my $token = sh_peek($in);
    last if !defined $token || $token eq ')' || $token =~ /^;[;&]/;
    last if $token eq 'word' && $until->{ sh_word_ahead($in) };
    my $item = sh_and_or($in);
    $token = sh_peek($in) // '';
    push @items, $item;
    if ($token eq ';' || $token eq '&' || $token eq "\n") { sh_take($in, $token) }
    elsif ($token ne '' && $token ne ')' && $token !~ /^;[;&]/ && !$until->{ sh_word_ahead($in) }) { die "token\n" }
  }
  return ['list', @items];
}

sub sh_and_or {
  my ($in) = @_;
  my $left = sh_pipe($in);
  while ((sh_peek($in) // '') =~ /^(&&|\|\|)$/) {
    my $token = $1;
    sh_take($in, $token);
    sh_newlines($in);
    $left = [$token, $left, sh_pipe($in)];
  }
  return $left;
}

sub sh_pipe {
  my ($in) = @_;
  my $negated = 0;
  while (sh_word_ahead($in) eq '!') { $in->{at}++; $negated = !$negated }
  my @parts = sh_command($in);
  while ((sh_peek($in) // '') =~ /^(\||\|&)$/) {
    sh_take($in, $1);
    sh_newlines($in);
    push @parts, sh_command($in);
  }
  my $found = @parts == 1 ? $parts[0] : ['pipe', @parts];
  return $negated ? ['!', $found] : $found;
}

sub sh_command {
  my ($in) = @_;
  die "steps\n" if ++$in->{steps} > $MOST_STEPS;
  my $token = sh_peek($in) // die "end\n";
  my $word = sh_word_ahead($in);
  my $found;
  if ($token eq '(') {
    if (substr($in->{text}, $in->{at}, 2) eq '((') {    # arithmetic
      $in->{at} = sh_arithmetic(\$in->{text}, $in->{at} + 2);
      $found = ['unknown'];
    }
    else {
      sh_take($in, '(');
      my $list = sh_list($in, {});
      die "no )\n" unless (sh_peek($in) // '') eq ')';
      sh_take($in, ')');
      $found = ['sub', $list];
    }
  }
  elsif ($word eq '{') { $in->{at}++; my $list = sh_list($in, { '}' => 1 }); sh_expect($in, '}'); $found = $list }
  elsif ($word eq 'if') {
    $in->{at} += 2;
    my @branches;
    while (1) {
      my $condition = sh_list($in, { then => 1 });
      sh_expect($in, 'then');
      push @branches, [$condition, sh_list($in, { else => 1, elif => 1, fi => 1 })];
      last unless sh_word_ahead($in) eq 'elif';
      sh_expect($in, 'elif');
    }
    my $else;
    if (sh_word_ahead($in) eq 'else') { sh_expect($in, 'else'); $else = sh_list($in, { fi => 1 }) }
    sh_expect($in, 'fi');
    $found = ['if', \@branches, $else];
  }
  elsif ($word eq 'while' || $word eq 'until') {
    $in->{at} += 5;
    my $condition = sh_list($in, { do => 1 });
    $found = ['loop', $condition, sh_do($in), $word];
  }
  elsif ($word eq 'for' || $word eq 'select') {
    $in->{at} += length $word;
    sh_space($in);
    if (substr($in->{text}, $in->{at}) =~ /^\(\(.*?\)\)/s) {
      $in->{at} += length $&;
      $in->{at}++ if (sh_peek($in) // '') eq ';';
      sh_newlines($in);
      $found = ['for', '', undef, sh_do($in)];
    }
    else {
      substr($in->{text}, $in->{at}) =~ /^[A-Za-z_]\w*/ or die "for\n";
      my $name = $&;
      $in->{at} += length $name;
      sh_newlines($in);
      my @words;
      if (sh_word_ahead($in) eq 'in') {
        sh_expect($in, 'in');
        push @words, sh_word($in) while (sh_peek($in) // '') eq 'word';
      }
      $in->{at}++ if (sh_peek($in) // '') eq ';';
      sh_newlines($in);
      $found = ['for', $name, \@words, sh_do($in)];
    }
  }
  elsif ($word eq 'case') {
    $in->{at} += 4;
    my $subject = sh_word($in);
    sh_newlines($in);
    sh_expect($in, 'in');
    my @branches;
    while (1) {
      sh_newlines($in);
      last if sh_word_ahead($in) eq 'esac';
      sh_take($in, '(') if (sh_peek($in) // '') eq '(';
      my @patterns = sh_word($in);
      while ((sh_peek($in) // '') eq '|') { sh_take($in, '|'); push @patterns, sh_word($in) }
      die "case\n" unless (sh_peek($in) // '') eq ')';
      sh_take($in, ')');
      push @branches, [\@patterns, sh_list($in, { esac => 1 })];
      my $stop = sh_peek($in) // die "esac\n";
      sh_take($in, $stop) if $stop =~ /^;[;&]/;
    }
    sh_expect($in, 'esac');
    $found = ['case', $subject, \@branches];
  }
  elsif ($word eq '[[') {
    substr($in->{text}, $in->{at}) =~ /^\[\[(.*?)\s\]\]/s or die "[[\n";
    $in->{at} += length $&;
    $found = ['unknown', $1];
  }
  elsif ($word eq 'function') {
    $in->{at} += 8;
    sh_space($in);
    substr($in->{text}, $in->{at}) =~ /^([\w.:-]+)[ \t]*(?:\([ \t]*\))?/ or die "function\n";
    $in->{at} += length $&;
    my $name = $1;
    sh_newlines($in);
    return ['function', $name, sh_command($in)];
  }
  elsif (substr($in->{text}, $in->{at}) =~ /^([\w.:-]+)[ \t]*\([ \t]*\)/) {
    $in->{at} += length $&;
    my $name = $1;
    sh_newlines($in);
    return ['function', $name, sh_command($in)];
  }
  elsif ($token eq 'word' || $token =~ /^(?:[<>]|&>)/) {
    die "reserved\n" if $CLOSES{$word};
    return sh_simple($in);
  }
  else { die "token\n" }
  my @redirections;
  sh_redirection($in, \@redirections) while (sh_peek($in) // '') =~ /^(?:&?>|<)/ || sh_fd($in);
  return @redirections ? ['redirected', $found, \@redirections] : $found;
}

sub sh_do { my ($in) = @_; sh_newlines($in); sh_expect($in, 'do'); my $list = sh_list($in, { done => 1 }); sh_expect($in, 'done'); return $list }
sub sh_fd { my ($in) = @_; sh_space($in); return substr($in->{text}, $in->{at}, 8) =~ /^(?:\d+|\{\w+\})[<>]/ }

sub sh_redirection {
  my ($in, $kept) = @_;
  my $descriptor = substr($in->{text}, $in->{at}, 8) =~ /^(\d+|\{\w+\})(?=[<>])/ ? $1 : '';
  $in->{at} += length $descriptor;
  my $token = sh_peek($in);
  sh_take($in, $token);
  if ($token eq '<(' || $token eq '>(') { my $list = sh_list($in, {}); sh_take($in, ')'); push @$kept, ['process', $list]; return }
  if ((sh_peek($in) // '') =~ /^[<>]\($/) { sh_redirection($in, $kept); return }
  my $start = $in->{at};
  my $word = sh_word($in);
  if ($token =~ /^<<-?$/) {
    my $raw = substr $in->{text}, $start, $in->{at} - $start;
    (my $end = $raw) =~ s/['"\\]//g;
    my $body = '';
    push @{ $in->{here} }, { end => $end, tabs => $token eq '<<-', body => \$body };
    push @$kept, ['here', \$body];
  }
  elsif ($token eq '<<<') { push @$kept, ['here-word', $word] }
  else { push @$kept, [$token, $descriptor, $word] }
}

sub sh_simple {
  my ($in) = @_;
  my (@assigned, @words, @redirections);
  while (defined(my $token = sh_peek($in))) {
    if ($token =~ /^(?:&?>|<)/ && $token !~ /^[<>]\($/ || sh_fd($in)) { sh_redirection($in, \@redirections); next }
    if ($token =~ /^[<>]\($/) { sh_redirection($in, \@redirections); push @words, [['unknown', '/dev/fd']]; next }
    last if $token ne 'word';
    if (!@words && substr($in->{text}, $in->{at}) =~ /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/) {
      my $name = $1;
      $in->{at} += length $&;
      if (substr($in->{text}, $in->{at}, 1) eq '(') {    # an array
        sh_take($in, '(');
        my @items;
        while (1) { sh_newlines($in); last unless (sh_peek($in) // '') eq 'word'; push @items, sh_word($in) }
        die "array\n" unless (sh_peek($in) // '') eq ')';
        sh_take($in, ')');
        push @assigned, [$name, \@items, 'array'];
      }
      else { push @assigned, [$name, substr($in->{text}, $in->{at}, 1) =~ /^[\s;&|)]?$/ ? [] : sh_word($in)] }
      next;
    }
    push @words, sh_word($in);
    # `export A=(x y)` and its like
    if (substr($in->{text}, $in->{at}, 1) eq '(' && substr($in->{text}, $in->{at} - 1, 1) eq '=') {
      substr($in->{text}, $in->{at}) =~ /^\([^()]*\)/ or die "array\n";
      $in->{at} += length $&;
    }
  }
  die "nothing\n" unless @assigned || @words || @redirections;
  return ['simple', \@assigned, \@words, \@redirections];
}

sub sh_word {    # parts: literal, variable, substitution
  my ($in) = @_;
  sh_space($in);
  my @parts;
  my $quoted = 0;
  for ($in->{text}) {
    pos($_) = $in->{at};
    while (1) {
      if (/\G\\\n/gc) { next }
      if (/\G\\(.)/gcs) { push @parts, ['text', $1] }
      elsif (/\G\$?'([^']*)'/gc) { push @parts, ['text', $1]; $quoted = 1 }
      elsif (/\G\$?"/gc) {
        $quoted = 1;
        push @parts, ['text', ''];
        until (/\G"/gc) {
          if (/\G\\([\\\$"`])/gc) { push @parts, ['text', $1] }
          elsif (/\G\\\n/gc) { }
          elsif (/\G([^"\\\$`]+|\\|\$(?=["\s]|[^\w{(@*#?!\$-]))/gc) { push @parts, ['text', $1] }
          else { sh_dollar($in, \@parts, 1) }
        }
      }
      elsif (/\G(?=[\$`])/gc) { sh_dollar($in, \@parts, 0) }
      elsif (/\G([^\s;&|()<>\\'"\$`]+)/gc) { push @parts, ['text', $1] }
      elsif (@parts && /\G(?=[@?*+!]?\()/gc && $parts[-1][0] eq 'text' && $parts[-1][1] =~ /[@?*+!]$/ && /\G\([^()]*\)/gc) { push @parts, ['unknown', '*'] }
      else { last }
    }
    $in->{at} = pos($_) // $in->{at};
  }
  die "no word\n" unless @parts || $quoted;
  return \@parts;
}

sub sh_arithmetic {    # where arithmetic ends that begins here: at the parentheses of its own, or at any two
  my ($whole, $at) = @_;
  my $text = substr $$whole, $at, 4000;
  my $open = 2;
  while ($open && $text =~ /\G[^()]*([()])/gc) { $open += $1 eq '(' ? 1 : -1 }
  return $at + pos $text if !$open && substr($text, pos($text) - 2, 2) eq '))';
  $text =~ /^.*?\)\)/s or die "arithmetic\n";
  return $at + length $&;
}

sub sh_dollar {    # at a `$` or a backquote
  my ($in, $parts, $quoted) = @_;
  for ($in->{text}) {
    if (/\G\$\(\(/gc) { pos($_) = sh_arithmetic(\$_, pos $_); push @$parts, ['unknown', '0'] }
    elsif (/\G\$\(/gc) {
      my $inner = { text => $_, at => pos($_), here => [], steps => $in->{steps}, nested => ($in->{nested} // 0) + 1 };
      die "nested\n" if $inner->{nested} > $MOST_NESTED;
      my $list = sh_list($inner, {});
      die "no )\n" unless (sh_peek($inner) // '') eq ')';
      $in->{steps} = $inner->{steps};
      pos($_) = $inner->{at} + 1;
      push @$parts, ['run', $list];
    }
    elsif (/\G`((?:[^`\\]|\\.)*)`/gcs) {
      (my $text = $1) =~ s/\\([`\\\$])/$1/g;
      my $tree = shell_tree($text) or die "backquotes\n";
      push @$parts, ['run', $tree];
    }
    elsif (/\G\$\{(\w+)\}/gc || /\G\$([A-Za-z_]\w*|[0-9@*#?!\$-])/gc) { push @$parts, ['variable', $1, '', $quoted] }
    elsif (/\G\$\{(\w+):?[-=]((?:[^{}\\\$`]|\\.)*)\}/gcs) { push @$parts, ['variable', $1, $2, $quoted, 1] }
    elsif (/\G\$\{(\w+)\[[@*]\]\}/gc) { push @$parts, ['variable', $1, '', $quoted] }
    elsif (/\G\$\{((?:[^{}]|\{[^{}]*\})*)\}/gcs) { push @$parts, ['unknown', '$' . ($1 =~ /(\w+)/ ? $1 : '')] }
    elsif (/\G\$/gc) { push @$parts, ['text', '$'] }
    else { die "dollar\n" }
  }
}

# Walking: from the tree to the commands. A status is 1, 0, or nothing where only a run could tell.

sub shell_run {    # all that a text runs: told is called with each command, and with `@broken` or `@unread`, a subject and why
  my ($text, $told, %given) = @_;
  my $state = { vars => {}, functions => {}, args => [], cwd => '/', place => '', user => 'root', sure => 1, guarded => 0, depth => 0,
    steps => \(my $steps = 0), into => [], used => 0, path => '/usr/bin:/bin', seen => {}, said => {}, dated => {}, told => $told, %given };
  return sh_text($state, $text, $given{name} // 'its command');
}

sub shell_argv {    # likewise of a command whose words are known
  my ($argv, $told, %given) = @_;
  my $state = { vars => {}, functions => {}, args => [], cwd => '/', place => '', user => 'root', sure => 1, guarded => 0, depth => 0,
    steps => \(my $steps = 0), into => [], used => 0, path => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', seen => {}, said => {}, dated => {}, told => $told, %given };
  return sh_call($state, [@$argv], 1);
}

sub sh_text {
  my ($state, $text, $name) = @_;
  if (($left -= length $text) < 0) { sh_unread($state, $name, 'is more than what is read'); return undef }
  my $tree = shell_tree($text);
  if (!$tree) { sh_refused($state, $name, $text); return undef }
  return sh_walk($state, $tree);
}

sub sh_refused {    # a text that is not understood: the shell itself says whether it is one, without running it
  my ($state, $name, $text, $shell) = @_;
  my $is_valid = 1;
  if (length $text < 100_000 && defined(my $pid = fork)) {
    if (!$pid) {
      open STDIN, '<', '/dev/null';
      open STDOUT, '>', '/dev/null';
      open STDERR, '>', '/dev/null';
      alarm 1 + int(3 * ($ENV{ZEBU_SLOWER} || 1));
      exec { $shell // '/bin/sh' } 'sh', '-n', '-c', $text or exit 0;
    }
    waitpid $pid, 0;
    $is_valid = $? == 0 || $? & 127;
  }
  return $is_valid ? sh_unread($state, $name, 'is no shell script that is understood') : sh_broken($state, $name, 'is refused by the shell');
}

sub sh_unread {
  my ($state, $name, $why) = @_;
  $state->{told}->('@unread', $name, $why) unless $state->{said}{"$name $why"}++;
}

sub sh_broken {
  my ($state, $name, $why) = @_;
  $state->{told}->('@broken', $name, $why) unless $state->{said}{"$name $why"}++;
}

sub sh_walk {
  my ($state, $node) = @_;
  return undef if $state->{ended};
  if (++${ $state->{steps} } > $MOST_STEPS) { sh_unread($state, 'a script', 'is too long'); $state->{ended} = 1; return undef }
  my $kind = $node->[0];
  if ($kind eq 'list') {
    my $status = 1;
    for my $n (1 .. $#$node) { $status = sh_walk($state, $node->[$n]); last if $state->{ended} }
    return $status;
  }
  if ($kind eq '&&' || $kind eq '||') {
    my $left = sh_used($state, $node->[1]);
    my $stop = $kind eq '&&' ? 0 : 1;
    return $left if defined $left && $left == $stop;
    return sh_walk($state, $node->[2]) if defined $left;
    my $right = sh_maybe($state, $node->[2], sh_dated($state, $node->[1]));
    return undef;
  }
  if ($kind eq '!') { my $status = sh_used($state, $node->[1]); return defined $status ? 1 - $status : undef }
  if ($kind eq 'pipe') {
    my @parts = @$node[1 .. $#$node];
    my $status;
    for my $n (0 .. $#parts) {
      my @behind = map { ['|', sh_first($state, $_)] } @parts[$n + 1 .. $#parts];
      my @end = $n < $#parts ? sh_outputs($state, $parts[-1]) : ();
      local $state->{into} = [@behind, @end, $n < $#parts ? () : @{ $state->{into} }];
      local $state->{used} = $n < $#parts ? 1 : $state->{used};
      local $state->{vars} = { %{ $state->{vars} } };
      local $state->{ended} = 0;
      # What a loop does with what it is told, it does only where it is told something.
      local $state->{guarded} = $state->{guarded} || ($n && $parts[$n][0] =~ /^(?:loop|redirected)$/);
      local $state->{fed} = $n;
      $status = sh_walk($state, $parts[$n]);
    }
    return $status;
  }
  if ($kind eq 'sub') { local $state->{vars} = { %{ $state->{vars} } }; local $state->{cwd} = $state->{cwd}; local $state->{ended} = 0; return sh_walk($state, $node->[1]) }
  if ($kind eq 'redirected') {
    my @files = sh_files($state, $node->[2]);
    local $state->{into} = [@files ? @files : @{ $state->{into} }];
    return sh_walk($state, $node->[1]);
  }
  if ($kind eq 'if') {
    my (@open, $dated, $has_else);    # the branches of which one is taken
    for my $branch (@{ $node->[1] }) {
      my $status = sh_used($state, $branch->[0]);
      return undef if $state->{ended};
      next if defined $status && !$status;
      if (defined $status) {
        return sh_walk($state, $branch->[1]) unless @open;
        $has_else = push @open, $branch->[1];
        last;
      }
      $dated ||= sh_dated($state, $branch->[0]);
      push @open, $branch->[1];
    }
    if (!$has_else && $node->[2]) {
      return sh_walk($state, $node->[2]) unless @open;
      $has_else = push @open, $node->[2];
    }
    return 1 unless @open;
    sh_branches($state, $dated && !$has_else, $dated && $has_else, @open);
    return undef;
  }
  if ($kind eq 'loop') {
    my $status = sh_used($state, $node->[1]);
    my $stop = $node->[3] eq 'while' ? 0 : 1;
    return 1 if defined $status && $status == $stop;
    return defined $status ? sh_walk($state, $node->[2]) : sh_maybe($state, $node->[2], sh_dated($state, $node->[1]));
  }
  if ($kind eq 'for') {
    my ($name, $words, $body) = @$node[1, 2, 3];
    my @values = $words ? map { my ($text, $known) = sh_expand($state, $_); $known ? (map { [$_, 1] } split ' ', $text) : [$text, 0] } @$words : ();
    @values = (["\$$name", 0]) if !$words || !@values;
    my $status;
    for my $value (@values > 20 ? (@values[0 .. 19]) : @values) {
      $state->{vars}{$name} = $value->[1] ? $value->[0] : undef if $name ne '';
      $status = sh_maybe($state, $body, 0, 1);
    }
    return $status;
  }
  if ($kind eq 'case') {
    my ($subject, $known) = sh_expand($state, $node->[1]);
    my $dated = sh_dated($state, $node);
    for my $branch (@{ $node->[2] }) {
      if (!$known) { sh_maybe($state, $branch->[1], $dated); next }
      for my $pattern (@{ $branch->[0] }) {
        my ($glob, $sure) = sh_expand($state, $pattern);
        if (!$sure) { sh_maybe($state, $branch->[1], $dated); next }
        my $regex = quotemeta $glob;
        $regex =~ s/\\\*/.*/g;
        $regex =~ s/\\\?/./g;
        return sh_walk($state, $branch->[1]) if $glob =~ /\[/ || $subject =~ /^$regex$/s;
      }
    }
    return undef;
  }
  if ($kind eq 'function') { $state->{functions}{ $node->[1] } = $node->[2]; return 1 }
  if ($kind eq 'simple') { return sh_simple_run($state, $node) }
  return undef;
}

sub sh_used { my ($state, $node) = @_; local $state->{used} = 1; return sh_walk($state, $node) }

sub sh_maybe {    # what runs under a condition: whatever it ends, may go on
  my ($state, $node, $dated, $is_loop) = @_;
  local $state->{guarded} = $is_loop ? $state->{guarded} : 1;
  local $state->{sure} = $state->{sure} && !$dated;
  my $was = $state->{ended};
  my $status = sh_walk($state, $node);
  $state->{ended} = $was;
  return undef;
}

sub sh_branches {    # branches of which one is taken: by the day or the hour, it may be, but what all of them run is sure
  my ($state, $dated, $parted, @branches) = @_;
  if (!$parted) { sh_maybe($state, $_, $dated) for @branches; return }
  my (@heard, %in);
  for my $n (0 .. $#branches) {
    local $state->{told} = sub { push @{ $heard[$n] }, [@_] };
    sh_maybe($state, $branches[$n], 1);
    my %names = map { $_->[0]{words}[0] => 1 } grep { ref $_->[0] } @{ $heard[$n] || [] };
    $in{$_}++ for keys %names;
  }
  for my $call (map { @{ $_ || [] } } @heard) {
    $call->[0]{sure} = $state->{sure} if ref $call->[0] && $in{ $call->[0]{words}[0] } == @branches;
    $state->{told}->(@$call);
  }
}

sub sh_dated {       # whether a condition asks for the day or the hour
  my ($state, $node) = @_;
  return 0 unless ref $node;
  my $kind = ref $node->[0] ? '' : $node->[0] // '';
  return $node->[1] eq 'RANDOM' || $state->{dated}{ $node->[1] } if $kind eq 'variable';
  return ($node->[1] // '') =~ /\bdate\b[^()]*%-?[uwaAdejVUWmHMbB]\b|\$\{?RANDOM/ || grep { $state->{dated}{$_} } ($node->[1] // '') =~ /\$\{?(\w+)/g if $kind eq 'unknown';
  if ($kind eq 'simple') {
    my @words = map { join '', map { $_->[0] eq 'text' ? $_->[1] : '' } @$_ } @{ $node->[2] };
    return 1 if @words && $words[0] eq 'date' && grep { /^\+?%-?[uwaAdejVUWmHMbB]$/ } @words;
  }
  return scalar grep { ref eq 'ARRAY' && sh_dated($state, $_) } @$node;
}

sub sh_first {       # the words of a part of a pipe, as far as known
  my ($state, $node) = @_;
  $node = $node->[1] while $node->[0] =~ /^(?:redirected|sub)$/ || $node->[0] eq 'list' && @$node == 2;
  return '(' . $node->[0] . ')' unless $node->[0] eq 'simple';
  return map { (sh_expand($state, $_, 1))[0] } @{ $node->[2] };
}

sub sh_outputs { my ($state, $node) = @_; return $node->[0] =~ /^(?:simple|redirected)$/ ? sh_files($state, $node->[-1]) : () }

sub sh_files {       # files that the output goes to
  my ($state, $redirections) = @_;
  my @found;
  for my $one (@$redirections) {
    if ($one->[0] eq 'process') { sh_walk($state, $one->[1]); next }
    next unless $one->[0] =~ /^(?:&?>>?|>\||>&)$/ && $one->[1] =~ /^1?$/;
    my ($file) = sh_expand($state, $one->[2], 1);
    push @found, ['>', $file] unless $one->[0] eq '>&' && $file =~ /^(?:\d+|-)$/;
  }
  return @found;
}

sub sh_expand {      # a word as text, and whether all of it is known; what is substituted runs, unless it is only looked at
  my ($state, $parts, $quiet) = @_;
  my ($text, $known) = ('', 1);
  for my $part (@$parts) {
    my ($kind, $what, $default, undef, $has_default) = @$part;
    if ($kind eq 'text') { $text .= $what }
    elsif ($kind eq 'variable') {
      my $value = $what =~ /^\d$/ ? ($what ? $state->{args}[$what - 1] : undef) : $what =~ /^[@*]$/ ? join(' ', map { $_ // '$1' } @{ $state->{args} }) : $state->{vars}{$what};
      $value = '' if !defined $value && $what =~ /^[1-9]$/ && $state->{closed};
      $value = $default if $has_default && !length($value // '');
      if (defined $value) { $text .= $value } else { $text .= "\$$what"; $known = 0 }
    }
    elsif ($kind eq 'run') {
      if (!$quiet) { local $state->{used} = 1; local $state->{into} = [['|', '$()']]; local $state->{ended} = 0; local $state->{vars} = { %{ $state->{vars} } }; sh_walk($state, $what) }
      # The folder of the script itself, as scripts ask for it
      if (sh_runs($part) eq 'dirname' && defined $state->{script}) { $state->{script} =~ m{^(.*)/}; $text .= $1 }
      elsif ($what->[0] eq 'list' && @$what == 2 && $what->[1][0] eq '&&' && sh_dirname($what->[1]) && defined $state->{script}) { $state->{script} =~ m{^(.*)/}; $text .= $1 }
      else { $text .= '$()'; $known = 0 }
    }
    else { $text .= $what // ''; $known = 0 }
  }
  $text =~ s{^~(?=/|$)}{$state->{home} // '/root'}e if @$parts && $parts->[0][0] eq 'text';
  return ($text, $known);
}

sub sh_runs {        # the only command that a substitution runs, as far as it is literal
  my ($part) = @_;
  return '' unless $part->[0] eq 'run' && @{ $part->[1] } == 2 && $part->[1][1][0] eq 'simple';
  return join '', map { $_->[0] eq 'text' ? $_->[1] : '' } @{ $part->[1][1][2][0] || [] };
}

sub sh_dirname {     # cd "$(dirname "$0")" && pwd
  my ($node) = @_;
  my $left = $node->[1];
  return 0 unless $left->[0] eq 'simple' && @{ $left->[2] } >= 2 && (($left->[2][0][0] || [])->[1] // '') eq 'cd';
  return scalar grep { sh_runs($_) eq 'dirname' } map { @$_ } @{ $left->[2] };
}

sub sh_simple_run {
  my ($state, $node) = @_;
  my ($assigned, $words, $redirections) = @$node[1, 2, 3];
  my %own;
  for my $one (@$assigned) {
    my ($name, $parts, $array) = @$one;
    my ($text, $known) = ('', 1);
    for my $part ($array ? @$parts : $parts) { my ($more, $sure) = sh_expand($state, $part); $text .= length $text ? " $more" : $more; $known &&= $sure }
    $own{$name} = $known ? $text : undef;
    $state->{dated}{$name} = 1 if sh_dated($state, $parts);
  }
  if (!@$words) {
    @{ $state->{vars} }{ keys %own } = values %own;
    sh_files($state, $redirections);
    return 1;
  }
  my (@argv, $known);
  $known = 1;
  for my $n (0 .. $#$words) {
    my $word = $words->[$n];
    my ($text, $sure) = sh_expand($state, $word);
    $known &&= $sure;
    my $bare = grep { $_->[0] eq 'variable' && !$_->[3] } @$word;
    push @argv, $bare && $sure ? split(' ', $text) : $text;
  }
  return 1 unless @argv;
  my @files = sh_files($state, $redirections);
  if ($argv[0] eq 'exec' && @argv == 1) { $state->{into} = [@files] if @files; return 1 }
  local $state->{into} = [@files ? @files : @{ $state->{into} }];
  local $state->{stdin} = (grep { $_->[0] =~ /^here/ } @$redirections)[-1];
  my %outer = %{ $state->{vars} };
  local $state->{vars} = { %outer, %own } if %own;
  return sh_call($state, \@argv, $known);
}

sub sh_call {
  my ($state, $argv, $known) = @_;
  return undef if $state->{ended};
  if (++${ $state->{steps} } > $MOST_STEPS || $state->{depth} > $MOST_DEPTH) { sh_unread($state, 'a script', 'is too long'); return undef }
  my @argv = @$argv;
  my $name = shift @argv;
  return undef unless defined $name && length $name;
  (my $base = $name) =~ s{.*/}{};
  return 1 if $name eq ':' || $base eq 'true';
  return 0 if $base eq 'false';
  if ($name eq 'exit' || $name eq 'return') { $state->{ended} = $name; return undef }
  if ($name eq 'test' || $name eq '[') { return sh_test($state, $known, @argv) }
  if ($name eq 'cd' || $name eq 'pushd') {
    my ($to) = grep { !/^-./ } @argv;
    return undef if !defined $to || $to eq '-' || $to =~ /\$/;
    $to = "$state->{cwd}/$to" unless $to =~ m{^/};
    return $state->{place} eq '' && !-d $to ? 0 : do { $state->{cwd} = $to; 1 };
  }
  if ($name =~ /^(?:export|readonly|local|declare|typeset)$/) {
    for (@argv) { my ($key, $value) = /^(\w+)=(.*)$/s or next; $state->{vars}{$key} = $value =~ /\$/ ? undef : $value }
    return 1;
  }
  if ($name eq 'unset') { delete @{ $state->{vars} }{ grep { /^\w+$/ } @argv }; return 1 }
  if ($name eq 'shift') { splice @{ $state->{args} }, 0, $argv[0] && $argv[0] =~ /^\d$/ ? $argv[0] : 1; return undef }
  if ($name eq 'set' && @argv && $argv[0] eq '--') { $state->{args} = [@argv[1 .. $#argv]]; return 1 }
  if ($name eq 'trap') { return @argv > 1 && $argv[0] =~ /\S/ && $argv[0] ne '-' && $known ? do { local $state->{guarded} = 1; local $state->{ended} = 0; sh_text($state, $argv[0], 'a trap'); 1 } : 1 }
  if ($name eq 'eval') { return $known ? sh_text($state, "@argv", 'eval') : do { sh_unread($state, 'eval', 'runs what only a run could tell'); undef } }
  if ($name =~ /^(?:set|shopt|umask|wait|read|mapfile|readarray|let|ulimit|alias|hash|type|getopts|break|continue|pwd|popd|dirs|jobs|bg|fg|times)$/) {
    delete @{ $state->{vars} }{@argv} if $name =~ /^(?:read|mapfile|getopts)$/;
    return undef;
  }
  if ($name eq '.' || $name eq 'source') { return undef unless @argv; return sh_source($state, @argv) }
  if ($name eq 'echo' || $name eq 'printf') { return sh_tell($state, $known, $name, @argv) }
  if (my $body = $state->{functions}{$name}) {
    local $state->{args} = [@argv];
    local $state->{closed} = 1;
    local $state->{depth} = $state->{depth} + 1;
    my $status = sh_walk($state, $body);
    $state->{ended} = 0 if ($state->{ended} // '') eq 'return';
    return $status;
  }
  if ($base =~ /^(?:su|runuser)$/) { return sh_su($state, $known, $base, @argv) }
  if ($base eq 'run-parts') {
    my ($folder) = grep { !/^-/ } @argv;
    return undef unless defined $folder && $state->{place} eq '';
    my $regex = (grep { /^--lsbsysinit$/ } @argv) ? qr/^[A-Za-z0-9_.-]+$/ : qr/^[A-Za-z0-9_-]+$/;
    opendir(my $in, $folder) or return undef;
    for my $file (sort readdir $in) {
      my $path = "$folder/$file";
      next if !-f $path || $file =~ /^\./;
      if ($file !~ $regex) { sh_broken($state, $path, 'has a name that run-parts leaves out') ; next }
      local $state->{ended} = 0;
      local $state->{from} = $path;
      $state->{told}->('@from', $path) if $state->{names};
      sh_call($state, [$path], 1);
    }
    $state->{told}->('@from', '') if $state->{names};
    return undef;
  }
  if ($base =~ $SHELLS || $base eq 'busybox' && @argv && $argv[0] =~ $SHELLS && shift @argv) { return sh_shell($state, $known, @argv) }
  if ($state->{modules} && $base =~ /^python[\d.]*$/) {    # a module that is known by its name
    my $n = 0;
    $n += $argv[$n] =~ /^-[WX]$/ ? 2 : 1 while $n < @argv && $argv[$n] =~ /^-/ && $argv[$n] ne '-m';
    my $module = $n < $#argv && $argv[$n] eq '-m' ? $argv[$n + 1] : '';
    if (my $program = $state->{modules}{$module}) { return sh_tell($state, $known, $program, @argv[$n + 2 .. $#argv]) }
  }
  if ($base =~ /^(?:python[\d.]*|perl|php[\d.]*|ruby|nodejs|node|lua[\d.]*|Rscript|deno|bun)$/ && $state->{place} eq '') { return sh_foreign($state, $known, $name, @argv) }
  if ($base =~ /^(?:docker|podman|nerdctl|docker-compose|podman-compose|kubectl|lxc-attach|machinectl)$/) {
    my $inner = sh_container($state, $known, $base, @argv);
    return undef if $inner;
  }
  if ($base eq 'snap' && @argv && shift @argv eq 'run') {
    shift @argv while @argv && $argv[0] =~ /^-/;
    return sh_tell($state, $known, @argv) if @argv;
  }
  if ($base eq 'systemctl' && $state->{units} && $state->{place} eq '') {
    my ($verb, @units) = grep { !/^-/ } @argv;
    $state->{units}->($_, $state) for $verb && $verb =~ /^(?:re)?start$/ ? grep { /^[\w@.:\\-]+$/ } @units : ();
  }
  if ($base eq 'service' && $state->{units} && $state->{place} eq '' && @argv == 2 && $argv[0] =~ /^[\w@.:-]+$/ && $argv[1] =~ /^(?:re)?start$/) { $state->{units}->($argv[0], $state) }
  if ($base =~ $RUNNERS && $state->{place} eq '') { sh_unread($state, join(' ', $base, grep { !/[\$=]/ } @argv[0 .. ($#argv > 1 ? 1 : $#argv)]), 'runs what a file of its own says') }
  if ($base eq 'find') {
    for my $n (0 .. $#argv) {
      next unless $argv[$n] =~ /^-(?:exec|execdir|ok)$/;
      my @command;
      for (@argv[$n + 1 .. $#argv]) { last if /^[;+]$/; push @command, $_ }
      sh_call($state, \@command, $known) if @command;
    }
    return sh_tell($state, $known, $base, @argv);
  }
  if (my $takes = $TAKES{$base}) {
    my ($options, $before) = @$takes;
    my ($place, $user) = @$state{qw(place user)};
    while (@argv) {
      if ($argv[0] eq '--') { shift @argv; last }
      if ($base eq 'env' && $argv[0] =~ /^(\w+)=(.*)$/s) { $state->{vars} = { %{ $state->{vars} }, $1 => $2 }; shift @argv; next }
      if ($base eq 'flock' && $argv[0] eq '-c') { shift @argv; return sh_text($state, $argv[0] // '', 'flock -c') }
      last unless $argv[0] =~ /^-/ && $argv[0] ne '-';
      my $option = shift @argv;
      if ($base eq 'sudo' && $option =~ /^-[a-zA-Z]*u$|^--user$/) { $user = $argv[0] }
      if ($base eq 'flock' && $option eq '-u') { next }
      if ($base eq 'command' && $option =~ /^-[vV]$/) { return undef }
      if ($option =~ /^--/) { shift @argv if $LONG{$option} || $base eq 'flock' && $option =~ /^--(?:wait|timeout)$/ }
      elsif ($options ne '' && $option =~ /[\Q$options\E]$/ && $option =~ /^-[A-Za-z]+$/) { shift @argv }
    }
    for (1 .. $before) { my $word = shift @argv; $place = $word if $base eq 'ssh' && defined $word }
    if ($base eq 'flock' && @argv && $argv[0] =~ /^-c$|^--command$/) { shift @argv; return sh_text($state, $argv[0] // '', 'flock -c') }
    if ($base eq 'env') { while (@argv && $argv[0] =~ /^(\w+)=(.*)$/s) { $state->{vars} = { %{ $state->{vars} }, $1 => $2 }; shift @argv } }
    while ($base eq 'sudo' && @argv && $argv[0] =~ /^(\w+)=(.*)$/s) { shift @argv }
    return undef unless @argv;
    local $state->{place} = $place;
    local $state->{user} = $user;
    my $status = $base eq 'ssh' ? sh_text($state, "@argv", 'a command of ssh') : sh_call($state, \@argv, $known);
    $state->{ended} = 'exit' if $base eq 'exec';
    return $base =~ /^(?:time|command|builtin|nice|env|sudo)$/ ? $status : undef;
  }
  return sh_program($state, $known, $name, $base, @argv);
}

sub sh_tell {    # a command that is a leaf
  my ($state, $known, @words) = @_;
  (my $base = $words[0]) =~ s{.*/}{};
  $state->{told}->({ words => [$base, @words[1 .. $#words]], known => $known, sure => $state->{sure}, guarded => $state->{guarded}, used => $state->{used},
    into => [@{ $state->{into} }], place => $state->{place}, user => $state->{user}, vars => $state->{vars}, fed => $state->{fed} });
  return undef;
}

sub sh_program {
  my ($state, $known, $name, $base, @argv) = @_;
  if ($name =~ /\$/ ) { sh_unread($state, $name, 'is a command that only a run could tell'); return undef }
  if ($state->{place} ne '') {
    # What is in a container, or on another machine, is not read.
    if ($name =~ m{/} && $name !~ m{^/(?:usr/)?s?bin/|^/usr/lib/postgresql/} || $name =~ /\.(?:sh|py|pl|rb|js)$/) { sh_unread($state, $name, "is a script of $state->{place}") }
    return sh_tell($state, $known, $name, @argv);
  }
  return sh_tell($state, $known, $name, @argv) if $base =~ $WHOLE;
  my $path = $name;
  if ($name !~ m{/}) {
    ($path) = grep { -f $_ && -x _ } map { "$_/$name" } split /:/, $state->{vars}{PATH} // $state->{path};
    if (!defined $path) {
      sh_broken($state, $name, 'is in none of the folders of its PATH') if grep { -f "$_/$name" } qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin);
      return sh_tell($state, $known, $name, @argv);
    }
  }
  elsif ($name !~ m{^/}) { $path = "$state->{cwd}/$name"; $path =~ s{/\./}{/}g }
  if ($path =~ m{^(?:/usr)?/(?:s?bin|lib(?:exec|32|64)?|share)/} && $path !~ m{^/usr/local/}) {
    # What distributions bring is known by its name, unless it is a small script of theirs that starts others.
    return sh_tell($state, $known, $name, @argv) if $state->{known_names} && $base =~ $state->{known_names};
    return sh_file($state, $known, $path, 1, @argv);
  }
  return sh_file($state, $known, $path, 0, @argv);
}

sub sh_foreign {    # a script of another language: whether it names what is looked for
  my ($state, $known, $name, @argv) = @_;
  for my $n (0 .. $#argv) {
    if ($argv[$n] =~ /^-[a-z]*[ec]$/) { sh_named($state, "a text of $name", $argv[$n + 1] // ''); last }
    if ($argv[$n] eq '-m') { sh_unread($state, "$name -m " . ($argv[$n + 1] // ''), 'is a program'); last }
    next if $argv[$n] =~ /^-/;
    my $path = $argv[$n] =~ m{^/} ? $argv[$n] : "$state->{cwd}/$argv[$n]";
    $path =~ s{/\./}{/}g;
    if (!-f $path) { sh_broken($state, $path, 'is not there') }
    elsif (!open my $in, '<', $path) { sh_unread($state, $path, 'cannot be read') }
    else {
      my $body = '';
      read $in, $body, $MOST_BYTES;
      sh_named($state, $path, $body);
    }
    last;
  }
  return sh_tell($state, $known, $name, @argv);
}

sub sh_names {
  my ($state, $code) = @_;
  return () unless $state->{telling};
  my %found;
  for my $tool ($code =~ /$state->{telling}/g) {
    $tool =~ s/^(docker)\W+(\w+)\W+/$1 $2 /;
    $found{$tool} = 1;
  }
  return sort keys %found;
}

sub sh_named {      # says so where a text of another language names what is looked for
  my ($state, $path, $body) = @_;
  (my $code = $body) =~ s/^[ \t]*(?:#|\/\/).*$//mg;
  my @names = sh_names($state, $code);
  sh_unread($state, $path, 'names ' . join(' and ', @names) . ', and is no shell script') if @names;
}

sub sh_file {    # a file that is run
  my ($state, $known, $path, $is_foreign, @argv) = @_;
  (my $base = $path) =~ s{.*/}{};
  if (!-e $path) { sh_broken($state, $path, 'is not there'); return undef }
  if (-d _ || !-x _) { sh_broken($state, $path, -d _ ? 'is a folder' : 'is not executable'); return undef }
  return sh_content($state, $known, $path, $is_foreign, 1, @argv);
}

sub sh_content {
  my ($state, $known, $path, $is_foreign, $is_run, @argv) = @_;
  my $body = '';
  my $size = -s $path;
  if (!open my $in, '<', $path) { sh_unread($state, $path, 'cannot be read'); return undef }
  else { read $in, $body, $MOST_BYTES; close $in }
  (my $base = $path) =~ s{.*/}{};
  my ($interpreter) = $body =~ /^#!\s*(\S+(?:[ \t]+\S+)*)/;
  $interpreter = '' if !defined $interpreter;
  my @with = split ' ', $interpreter;
  shift @with if @with > 1 && $with[0] =~ m{/env$};
  shift @with while @with > 1 && $with[0] =~ /^-|=/;
  (my $how = $with[0] // '') =~ s{.*/}{};
  my $is_text = substr($body, 0, 4096) !~ /\0/ && $body !~ /^\x7fELF/;
  my $is_shell = $is_text && ($interpreter eq '' ? 1 : $how =~ $SHELLS);
  if (!$is_shell) {
    if ($is_foreign || $state->{known_names} && $base =~ $state->{known_names}) { return sh_tell($state, $known, $path, @argv) }
    if ($is_text) { sh_named($state, $path, $body) }
    elsif ($base !~ $PLAIN) { sh_unread($state, $path, 'is a program') }
    return sh_tell($state, $known, $path, @argv);
  }
  if ($is_foreign && $state->{telling} && $body !~ $state->{telling}) { return sh_tell($state, $known, $path, @argv) }
  if ($size > $MOST_BYTES) { sh_unread($state, $path, 'is too long'); return undef }
  if ($state->{seen}{"$path @argv"}++ > 3) { return undef }
  if (($left -= length $body) < 0) { sh_unread($state, $path, 'is more than what is read'); return undef }
  my $tree = shell_tree($body);
  if (!$tree) { sh_refused($state, $path, $body, $how =~ /bash/ ? '/bin/bash' : undef); return undef }
  local $state->{script} = $path;
  local $state->{depth} = $state->{depth} + 1;
  if (!$is_run) { return sh_walk($state, $tree) }    # sourced
  local $state->{args} = [@argv];
  local $state->{closed} = 1;
  local $state->{functions} = {};
  local $state->{vars} = { %{ $state->{vars} } };
  local $state->{cwd} = $state->{cwd};
  local $state->{ended} = 0;
  return sh_walk($state, $tree);
}

sub sh_source {
  my ($state, $file, @argv) = @_;
  return undef if $state->{place} ne '';
  if ($file =~ /\$/) { return undef }
  my $path = $file =~ m{^/} ? $file : "$state->{cwd}/$file";
  return undef unless -f $path;
  my $status = sh_content($state, 1, $path, 0, 0, @argv);
  $state->{ended} = 0 if ($state->{ended} // '') eq 'return';
  return $status;
}

sub sh_shell {    # sh with a text, a script or what it is fed
  my ($state, $known, @argv) = @_;
  my $is_command = 0;
  while (@argv && $argv[0] =~ /^[-+]/) {
    my $option = shift @argv;
    if ($option eq '--') { last }
    if ($option =~ /^-[a-zA-Z]*c[a-zA-Z]*$/) { $is_command = 1 }
    if ($option =~ /^[-+][a-zA-Z]*[oO]$/ || $option =~ /^--(?:rcfile|init-file)$/) { shift @argv }
  }
  my $fed = $state->{stdin};
  if (!@argv) {
    return sh_text($state, ${ $fed->[1] }, 'a here-document') if $fed && $fed->[0] eq 'here';
    if ($state->{fed}) { sh_unread($state, 'sh', 'runs what it is fed') }
    return undef;
  }
  my $word = shift @argv;
  if ($is_command) {
    shift @argv;    # $0
    local $state->{args} = [@argv];
    local $state->{functions} = {};
    local $state->{vars} = $state->{place} eq '' ? { %{ $state->{vars} } } : { %{ $state->{given} || {} } };
    local $state->{cwd} = $state->{cwd};
    local $state->{ended} = 0;
    return sh_text($state, $word, 'sh -c');
  }
  if ($word =~ /\$/) { sh_unread($state, $word, 'is a script that only a run could tell'); return undef }
  if ($state->{place} ne '') { sh_unread($state, $word, "is a script of $state->{place}"); return undef }
  my $path = $word =~ m{^/} ? $word : "$state->{cwd}/$word";
  if (!-f $path) { sh_broken($state, $path, 'is not there'); return undef }
  return sh_as_shell($state, $known, $path, @argv);
}

sub sh_as_shell {    # whatever its first line says
  my ($state, $known, $path, @argv) = @_;
  my $body = '';
  if (!open my $in, '<', $path) { sh_unread($state, $path, 'cannot be read'); return undef }
  else { read $in, $body, $MOST_BYTES; close $in }
  if ((-s $path) > $MOST_BYTES) { sh_unread($state, $path, 'is too long'); return undef }
  return undef if $state->{seen}{"$path @argv"}++ > 3;
  local $state->{script} = $path;
  local $state->{depth} = $state->{depth} + 1;
  local $state->{args} = [@argv];
  local $state->{closed} = 1;
  local $state->{functions} = {};
  local $state->{vars} = { %{ $state->{vars} } };
  local $state->{cwd} = $state->{cwd};
  local $state->{ended} = 0;
  return sh_text($state, $body, $path);
}

sub sh_su {
  my ($state, $known, $base, @argv) = @_;
  my ($text, $user, @rest);
  while (@argv) {
    my $word = shift @argv;
    if ($word =~ /^(?:-c|--command)$/) { $text = shift @argv }
    elsif ($word =~ /^--command=(.*)$/s) { $text = $1 }
    elsif ($word =~ /^(?:-s|--shell|-g|--group|-G|-w|--whitelist-environment)$/) { shift @argv }
    elsif ($word eq '-u' || $word eq '--user') { $user = shift @argv; @rest = grep { $_ ne '--' || @rest } @argv; @argv = () }
    elsif ($word eq '--') { @rest = @argv; @argv = () }
    elsif ($word eq '-' || $word =~ /^-/) { }
    elsif (!defined $user) { $user = $word }
    else { push @rest, $word }
  }
  local $state->{user} = $user // 'root';
  if (defined $text) { return sh_shell($state, $known, '-c', $text) }
  if ($base eq 'runuser' && @rest) { return sh_call($state, \@rest, $known) }
  my $fed = $state->{stdin};
  return sh_text($state, ${ $fed->[1] }, 'a here-document') if $fed && $fed->[0] eq 'here';
  return undef;
}

sub sh_container {    # a command in a container; whether it is one
  my ($state, $known, $base, @argv) = @_;
  my ($options, $service) = ('', 0);
  my $skip = sub {
    my ($letters) = @_;
    $options = '';
    while (@argv && $argv[0] =~ /^-/) {
      my $option = shift @argv;
      last if $option eq '--';
      $options .= $option =~ /^--(interactive|tty|detach)(?:=true)?$/ ? substr $1, 0, 1 : $option =~ /^-([a-z]+)$/ ? $1 : '';
      if ($option =~ /^--/) { shift @argv if $LONG{$option} }
      elsif ($option =~ /[$letters]$/) { shift @argv }
    }
  };
  $skip->('HcflpnNP');
  my $verb = shift @argv // return 0;
  if ($verb eq 'compose') { $skip->('fp'); $verb = shift @argv // return 0; $service = 1 }
  if ($verb eq 'container') { $verb = shift @argv // return 0 }
  if ($base =~ /compose/) { $service = 1 }
  if ($verb =~ /^(?:start|up|restart)$/) {
    for my $name (grep { !/^-/ } @argv) {
      if ($name =~ /backup|dump/i) { sh_unread($state, "$base $verb $name", 'starts what its own files say') }
      elsif ($state->{starts} && $state->{place} eq '') { $state->{starts}->($state, "$base $verb $name", $service ? '' : $base, $name) }
    }
    return 0;
  }
  return 0 unless $verb eq 'exec' || $verb eq 'run' && $base !~ /^kubectl$/;
  $skip->($base eq 'kubectl' ? 'nc' : 'euwvplhm');
  # Docker lets nobody have a terminal in a container (-it) who has none, and a job has none. Others do.
  if ($base eq 'docker' && !$service && $options =~ /i/ && $options =~ /t/ && $options !~ /d/) {
    sh_unread($state, "docker $verb -it", 'asks for a terminal, which a job has not');
    return 1;
  }
  my $place = shift @argv // return 0;
  shift @argv if @argv && $argv[0] eq '--';
  if ($base eq 'kubectl') { $skip->('nc'); shift @argv if @argv && $argv[0] eq '--' }
  if ($verb eq 'run') {    # an image may be a program, and is one where its name says so
    my ($image) = $place =~ m{([^/:@]+)(?::[^/@]*)?(?:\@.*)?$};
    $image //= '';
    my $is_known = $state->{known_names} && $image =~ $state->{known_names};
    my $is_bare = !@argv;
    if ($is_known && (!@argv || $argv[0] !~ $state->{known_names})) { unshift @argv, $image }
    elsif (!@argv && $image =~ /backup|dump|barman|restic|borg/i) { sh_unread($state, "$base run $place", 'starts what its own files say') }
    # With no words, a service runs what the file of compose says, and an image what it was made with.
    if ($is_bare && ($service || !$is_known) && $state->{starts} && $state->{place} eq '') { $state->{starts}->($state, "$base run $place", '', $image) }
  }
  return 1 unless @argv;
  local $state->{place} = ($verb eq 'run' ? 'image:' : $service ? 'service:' : 'container:') . $place;
  sh_call($state, \@argv, $known);
  return 1;
}

sub sh_test {    # what can be said of a test without a run: files, words, and their combinations
  my ($state, $known, @words) = @_;
  pop @words if @words && $words[-1] eq ']';
  return undef if grep { /\$/ } @words or $state->{place} ne '';
  my $term;
  my $or;
  my $read = sub {
    return undef unless @words;
    if ($words[0] eq '!') { shift @words; my $status = $term->(); return defined $status ? 1 - $status : undef }
    if ($words[0] eq '(') { shift @words; my $status = $or->(); shift @words; return $status }
    if (@words >= 3 && $words[1] =~ /^(?:==?|!=|-eq|-ne|-lt|-le|-gt|-ge)$/) {
      my ($left, $how, $right) = splice @words, 0, 3;
      return ($left eq $right) ? 1 : 0 if $how =~ /^==?$/;
      return ($left ne $right) ? 1 : 0 if $how eq '!=';
      return undef unless "$left $right" =~ /^-?\d+ -?\d+$/;
      my %of = ('-eq' => $left == $right, '-ne' => $left != $right, '-lt' => $left < $right, '-le' => $left <= $right, '-gt' => $left > $right, '-ge' => $left >= $right);
      return $of{$how} ? 1 : 0;
    }
    if (@words >= 2 && $words[0] =~ /^-([a-zA-Z])$/) {
      my $how = $1;
      shift @words;
      my $word = shift @words;
      return length $word ? 1 : 0 if $how eq 'n';
      return length $word ? 0 : 1 if $how eq 'z';
      my $file = $word =~ m{^/} ? $word : "$state->{cwd}/$word";
      return -e $file ? 1 : 0 if $how eq 'e';
      return -f $file ? 1 : 0 if $how eq 'f';
      return -d $file ? 1 : 0 if $how eq 'd';
      return -x $file ? 1 : 0 if $how eq 'x';
      return -r $file ? 1 : 0 if $how eq 'r';
      return undef;
    }
    my $word = shift @words;
    return length $word ? 1 : 0;
  };
  $term = $read;
  my $and = sub {
    my $status = $term->();
    while (@words && $words[0] eq '-a') {
      shift @words;
      my $more = $term->();
      $status = (defined $status && !$status || defined $more && !$more) ? 0 : defined $status && defined $more ? 1 : undef;
    }
    return $status;
  };
  $or = sub {
    my $status = $and->();
    while (@words && $words[0] eq '-o') {
      shift @words;
      my $more = $and->();
      $status = ($status || $more) ? 1 : defined $status && defined $more ? 0 : undef;
    }
    return $status;
  };
  return $or->();
}
