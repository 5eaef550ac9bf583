# What watches: `@agent NAME WORD...` (the words: sends, where it has a connection to elsewhere; names, where its files name the
# site), `@recorded NAME MOMENT COUNT`, and of each job that looks at something `@job NAME RESULT WORD...`.
# Of a job's script only what it does is told, never a line of it: addresses of alerts are secrets.
use strict;
use warnings;

my @SITE = split ' ', lc($ENV{ZEBU_SET_NAMES} // '');
my %OURS = map { $_ => 1 } @SITE, 'localhost', '127.0.0.1', '[::1]', lc(slurped('/proc/sys/kernel/hostname') =~ s/\s+//gr);
my $NAMES = $ENV{ZEBU_NAMES};
my $HEALTH = qr{^/(?:[\w.-]+/)*(?:health|healthz|health-check|healthcheck|livez|readyz|ready|live|up|ping|status)/?(?:[?#]|$)};
my $MAILS = qr/^(?:mail|mailx|s-nail|bsd-mailx|mutt|neomutt|sendmail|msmtp|ssmtp|swaks|ntfy|apprise|telegram-send|pushover|notify-send|xmpp-send|sendxmpp|sendEmail|curl-alert|wall|gotify|signal-cli|zabbix_sender|nsca|send_nsca|amtool|aws)$/;
my $PINGS = qr{^https?://(?:hc-ping\.com|healthchecks\.io|(?:[\w.-]+\.)?healthchecks\.[\w.-]+|cronitor\.link|cronitor\.io|(?:[\w.-]+\.)?betterstack\.com|uptime\.betterstack\.com|push\.statuscake\.com|[\w.-]+(?::\d+)?/api/push/|deadmanssnitch\.com|nosnch\.in)}x;

sub slurped { open my $in, '<', $_[0] or return ''; local $/; return <$in> // '' }

for (own_addresses()) { $OURS{$_} = 1; $OURS{"[$_]"} = 1 if /:/ }

sub own_addresses { return map { m{^\d+:\s+\S+\s+inet6?\s+([^/\s]+)} ? $1 : () } split /\n/, asked({}, qw(ip -o addr)) }

sub url_of {    # host and path of the address that a command of curl or wget asks for, each whole
  my (@words) = @_;
  my @found;
  my $skip = 0;
  for my $n (1 .. $#words) {
    my $word = $words[$n];
    if ($skip) { $skip = 0; push @found, $word if $words[$n - 1] =~ /^--url$/; next }
    if ($word =~ /^-/) { $skip = 1 if $word =~ /^(?:-[a-zA-Z]*[omHdXAuwTebcFKxYyzEQrt]|--(?:max-time|connect-timeout|output|header|data|data-raw|data-binary|request|user|user-agent|write-out|retry|retry-delay|url|cacert|cert|key|resolve|timeout|tries|waitretry|output-document|post-data|form|upload-file|proxy|interface))$/; next }
    push @found, $word;
  }
  my ($url) = grep { m{^(?:https?://|[\w.\[\]:-]+(?:/|$))}i } @found;
  return ('', '') unless defined $url;
  $url =~ s{^https?://}{}i;
  $url =~ s{^[^/@]*@}{};
  my ($host, $path) = $url =~ m{^(\[[0-9a-fA-F:]+\]|[^/:?#]*)(?::\d+)?([/?#].*)?$};
  return (lc($host // ''), $path // '/');
}

sub tells {    # whether a command tells somebody elsewhere
  my ($command) = @_;
  my ($name, @words) = @{ $command->{words} };
  return 1 if $name =~ $MAILS && ($name ne 'aws' || "@words" =~ /^sns publish/);
  return 1 if $name eq 'logger' && grep { /(?:^|\.)(?:err|error|crit|alert|emerg|panic)$/ } @words;
  return 0 unless $name =~ /^(?:curl|wget|https?|xh)$/;
  my ($host) = url_of($name, @words);
  my ($url) = grep { m{^https?://} } @words;
  return 1 if $url && $url =~ $PINGS;
  return 0 if $OURS{$host};
  # Something is sent: an address of somebody else's, and a text for it
  return scalar grep { /^(?:-d|-F|-T|--data(?:-\w+)?|--form|--json|--upload-file|--post-data|--body-data|-XPOST)(?:=|$)/ || /^-[a-zA-Z]*[dF]$/ || /\bPOST$/ || /\b(?:sendMessage|chat_id=|webhook|hooks?\.)/ } @words;
}

sub looks {    # what a job does: words, and whether it tells when something is wrong
  my ($job) = @_;
  my (%does, $told, $pinged, $fails, $dumps);
  my $listen = sub {
    my ($command) = @_;
    return unless ref $command;
    my @words = @{ $command->{words} };
    my $name = $words[0];
    my @into = map { @$_[1 .. $#$_] } @{ $command->{into} };
    my $is_used = $command->{used} && !grep { $_->[0] eq '>' && $_->[1] ne '/dev/null' } @{ $command->{into} };
    $dumps = 1 if $name =~ /^(?:pg_dump(?:all)?|pg_basebackup|restic|borg|rsync|rclone)$/;
    if ($name =~ /^(?:curl|wget|https?|xh)$/) {
      my ($host, $path) = url_of(@words);
      if (($OURS{$host} || $command->{place} ne '') && ($path =~ $HEALTH || $path =~ m{^/?$})) {
        $does{health} = 1;
        $fails = 1 if $name eq 'wget' || grep { /^--fail|^-[a-zA-Z]*f/ } @words;
      }
    }
    $does{health} = 1 if $name =~ /^check_https?$/ && grep { $OURS{ lc $_ } } @words;
    $does{disk} = 1 if $name eq 'df' && ($is_used && !grep { /^(?:mail|mailx|tee|cat)$/ } @into) || $name eq 'check_disk';
    $does{certificate} = 1 if $name eq 'openssl' && (grep { /^-checkend$/ } @words or $is_used && grep { /^-(?:enddate|dates)$/ } @words) || $name =~ /^(?:ssl-cert-check|check_ssl_cert|check_ssl_certificate)$/;
    $does{logs} = 1 if $is_used && ($name eq 'journalctl' || $name eq 'docker' && grep { $_ eq 'logs' } @words or $name =~ /^(?:grep|zgrep|tail|awk|sed)$/ && grep { m{^/var/log/} } @words);
    return unless tells($command);
    my ($url) = grep { m{^https?://} } @words;
    if ($url && $url =~ $PINGS && $url !~ m{/fail$}) { $pinged = $command->{guarded} ? 'guarded' : 'at the end' }
    elsif ($command->{guarded}) { $told = 1 }
  };
  commands_of($job, $listen, known_names => qr/./, telling => qr/\b(?:curl|wget|openssl|df|journalctl|docker)\b/);
  my $ends_badly = $fails || $does{certificate};
  $told = 1 if $ends_badly && $job->{service} && grep { /\S/ } @{ $job->{service}{OnFailure} || [] };
  # A ping that stays away tells, too: of what comes before it, where that is one thing, and no dump.
  $told = 1 if $pinged && !$dumps && keys(%does) == 1 && ($fails || $pinged eq 'guarded');
  # What is printed, cron mails.
  $told = 1 if $fails && ($job->{env}{MAILTO} // '') =~ /\S/;
  return ((sort keys %does), $told ? 'alert' : ());
}

my %lingers = lingering();
for my $job (timers(), map { timers($_) } grep { $lingers{$_} } sort keys %lingers) {
  next unless ($job->{timer}{ActiveState}[0] // '') eq 'active';
  my $result = $job->{service}{Result}[0] // '';
  my @does = looks($job);
  print "\@job $job->{name} ", ($result =~ /^[a-z-]+$/ ? $result : 'unknown'), " @does\n" if grep { $_ ne 'alert' } @does;
}
my ($flavour, $state) = cron();
for my $table ($state eq 'active' ? tables($flavour) : ()) {
  next if $table->{ignored} || grep { $_->{bad} } @{ $table->{entries} };
  (my $name = $table->{file}) =~ s{[^\w./-]}{?}g;
  for my $entry (@{ $table->{entries} }) {
    my @does = looks({ kind => 'cron', name => $table->{file}, %$entry });
    print "\@job $name success @does\n" if grep { $_ ne 'alert' } @does;
  }
}

my %agent;    # programs that record or watch, and what is seen of them
my %connected = map { /\(\("([^"]+)"/ ? ($1 => 1) : () } grep { my ($peer) = (split)[4]; defined $peer && $peer !~ /^(?:127\.|\[::1\]|\[::ffff:127\.)/ && !$OURS{ $peer =~ s/:\d+$//r } } split /\n/, asked({}, qw(ss -Htnp state established));
for my $line (split /\n/, asked({}, qw(ps -eo comm=))) {
  $line =~ s/^\s+|\s+$//g;
  next unless $line =~ /^(?:$NAMES)$/;
  $agent{$line} ||= {};
  $agent{$line}{sends} = 1 if $connected{$line};
  (my $folder = "/etc/$line") =~ s/_.*//;
  $agent{$line}{names} = 1 if -d $folder && site_among($folder);
}
for my $container (@{ docker_containers(every => 1) || [] }) {
  my ($image) = ($container->{Config}{Image} // '') =~ m{([^/:@]+)(?::[^/@]*)?(?:\@.*)?$};
  next unless defined $image && $image =~ /^(?:$NAMES)$/;
  $agent{$image} ||= {};
  $agent{$image}{names} = 1 if site_in($container);
}
print "\@agent $_ ", join(' ', sort keys %{ $agent{$_} }), "\n" for sort keys %agent;

sub site_pattern { my $names = join '|', map { quotemeta } @SITE; return qr{(?<![\w.-])(?:$names)(?![\w-]|\.\w)}i }

sub site_in {    # whether what a container keeps or is told names an address of the site, whole
  my ($container) = @_;
  return 0 unless @SITE;
  my $site = site_pattern();
  return 1 if grep { $_ =~ $site } @{ $container->{Config}{Env} || [] }, @{ $container->{Config}{Cmd} || [] };
  my @sources = grep { defined && !m{^/(?:proc|sys|dev|run|var/run|etc/(?:hosts|hostname|resolv\.conf|localtime))(?:/|$)|^/$|docker\.sock$} }
    map { $_->{Source} } @{ $container->{Mounts} || [] };
  return scalar grep { site_among($_) } @sources;
}

sub site_among {    # in the files of a folder, as far as they are not too many
  my ($folder) = @_;
  return 0 unless @SITE;
  my $site = site_pattern();
  my $budget = 64 * 1024 * 1024;
  for my $file (split /\0/, asked({ anyway => 1 }, 'find', $folder, qw(-xdev -maxdepth 3 -type f -size -32M -print0))) {
    my $size = -s $file // next;
    last if ($budget -= $size) < 0;
    return 1 if slurped($file) =~ $site;
  }
  return 0;
}

my @sysstat = sort { (stat $b)[9] <=> (stat $a)[9] } grep { -f } glob('/var/log/sysstat/sa[0-9]* /var/log/sa/sa[0-9]*');
printf "\@recorded sysstat %d %d\n", (stat $sysstat[0])[9], scalar @sysstat if @sysstat;
for my $folder (qw(/var/log/atop /var/lib/prometheus /var/cache/netdata /var/lib/collectd/rrd)) {
  next unless -d $folder;
  my ($newest) = sort { $b <=> $a } map { int } split ' ', asked({ anyway => 1 }, 'find', $folder, qw(-xdev -type f -printf), '%T@ ');
  (my $name = $folder) =~ s{^/var/lib/collectd/rrd$}{collectd};
  $name =~ s{.*/}{};
  print "\@recorded $name $newest 1\n" if defined $newest;
}
