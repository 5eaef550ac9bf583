# What stops guessing: `@guard NAME STATE BOOT` of services, `@sshd PORTS LOG_LEVEL EXEMPT PENALTIES` of each server, `@now`.
# `@jails COUNT` where fail2ban told them; `@jail NAME FAILED BANNED TRIES SECONDS BAN_SECONDS` of those that watch ssh.
# Then of each guard by its name, which is `jail:NAME` of a jail: `@sees NAME KIND WHAT WRITTEN OURS`, `@ignores NAME WHAT`,
# `@action NAME TOOL PORTS HOOK`, `@ruled NAME PORTS` of a rule in force, and `@kept NAME HELD OF`: of the addresses that are
# banned, how many were found where packets are refused. `@tried COUNT ADDRESS`: failed logins since the jails began.
use strict;
use warnings;
my ($TAIL, $SINCE, $TRIES_LIMIT, $RULES_LIMIT) = (262_144, 86_400, 2000, 8_388_608);
my @line = map { word($_) } split ' ', $ENV{SSH_CONNECTION} // '';
my ($client, $client_port) = @line;
my $ours = defined $client_port ? "from $client port $client_port" : '';

sub tail {
  my ($file) = @_;
  open my $in, '<', $file or return undef;
  seek $in, -$TAIL, 2;
  local $/;
  return <$in>;
}

# Whether our own login is in a file by now: who writes it may take a moment.
sub is_ours_in { my ($file) = @_;
  return '?' if $ours eq '';
  for (1 .. 6) { my $text = tail($file) // return '?'; return 1 if $text =~ /\Q$ours\E\b/; select undef, undef, undef, 0.2 }
  return 0;
}

sub is_ours_in_journal {
  my @matches = @_;
  return '?' if $ours eq '';
  my $quoted = quotemeta $ours; $quoted =~ s/\\ / /g;
  my ($text, $status) = said('journalctl', '-q', '-o', 'cat', '--since', '-15min', '-n', '1', "--grep=$quoted( |\$)", @matches);
  return $status > 1 || $text =~ /^(?:Failed|Compiled)/ ? '?' : $text =~ /\Q$ours\E\b/ ? 1 : 0;
}

sub tell_file {
  my ($name, $file) = @_;
  my @stat = stat $file;
  print join(' ', '@sees', $name, 'file', word($file), @stat ? ($stat[9], is_ours_in($file)) : ('-', '?')), "\n";
}

sub tell_journal {
  my ($name, @matches) = @_;
  my $sees = (grep { !/^(?:[A-Z_][A-Z0-9_]*=.+|\+)$/ } @matches) ? '?' : is_ours_in_journal(@matches);
  $sees = '?' if $sees eq '0' && is_ours_in_journal() ne '1';    # it keeps nothing at all, or was not let in by this
  print join(' ', '@sees', $name, 'journal', word(join ' ', @matches) , '-', $sees), "\n";
}

# Ports by number: `all`, `?` or ranges.
sub ports {
  my ($text) = @_;
  my @found;
  for my $one (split /[\s,]+/, $text) {
    next if $one eq '';
    my ($first, $last) = $one =~ /^(\d*)[:-](\d*)$/;
    my @words = !defined $first ? $one : ($first eq '' ? 0 : $first, $last eq '' ? 65535 : $last);
    my @ends = map { /^\d+$/ ? $_ : scalar getservbyname($_, 'tcp') } @words;
    return '?' if grep { !defined } @ends;
    push @found, "$ends[0]-$ends[-1]";
  }
  return join(',', @found) || '?';
}

# What a packet filter has, as text.
my $rules;
sub rules {
  return $rules if defined $rules;
  my $text = join "\n", map { (said(@$_))[0] } ['iptables-save'], ['ip6tables-save'], ['iptables-legacy-save'], ['ip6tables-legacy-save'], ['nft', 'list', 'ruleset'];
  return $rules = substr $text . "\n" . listed($text, (said('ipset', 'save'))[0]), 0, $RULES_LIMIT;
}

sub listed {    # of sets, what rules ask for: an address in any other is let in
  my ($text, $sets) = @_;
  my %asked = map { $_ => 1 } $text =~ /--match-set (\S+)/g;
  return join '', map { "$_\n" } grep { /^\w+ (\S+)/ && $asked{$1} } split /\n/, $sets;
}

# fail2ban, asked in one conversation, since its client takes long to start: it takes a line, answers, and says its prompt again.
my ($client_pid, $to_client, $from_client, $is_deaf);
sub ask_fail2ban {
  my @questions = @_;
  start_client() if !defined $client_pid;
  local $SIG{PIPE} = 'IGNORE';
  my @said;
  for my $question (@questions) {
    last if $is_deaf;
    syswrite $to_client, "$question\n";
    my $answer = heard() // last;
    push @said, $answer =~ s/\s+\z//r;
  }
  return @said;
}

sub start_client {
  ($client_pid, $is_deaf) = (0, 1);
  pipe my $questions, $to_client or return;
  pipe $from_client, my $answers or return;
  $client_pid = fork // do { unrun('fail2ban-client'); return $client_pid = 0 };
  if (!$client_pid) {
    open STDIN, '<&', $questions;
    open STDOUT, '>&', $answers;
    open STDERR, '>', '/dev/null';
    exec 'fail2ban-client', '-i' or unstarted('fail2ban-client');
  }
  close $questions;
  close $answers;    # else its end would not be heard
  $is_deaf = 0;
  heard();
}

# What comes before the next prompt; nothing once the client has ended.
sub heard {
  my $text = '';
  while ($text !~ s/(^|\n)fail2ban> \z/$1/) {
    next if sysread $from_client, $text, 65_536, length $text;
    $is_deaf = 1;
    return;
  }
  return $text;
}

sub leave_fail2ban {
  return if !$client_pid;
  close $to_client;
  close $from_client;
  waitpid $client_pid, 0;
  unrun('fail2ban-client') if is_killed($?);
}

sub tool {
  my ($text) = @_;
  return 'none' if $text =~ /^\s*$/;
  return 'filter' if $text =~ /<iptables>|\bip6?tables\b|<nftables>|\bnft\b|<ipset>|\bipset\b|\bfirewall-cmd\b/;
  return 'host' if $text =~ /\bufw\b|\b(?:ip|ip6|<\w+>) route\b|\broute add\b|hosts\.deny/;
  return 'mail' if $text =~ /\b(?:mail|sendmail|mailx|msmtp)\b|<mailcmd>|fail2ban\.dummy/;
  return '?';
}

sub tell_action {
  my ($name, $ban, $start, $port, $protocol) = @_;
  my $tool = tool($ban);
  my ($ports, $hook) = ('all', 'input');
  if ($tool eq 'filter') {
    my $both = "$start\n$ban";
    # Rules that are made by others, as an administrator's own table, are not told by the action.
    if ($both =~ /\bdports?\b/) { $ports = ports($both =~ /\bdports?\s+(?:\\?\{)?\s*(?:\$\(echo )?'?((?:[\w-]+[:,-]?)+)'?/ && $1 !~ /^port$/ ? $1 : $port) }
    elsif ($both =~ /\bport port=/) { $ports = ports($port) }
    $hook = lc $1 if $both =~ /\bhook (\w+)/ || $start =~ /(?:-I|-A|--insert|--append)\s+(?!f2b-|fail2ban-)([\w-]+)/ || $both =~ /--add-rule \S+ filter (?!f2b-|fail2ban-)(\w+?)_direct/ || $ban =~ /(?:-I|-A|--insert|--append)\s+(?!f2b-|fail2ban-)([\w-]+)/;
    $hook = '?' if $both !~ /hook|-I|-A|--insert|--append|--add-rule|--add-rich|--add-source/;
    $ports = '?' if $protocol =~ /^[a-z,]+$/ && $protocol !~ /tcp|all/;
  }
  print join(' ', '@action', $name, $tool, $ports, word($hook)), "\n";
}

sub tell_fail2ban {
  my ($status) = ask_fail2ban('status');
  my ($list) = ($status // '') =~ /Jail list:\s*(.*)/ or return;
  my @jails = (split /[\s,]+/, $list)[0 .. 39];
  @jails = grep { defined && /^[\w.:-]+$/ } @jails;
  print '@jails ', scalar @jails, "\n";
  my @regexes = ask_fail2ban(map { "get $_ failregex" } @jails);
  my @ssh = grep { my $text = $regexes[$_] // ''; $text =~ /preauth/ || $jails[$_] =~ /ssh/i && $text =~ /Failed|nvalid user/ } 0 .. $#jails;
  my $since = time - $SINCE;
  my ($target, @ignored);
  for my $jail (@jails[@ssh]) {
    my @said = ask_fail2ban("status $jail", (map { "get $jail $_" } qw(ignoreip ignorecommand maxretry findtime bantime actions)), 'get logtarget');
    my ($failed, $banned) = map { $said[0] =~ /\Q$_\E:\s*(\d+)/ ? $1 : '?' } 'Total failed', 'Currently banned';
    my ($files, $matches, $held) = map { $said[0] =~ /\Q$_\E:[ \t]*(.*)/ ? $1 : undef } 'File list', 'Journal matches', 'Banned IP list';
    my $name = word("jail:$jail");
    print join(' ', '@jail', word($jail), $failed, $banned, map { defined $_ && /^-?\d+$/ ? $_ : '?' } @said[3, 4, 5]), "\n";
    tell_file($name, $_) for split ' ', $files // '';
    tell_journal($name, split ' ', $matches) if defined $matches;
    print "\@ignores $name ", word($_), "\n" for ($said[1] // '') =~ /^[|`]- (\S+)/mg;
    print "\@ignores $name command\n" if ($said[2] // '') =~ /\S/ && $said[2] !~ /^None$/ || ($said[1] // '') =~ /^[|`]- file:/m;
    my (undef, $actions) = split /\n/, $said[6] // '', 2;
    my @actions = grep { /^[\w.\[\]=-]+$/ } split /[\s,]+/, $actions // '';
    my @told = ask_fail2ban(map { my $one = $_; map { "get $jail action $one $_" } qw(actionban actionstart port protocol) } @actions);
    tell_action($name, map { $_ // '' } @told[4 * $_ .. 4 * $_ + 3]) for 0 .. $#actions;
    my @held = (split ' ', $held // '')[0 .. 2];
    @held = grep { defined && /^[0-9A-Fa-f.:]+$/ } @held;
    my $denied = @held ? rules() . (slurp('/etc/hosts.deny') // '') . join '', map { (said('ip', $_, 'route'))[0] } '-4', '-6' : '';
    print join(' ', '@kept', $name, scalar(grep { $denied =~ /(?<![\d.:A-Fa-f])\Q$_\E(?![\d.:A-Fa-f]*[\dA-Fa-f])/ } @held), scalar @held), "\n" if @held && length $denied < $RULES_LIMIT;
    ($target) = ($said[7] // '') =~ m{^[|`]- (/\S+)}m;
    $since = undef, next unless $target;
    my $log = tail($target) // '';
    my ($first) = $log =~ /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m;
    my ($last) = $log =~ /.*^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[^\n]*Jail '\Q$jail\E' (?:started|reloaded)/ms;
    my $from = moment($last // $first);
    $since = defined $from && defined $since ? ($from > $since ? $from : $since) : undef;
  }
  return unless @ssh && defined $since;
  my ($text) = said('journalctl', '-q', '-o', 'cat', '--since', '@' . ($since + 2), '-n', $TRIES_LIMIT, '--grep=^(Failed (password|keyboard-interactive/pam) for|Invalid user) ', 'SYSLOG_IDENTIFIER=sshd', 'SYSLOG_IDENTIFIER=sshd-session');
  my %tried;
  for (split /\n/, $text) { $tried{$1}++ if /^(?:Failed|Invalid user) .* from ([0-9A-Fa-f.:]+) port / }
  my @most = (sort { $tried{$b} <=> $tried{$a} || $a cmp $b } keys %tried)[0 .. 49];
  print "\@tried $tried{$_} $_\n" for grep { defined } @most;
}

sub moment {
  my ($text) = @_;
  my ($year, $month, $day, $hour, $minute, $second) = ($text // '') =~ /(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)/ or return undef;
  require POSIX;    # which takes longer to load than most of this takes
  return POSIX::mktime($second, $minute, $hour, $day, $month - 1, $year - 1900, 0, 0, -1);
}

# Whether a table of nftables refuses, before they come in, those who are in a set of it.
sub is_ruled_by_nft {
  my ($table, $set) = @_;
  my $rules = rules();
  while ($rules =~ /^table \S+ $table \{\n(.*?)^\}/msg) {
    my $body = $1;
    return 1 if $body =~ /\bhook (?:input|prerouting)\b/ && $body =~ /saddr \@$set\S*[^\n]* (?:drop|reject)/;
  }
  return 0;
}

sub tell_sshguard {
  my $text = slurp('/etc/sshguard/sshguard.conf') // slurp('/etc/sshguard.conf') // '';
  my %set = map { /^\s*(\w+)=(["']?)(.*?)\2\s*(?:#.*)?$/ ? ($1 => $3) : () } split /\n/, $text;
  my $rules = rules();
  my $is_ruled = is_ruled_by_nft('sshguard', 'attackers') || $rules =~ /^-A INPUT (?![^\n]*dport)[^\n]*(?:-j sshguard\b|--match-set sshguard[46] src[^\n]* -j (?:DROP|REJECT))/m;
  print "\@ruled sshguard all\n" if $is_ruled || (slurp('/etc/hosts.allow') // '') =~ /^###sshguard###/m;
  print '@ruled sshguard ', ports($1), "\n" while $rules =~ /^-A INPUT [^\n]*--dports? (\S+)[^\n]*(?:-j sshguard\b|--match-set sshguard[46] src[^\n]* -j (?:DROP|REJECT))/mg;
  print "\@ruled sshguard none\n" if ($set{BACKEND} // '') =~ /sshg-fw-null/;
  print '@ignores sshguard ', word($_), "\n" for grep { m{^[0-9A-Fa-f.:]+(?:/\d+)?$} } map { split /\n/, slurp($_) // '' } grep { m{^/} } $set{WHITELIST_FILE} // '/etc/sshguard/whitelist';
  tell_file('sshguard', $_) for split ' ', $set{FILES} // '';
  return unless $set{LOGREADER};
  my @matches = map { "SYSLOG_FACILITY=$_" } $set{LOGREADER} =~ /SYSLOG_FACILITY=(\d+)/g;
  push @matches, map { "SYSLOG_IDENTIFIER=$_" } $set{LOGREADER} =~ /(?:\s-t\s*|--identifier=|SYSLOG_IDENTIFIER=)([\w-]+)/g;
  push @matches, map { "_SYSTEMD_UNIT=$_" } $set{LOGREADER} =~ /(?:\s-u\s*|--unit=)([\w.@-]+)/g;
  tell_journal('sshguard', @matches);
}

sub tell_crowdsec {
  my $rules = rules();
  my $is_ruled = is_ruled_by_nft('crowdsec6?', 'crowdsec')
    || $rules =~ /^-A (?:INPUT|CROWDSEC_CHAIN) [^\n]*--match-set crowdsec\S* src[^\n]* -j (?:DROP|REJECT|CROWDSEC_LOG)/m && $rules =~ /^-A INPUT [^\n]*(?:-j CROWDSEC_CHAIN|--match-set crowdsec)/m;
  print "\@ruled crowdsec all\n" if $is_ruled;
  my @scenarios = grep { -e } glob '/etc/crowdsec/scenarios/*ssh*.yaml';
  print '@action crowdsec scenario ', @scenarios ? 'ssh' : '?', " -\n";
  for my $file ('/etc/crowdsec/acquis.yaml', sort glob '/etc/crowdsec/acquis.d/*.yaml') {
    my $text = slurp($file) // next;
    tell_file('crowdsec', $_) for grep { /auth|secure|messages|syslog/ } map { glob } $text =~ m{^\s*(?:-|filename:)\s*["']?(/[\w./*?-]+)}mg;
    tell_journal('crowdsec', $_) for $text =~ /["']?(_SYSTEMD_UNIT=sshd?\.service)\b/g;
  }
  print "\@ignores crowdsec ", word($_), "\n" for map { (slurp($_) // '') =~ m{["'\s]([0-9A-Fa-f.:]+/\d+)}g } glob '/etc/crowdsec/parsers/s02-enrich/*.yaml';
}

my @services = qw(fail2ban sshguard crowdsec crowdsec-firewall-bouncer cs-firewall-bouncer denyhosts);
my ($units) = said('systemctl', 'show', (map { "$_.service" } @services), '-p', 'Id', '-p', 'ActiveState', '-p', 'UnitFileState');
my %active;
for my $unit (split /\n\n/, $units) {
  my %of = $unit =~ /^(\w+)=(.*)$/mg;
  my ($name) = ($of{Id} // '') =~ /^(.*)\.service$/ or next;
  $active{$name} = ($of{ActiveState} // '') eq 'active';
  print join(' ', '@guard', word($name), word($of{ActiveState} // ''), word($of{UnitFileState} // '')), "\n";
}
my %is_service = %active;
# What runs in a container, or was started by hand.
for my $file (glob '/proc/[0-9]*/comm') {
  my ($comm) = (slurp($file, 64) // '') =~ /^(fail2ban-server|sshguard|crowdsec|denyhosts)$/ or next;
  my $name = $comm eq 'fail2ban-server' ? 'fail2ban' : $comm;
  print "\@guard ", word("$name that is no service"), " active %\n" unless $active{$name}++;
}
my ($servers) = servers();
for my $server (@$servers) {
  my @ports = map { $_->[0] =~ /^(?:127\.|::1$)/ ? () : $_->[1] } @{ $server->{sockets} };
  my %once; @ports = grep { !$once{$_}++ } @ports or next;
  my ($text, $status) = $server->{options} ? said($server->{exe}, '-T', @{ $server->{options} }, '-C', "user=root,host=127.0.0.1,addr=127.0.0.1,laddr=127.0.0.1,lport=$ports[0],rdomain=none") : ('', 1);
  my %of = map { /^(\S+) (.*)$/ ? (lc $1 => $2) : () } $status ? () : split /\n/, $text;
  print join(' ', '@sshd', join(',', @ports), word($of{loglevel} // '?'), word($of{persourcepenaltyexemptlist} // 'none'), $server->{is_replaced} ? 'no' : $of{persourcepenalties} // 'no'), "\n";
}
if ($is_service{fail2ban}) { tell_fail2ban(); leave_fail2ban() }
tell_sshguard() if $is_service{sshguard};
tell_crowdsec() if $is_service{crowdsec};
print '@now ', time, "\n";
