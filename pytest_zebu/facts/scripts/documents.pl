# The team's documents. `@times REASON`: why the files' own times stand in for git's, where they do. Of each document
# `@document CHANGED KIND LANGUAGE PATH` (document, archive or note; `-` for what is not known), then `@part WORDS PLACEHOLDERS TITLES
# TOPICS` of it whole, and of each section whose heading has a topic; behind a part `@lacks WORD ...`: commands, paths and
# units in it that are not on this machine. `@picture PATH`: a drawing that is a file of its own. `@unread PATH`: a document
# that is too long, cannot be read or is of no format that is read here, or `.` for a folder; `@cut COUNT`: so many documents were
# left out, since there are too many, or it took too long; `@notes COUNT` is the same of archives and notes.
# Topics are lines `NAME<tab>PATTERN` of ZEBU_TOPICS, `-` that of placeholders. Those of ZEBU_REACHED count where a way to
# reach somebody stands in the same entry.
use strict;
use warnings;
my (%topic, @names, $hollow);
for my $line (split /\n/, $ENV{ZEBU_TOPICS}) {
  my ($name, $pattern) = split /\t/, $line, 2;
  if ($name eq '-') { $hollow = qr/$pattern/m; next }
  push @names, $name;
  $topic{$name} = qr/$pattern/im;
}
my %reached = map { $_ => 1 } split /,/, $ENV{ZEBU_REACHED};
my $folder = $ENV{ZEBU_APP_DIR};
chdir $folder or exit 1;

# What a name says of a document: its kind, and how early it is read.
my $agents = qr/^(?:\.(?:agents?|claude|cursor|copilot|windsurf|aider.*|continue|roo|cline\w*|gemini|codex|kiro|junie|amp|opencode|trae|github|gitlab|specstory)|(?:agents?|claude|cursor|copilot|windsurf|aider|gemini|codex|ai|llm|bot|assistant)[-_. ](?:docs?|notes?|tasks?|logs?|work|memory|memories|sessions?|plans?|prompts?|rules|workspace|history|reports?|outputs?)|(?:docs?|notes?)[-_](?:agents?|ai|llm|claude)|\.?(?:work|dev)[-_]?logs?|prompts?|memory[-_]bank|chatmodes|scratch(?:pad)?|session[-_]?(?:notes?|logs?))$/i;
my $agents_file = qr/^(?:CLAUDE|AGENTS?|GEMINI|WARP|(?i:copilot-instructions|progress|work[-_]?log|dev[-_]?log|todo|change(?:s|[-_]?log)|history|news|release[-_ ]?notes))(?:[-_.]\w+)*\.\w+$/;
my $archives = qr/^(?:_?archived?s?|archive[-_.].*|.*[-_.]archived?|old|old[-_.].*|.*[-_.]old|attic|deprecated|obsolete|legacy|outdated|superseded|retired|historical|graveyard|trash|drafts?|notes?|meeting[-_]?notes|minutes|journals?|diary|scratch|te?mp|bak|wip|proposals?|rfcs?|ideas|brainstorm\w*|research|sprints?|retros?)$/i;
my $archives_file = qr/(?:^|[-_. ])(?:old|bak|deprecated|obsolete|archived?|draft|superseded|outdated)\.\w+$/i;
my $homes = qr/^(?:docs?|documentation|documents?|wiki|runbooks?|playbooks?|handbook|manual|guides?|ops|operations?|deploy(?:ment)?s?|infra(?:structure)?|dokumentation|dokumente?|handbuch|betrieb|documentos?|documentaci[^a]*n)$/i;
my $telling = qr/^readme|run-?book|play-?book|roll-?back|deploy|disaster|recover|restor|backup|architect|contact|trouble|checklist|infrastructure|monitor|secret|config|scal|shut-?down|emergency|network|operation|hand-?book|install|upgrade|maintenance|incident/i;
sub kind {
  my ($path) = @_;
  my @parts = split m{/}, $path;
  my $name = pop @parts;
  return ('note', 3) if $name =~ $agents_file || grep { $_ =~ $agents } @parts;
  return ('archive', 2) if $name =~ $archives_file || grep { $_ =~ $archives } @parts;
  return ('document', $name =~ $telling || grep({ $_ =~ $homes } @parts) ? 0 : 1);
}
my $never = qr/^(?:(?:dev|test|prod|base)?[-_.]?(?:requirements|constraints)[\w.-]*|robots|humans|ads|app-ads|security(?=\.txt)|llms(?:-full)?|LICEN[CS]ES?[\w.-]*|COPYING|NOTICE|AUTHORS|CODE_OF_CONDUCT|THIRD[-_]PARTY\w*|CMakeLists|pull_request_template|issue_template|top_level|entry_points|SOURCES|dependency_links)\.\w+$/i;
sub is_document {
  my ($path) = @_;
  my ($name) = $path =~ m{([^/]+)$};
  return 0 if $name =~ $never;
  return 1 if $name =~ /\.(?:md|markdown|mdown|mkdn?|mdx|qmd|rst|rest|adoc|asciidoc|asc|org)$/i || $name =~ /^(?:README|RUNBOOK|INSTALL|OPERATIONS|DEPLOY(?:MENT)?|CONTACTS?)$/i;
  my $is_home = grep { $_ =~ $homes } split m{/}, $path;
  return $is_home if $name =~ /\.html?$/i;
  return $is_home || $name =~ $telling || $path !~ m{/} if $name =~ /\.txt$/i;
  return 2 * $is_home if $name =~ /\.(?:pdf|docx?|odt|rtf|pages|one|tex|textile|ipynb)$/i;
  return 0;
}
my @languages = (
  [ German => qr/\b(?:der|die|das|und|ist|nicht|mit|ein|eine|wird|werden|auf|den|dem|von|zu|bei|oder|muss|nach)\b/i ],
  [ French => qr/\b(?:le|la|les|des|et|est|une|pour|dans|sur|du|avec|sont|pas|ou|aux|cette)\b/i ],
  [ Spanish => qr/\b(?:el|los|las|una|para|con|por|del|que|se|esta|como|desde|cada|hay)\b/i ],
  [ Italian => qr/\b(?:il|gli|della|delle|dei|per|con|che|una|sono|nel|alla|questo|viene)\b/i ],
  [ Portuguese => qr/\b(?:os|uma|para|com|n\xc3\xa3o|que|dos|das|em|por|ser|pelo|cada)\b/i ],
  [ Dutch => qr/\b(?:het|een|van|niet|met|voor|zijn|wordt|worden|naar|bij|deze|ook)\b/i ],
  [ Polish => qr/\b(?:jest|nie|na|oraz|dla|przez|lub|po|si\xc4\x99|jak|aby)\b/i ],
);
sub language {
  my ($text) = @_;
  my $letters = () = $text =~ /[A-Za-z]/g;
  my $foreign = () = $text =~ /[\xd0-\xdb\xe0-\xed]/g;
  return 'another-script' if $foreign > 40 && $foreign > $letters / 4;
  my $english = () = $text =~ /\b(?:the|and|of|is|are|to|with|for|this|that|from|be|when|not|if)\b/gi;
  for (@languages) { my ($name, $words) = @$_; my $count = () = $text =~ /$words/g; return $name if $count >= 8 && $count > 2 * $english }
  return '-';
}

# Drawings. Of pictures and drawings that say nothing of a network, only people know what they show.
my $station = qr/\b(?:internet|prox(?:y|ies)|npm ?plus|nginx|caddy|traefik|router|firewall|frontend|backend|api|database|db|postgres\w*|redis|valkey|cache|browser|users?|clients?|vm|host|server|lan|wan|dmz|dns|docker|containers?|proxmox|hypervisor|load.?balancer|cdn|cloudflare|ports?|80|443|8000|5432|6379)\b/i;
my $outside = qr/\b(?:internet|web|prox(?:y|ies)|npm ?plus|nginx|caddy|traefik|router|firewall|browser|users?|clients?|vm|host|server|lan|wan|dmz|dns|docker|containers?|proxmox|hypervisor|load.?balancer|cdn|cloudflare|ports?|80|443|8000|5432|6379)\b/i;
sub shows_network { my ($text) = @_; my %seen; $seen{ lc $1 } = 1 while $text =~ /($station)/g; return keys %seen >= 3 }
sub drawing {
  my ($language, $text) = @_;
  if ($language =~ /^(?:mermaid|plantuml|puml|uml|dot|graphviz|digraph|d2|ditaa|svgbob|blockdiag|nwdiag|c4|structurizr)$/) {
    return '' if $text =~ /^\s*(?:%%[^\n]*\n\s*)*(?:---.*?---\s*)?(?:erDiagram|classDiagram|gantt|pie|gitGraph|journey|mindmap|timeline|quadrantChart|requirementDiagram|xychart|sankey)/s;
    return shows_network($text) ? 'diagram' : 'image';
  }
  return '' if $language !~ /^(?:|\*|text|txt|ascii|plain(?:text)?|none|diagram|console|bash|sh)$/;
  my @lines = split /\n/, $text;
  my $boxes = grep { /\xe2\x94[\x8c\x90\x94\x98\xac\xb4\xbc]|\xe2\x95[\x90-\xac]|\+-{2,}.*\+|[.']-{4,}[.']/ } @lines;
  # What was logged may have arrows; nobody drew it.
  my $logged = qr/^[\[( ]*(?:\d{4}-\d\d-\d\d[T ]|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d+ \d\d:\d\d)|^.{0,60}\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b/;
  @lines = grep { $_ !~ $logged } @lines;
  my $arrows = () = join("\n", @lines) =~ /-{1,}>|<-{1,}|={2,}>|\xe2\x86[\x90-\x95]|\xe2\x96[\xb6\xbc\xba]|^\s*[|v]\s*$|\xe2\x94\x80>/gm;
  my $is_tree = (grep { /\xe2\x94[\x9c\x94]\xe2\x94\x80|^\s*\|-- / } @lines) >= 2 && !grep { /\xe2\x94[\x8c\x90]/ } @lines;
  return '' if $is_tree || $language =~ /^(?:console|bash|sh)$/ && $boxes < 3;
  return '' if !($boxes >= 3 || $arrows >= 2 || ($boxes && $arrows));
  return '' if !shows_network($text);
  # One line that does not begin outside may be a call's path: only people know.
  my @chains = grep { /-{1,}>|<-{1,}|={2,}>|\xe2\x86[\x90-\x95]/ } @lines;
  return !$boxes && @chains == 1 && grep({ /\S/ } @lines) == 1 && $chains[0] !~ $outside ? 'image' : 'diagram';
}
my $badge = qr{shields\.io|badge|badgen\.net|/workflows/|codecov|coveralls|travis-ci|circleci|appveyor|sonarcloud|snyk\.io|deepsource|codacy|codeclimate|contrib\.rocks|star-history|buymeacoffee|ko-fi|img\.youtube|gravatar|githubusercontent\.com/u/}i;
my $adorning = qr{badge|logo|icon|avatar|banner|favicon|screen-?\s?shot|screen[-_ ]?cast|demo|preview|\bbuild\b|\bcoverage\b|\blicen[cs]e\b|\bversion\b|\bci\b|\bstatus\b|\.gif$|photo|mascot|cover}i;
my $drawn = qr{network|architect|topolog|infrastr|diagram|deployment|data[-_ ]?flow|system|overview|component|\bc4\b|landscape|netz}i;
my $not_network = qr{\ber\b|erd|er[-_]diagram|entity|schema|class[-_ ]?diagram|gantt|database[-_ ]?(?:model|schema|diagram)|user[-_ ]?flow|mock-?up|wireframe}i;
sub picture {
  my ($alt, $path, $heading) = @_;
  my ($file) = $path =~ m{([^/]*)$};
  return '' if $path =~ $badge || $alt =~ /badge/i || ("$alt $file" =~ $adorning && "$alt $path" !~ /diagram|network|architect|topolog/i);
  return '' if "$alt $path" =~ $not_network;
  return 'diagram' if "$alt $path" =~ $drawn || $heading =~ /network|architect|topolog|infrastr|diagram/i;
  return 'image';
}

# A way to reach somebody: no example, no robot, no login of git's.
sub can_be_reached {
  my ($text) = @_;
  while ($text =~ /(?<![\w.+-])([\w.+-]+)\@([\w-]+(?:\.[\w-]+)+)(?!:)/g) { my ($who, $where) = ($1, $2); return 1 if $where !~ /(?:^|\.)example(?:\.|$)|\.(?:local|internal|invalid)$|^(?:domain|your-?\w*|company|mail)\.\w+$/i && $who !~ /^(?:git|no-?reply|do-?not-?reply|bot|user(?:name)?|you|your[-_.]?\w*|name|someone|me|first\.?last|foo|root|deploy|.*\[bot\]|dependabot|renovate|github-actions)$/i }
  while ($text =~ m{https?://([^\s/:)>\]|"']+)}g) { my $where = $1; return 1 if $where =~ /\./ && $where !~ /(?:^|\.)example(?:\.|$)|^(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|your|img\.shields|badge)|shields\.io$|^(?:www\.)?domain\./i }
  while ($text =~ /(?<![\w.:-])(\+?\(?\d[\d ()\/-]{7,}\d)(?![\w.:-])/g) { my $number = $1; (my $digits = $number) =~ tr/0-9//cd; return 1 if $number !~ /^\d{4}-\d\d-\d\d/ && length $digits >= 8 && $digits !~ /^(?:0?1234567|(\d)\1+$)|555\D?01\d\d/ && $number !~ /555[ -]?01\d\d/ }
  return $text =~ /\b(?:slack|teams|matrix|signal|telegram|discord|mattermost|pagerduty|opsgenie|on-?call)\b[^\n]{0,40}[#\@][\w-]{3,}/i;
}
# Entries of a list: rows, items with what belongs to them, paragraphs.
sub entries {
  my ($text) = @_;
  my @found = ('');
  for my $line (split /\n/, $text) {
    push @found, '' if $line =~ /^\s*(?:\||#)|^ ?(?:[-*+]|\d+[.)])\s|^\s*$/;
    $found[-1] .= "$line\n";
  }
  return @found;
}
my $commands = qr/^[ \t>]*(?:`{3,}|~{3,})[ \t]*\W?(?:sh|bash|shell|zsh|console|shell-?session|powershell|sql)\b[^\n]*\n(?:[ \t>]*(?:#[^\n]*)?\n)*[ \t>]*[^\s`~#]/m;
# What stands under each heading from START to END, `[HEADING, TEXT]`, as far as the next; a line that only looks like a heading
# may be a sentence.
sub under {
  my ($all, $headings, $start, $end) = @_;
  my @found;
  for my $number (0 .. $#$headings) {
    my ($line, $level, $heading, $last) = @{ $headings->[$number] };
    next if $line < $start || $line > $end || !grep { $reached{$_} && $heading =~ $topic{$_} } @names;
    next if $level >= 7 && (length $heading > 60 || $heading =~ /[.!?]$/);
    for (my $next = $number + 1; !defined $last && $next < @$headings; $next++) { $last = $headings->[$next][0] - 1 if $headings->[$next][1] < ($level < 7 ? 7 : 8) }
    $last = $end if !defined $last || $last > $end;
    push @found, [ $heading, join "\n", @$all[ $line .. $last ] ];
  }
  return @found;
}
sub topics_of {
  my ($text, @sections) = @_;
  my @found = $text =~ $commands ? ('commands') : ();
  push @found, grep { !$reached{$_} && $text =~ $topic{$_} } @names;
  if (can_be_reached($text)) {
    push @found, 'contact';
    my @reaching = grep { can_be_reached($_) } entries($text);
    # What stands under a heading of its own is told by that heading.
    my @under = grep { can_be_reached($_) } split /^(?=\s*#{1,6}\s)/m, $text;
    my @told = map { $_->[0] } grep { can_be_reached($_->[1]) } @sections;
    for my $name (grep { $reached{$_} } @names) {
      push @found, $name if grep { $_ =~ $topic{$name} } @reaching, @told, map { /^\s*#{1,6}\s+([^\n]*)/ ? $1 : '' } @under;
    }
  }
  return @found;
}
sub listed { return @_ ? join ',', @_ : '-' }
sub part { my ($text, $prose, $title, $more, $sections, @lacks) = @_;
  my $words = () = $text =~ /\S+/g;
  my $empty = () = $prose =~ /$hollow/g;
  print "\@part $words $empty ", listed(grep { $title =~ $topic{$_} } @names), ' ', listed(topics_of($text, @$sections), @$more), "\n";
  my %lacks = map { $_ => 1 } @lacks;
  my @shown = sort keys %lacks;
  print join(' ', '@lacks', splice @shown, 0, 20), "\n" if @shown;
}

# When each changed.
my (%time, $at, $commits, $is_shallow);
open my $log, '-|', '/bin/sh', '-c', $ENV{ZEBU_SH} or exit 1;
while (<$log>) {
  chomp;
  if (/^\@(\d+)$/) { $at = $1; $commits++ }
  elsif ($_ eq '@shallow') { $is_shallow = 1 }
  elsif (length) { $time{$_} //= $at }
}
close $log;
my $status = $? >> 8;
my $reason = $status == 127 ? 'git is not installed' : $status ? 'this is no checkout of git, or git cannot read it' : '';
print "\@times $reason\n" if $reason;
# What came before a shallow copy's first commit, or before so many, is of no known day.
my $first = $is_shallow || ($commits // 0) >= 4000 ? $at : undef;
if ($is_shallow) { for my $name (keys %time) { $time{$name} = undef if $time{$name} == $at } }
sub changed { my ($path) = @_;
  return (stat $path)[9] if $reason || $path =~ m{^/};
  return $time{$path} // '-' if exists $time{$path};
  return defined $first ? '-' : (stat $path)[9];
}

sub slurp { my ($path) = @_; open my $in, '<', $path or return undef; local $/; return <$in> // '' }

my (@documents, @drawings);
for my $place ('.', $ENV{ZEBU_SET_DOCUMENTS} // '') {
  next if $place eq '';
  open my $find, '-|', 'find', $place, ($place eq '.' ? () : '-xdev'), '(', map({ ('-name', $_, '-o') } qw(.git node_modules .venv venv site-packages vendor vendored third_party bower_components dist _build
    target __pycache__ .tox .nox .cache .next .nuxt .terraform htmlcov *.egg-info *.dist-info .mypy_cache .ruff_cache .pytest_cache)), '-name', '.svn', ')', '-prune', '-o', '-type', 'f', '-print0' or exit 1;
  local $/ = "\0";
  while (my $path = <$find>) {
    chomp $path;
    my $shown = $path =~ s{^\./}{}r;
    my $inside = $place eq '.' ? $shown : "docs/" . substr $path, length $place;
    if (my $is = is_document($inside)) { push @documents, [ $shown, kind($inside), $is ] }
    if ($inside =~ m{([^/]+\.(?:drawio|dio|excalidraw|puml|plantuml|mmd|mermaid|d2|dot|gv|vsdx?|dia|svg|png|jpe?g|webp))$}i && (kind($inside))[0] eq 'document') {
      my $name = $1;
      next if $inside =~ m{(?:^|/)(?:assets|public|static|src|icons?|tests?|fixtures|node_modules|coverage)/}i && $inside !~ m{(?:^|/)docs?/}i;
      next if $name =~ $not_network || $name =~ /icon|logo|badge/i;
      push @drawings, $shown if $name =~ /network|architect|topolog|infrastr|diagram|netz/i || $name =~ /\.(?:drawio|dio|excalidraw|vsdx?)$/i || ($name =~ /\.(?:puml|plantuml|mmd|mermaid|d2|dot|gv)$/i && -s $path < 262_144 && shows_network(slurp($path) // ''));
    }
  }
  close $find or print "\@unread .\n";
}
@documents = sort { $a->[2] <=> $b->[2] || $a->[0] cmp $b->[0] } @documents;
my ($most, $longest, $seconds, $done, %left) = (2000, 524_288, 8, 0);
sub shown { my ($path) = @_; $path =~ s/[^\x21-\x7e]/?/g; return $path }
for my $one (@documents) {
  my ($path, $kind, $rank, $is) = @$one;
  if (++$done > $most || time - $^T > $seconds) { $left{ $kind eq 'document' ? 'cut' : 'notes' }++; next }
  my $text = $is == 2 || (-s $path // 0) > $longest ? undef : slurp($path);
  $text =~ tr/\0\xff\xfe//d if defined $text && $text =~ /\A(?:\xff\xfe|\xfe\xff)/;
  if (!defined $text || $text =~ /\0/) { print '@unread ', shown($path), "\n" if $kind eq 'document'; next }
  my ($name) = $path =~ m{([^/]+)$};
  ($text, my $title) = as_markdown($name, $text);
  my ($plain, $all, $blocks, $headings) = outline($text);
  my $prose = join "\n", @$plain;
  $prose =~ s/`[^`\n]*`/ /g;
  print '@document ', changed($path), " $kind ", language($prose), ' ', shown($path), "\n";
  my @firsts = grep { $_->[1] < 8 } @$headings;
  $title .= "\n" . ($kind eq 'document' ? $path : $name) . "\n" . (@firsts && $firsts[0][0] < 20 ? $firsts[0][2] : '');
  if ($kind eq 'note') { part('', '', join("\n", $title, map { $_->[2] } @$headings), [], []); next }
  my (%drawn, @lacks);
  if ($kind eq 'document') {
    @lacks = lacking($path =~ m{(.*)/} ? $1 : '.', $plain, $blocks, $headings, $text);
    for my $block (@$blocks) { my $is = drawing(@$block[ 1, 2 ]); push @{ $drawn{$is} }, $block->[0] if $is }
    for my $at (0 .. $#$plain) { while ($plain->[$at] =~ /!\[([^\]\n]*)\]\(\s*<?([^\s)>]+)/g) {
      my ($alt, $file, $heading) = ($1, $2, '');
      for (@firsts) { last if $_->[0] > $at; $heading = $_->[2] }
      next if $file !~ m{^(?:https?:|data:)} && !-e ($file =~ m{^/} ? ".$file" : ($path =~ m{(.*/)} ? $1 : '') . $file =~ s/[?#].*//r);
      my $is = picture($alt, $file, $heading);
      push @{ $drawn{$is} }, $at if $is;
    } }
  }
  part(join("\n", @$all), $prose, $title, [ sort keys %drawn ], [ under($all, $headings, 0, $#$all) ], map { $_->[1] } @lacks);
  my $told = 0;
  for my $number (0 .. $#$headings) {
    my ($start, $level, $heading, $end) = @{ $headings->[$number] };
    next if !grep { $heading =~ $topic{$_} } @names;
    ($end) = map { $_->[0] - 1 } grep { $_->[0] > $start && $_->[1] <= $level } @$headings if !defined $end;
    $end //= $#$all;
    last if ++$told > 60;
    my $section = join "\n", @$plain[ $start .. $end ];
    $section =~ s/`[^`\n]*`/ /g;
    part(join("\n", @$all[ $start .. $end ]), $section, $heading, [], [ under($all, $headings, $start, $end) ], map { $_->[1] } grep { $_->[0] >= $start && $_->[0] <= $end } @lacks);
  }
}
print "\@$_ $left{$_}\n" for sort keys %left;
print "\@none\n" if !@documents && !@drawings;
my %seen;
print '@picture ', shown($_), "\n" for grep { !$seen{$_}++ } (sort @drawings)[ 0 .. ($#drawings < 4 ? $#drawings : 4) ];
