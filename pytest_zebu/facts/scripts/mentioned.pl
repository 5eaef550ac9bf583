# Shared: what a document names and this machine has not: commands, scripts, paths and units, `[LINE, WORD]` of `lacking`.
# Only what would be here is missed: what a document does on a workstation, on the hypervisor, on the proxy, in a container
# or behind ssh is not, and neither are fill-ins, what it makes itself, and what is printed.
use strict;
use warnings;
use Errno qw(EACCES);
my %builtin = map { $_ => 1 } qw(cd export set source . echo printf read test [ [[ eval umask wait trap true false unset local return alias bg break builtin
  continue declare dirs disown enable fg getopts hash help history jobs kill let logout mapfile popd pushd pwd readonly shift shopt times type typeset
  ulimit unalias exit for case select in function EOF SQL fi done esac);
# Programs of workstations, other machines and containers; whoever deploys may have them elsewhere.
my %others = map { $_ => 1 } qw(task npm npx pnpm yarn bun bunx uv uvx pip pip3 pipx poetry pdm hatch rye conda mamba gh glab hub tea brew scp sftp rsync ssh ssh-copy-id
  ssh-add ssh-agent ssh-keygen ssh-keyscan sshpass mosh code cursor open pbcopy pbpaste xdg-open start explorer choco winget scoop wsl make just mise asdf nvm fnm node deno
  python python3 py pytest ruff black mypy pyright pre-commit tox nox alembic uvicorn gunicorn fastapi celery flask django-admin psql pgcli createdb dropdb createuser dropuser
  pg_dump pg_dumpall pg_restore pg_isready pg_basebackup pg_ctl initdb vacuumdb reindexdb pgbench redis-cli redis-server valkey-cli mysql sqlite3 git git-lfs git-filter-repo
  lefthook husky commitlint terraform tofu ansible ansible-playbook ansible-vault ansible-galaxy kubectl k9s helm vagrant packer multipass docker docker-compose podman
  podman-compose nerdctl buildah skopeo crane dive act trivy grype syft cosign gitleaks trufflehog snyk hadolint dockle aws gcloud gsutil az doctl hcloud flyctl fly
  wrangler vercel netlify heroku linode-cli oci rclone restic borg borgmatic kopia duplicity curl wget http https httpie xh dig nslookup host drill whois openssl nmap
  nc ncat netcat telnet ping ping6 traceroute mtr tcpdump jq yq xmllint hey ab wrk k6 locust vegeta siege playwright cypress vite vitest eslint prettier tsc turbo nx
  certbot acme.sh lego nginx apache2ctl apachectl caddy traefik haproxy npmplus openresty cloudflared tailscale wg wg-quick zerotier-cli cscli
  qm pct pvesh pveum pvesm pveversion pvecm pvenode pveam pvesr pveceph pveperf pveupgrade vzdump qmrestore ha-manager proxmox-backup-client proxmox-backup-manager ceph
  zpool zfs lvs vgs pvs lvcreate lvextend vgextend pvresize virsh virt-install virt-manager qemu-img qemu-system-x86_64 esxcli govc vim-cmd lxc lxc-attach incus multipassd
  promtool logcli grafana-cli amtool promtail loki gpg age age-keygen sops pass op bw bao vault ykman passgen pwgen qrencode gitlab-runner
  htop btop iotop ncdu lazydocker tmux screen vim vi nvim emacs nano micro code-insiders less bat tree rg fd ag fzf htpasswd apt-file aptitude dnf yum apk pacman zypper snap
  flatpak nix nix-shell systemctl journalctl service powershell pwsh cmd ipconfig netsh sw_vers launchctl dscacheutil networksetup hdiutil diskutil);
# Units of products that stand on other machines, or are called otherwise by their packages.
my $known_unit = qr/^(?:nginx|angie|caddy|traefik|haproxy|apache2|httpd|certbot|acme|npmplus|openresty|postgres(?:ql)?|redis|valkey|docker|containerd|sshd?|cron|crond|pve|pmx|pbs|proxmox|qemu|zfs|corosync|ceph|promtail|grafana|loki|alloy|prometheus|node[-_]exporter|alertmanager|netdata|telegraf|influx|zabbix|fail2ban|crowdsec|ufw|firewalld|nftables|netfilter|iptables|unattended-upgrades|apt-daily|systemd-|network|dhcp|ntp|chrony|time|rsyslog|syslog|logrotate|cloudflared|tailscale|wg-quick|openvpn|actions\.runner|gitlab-runner|bind9|named|unbound|dnsmasq|postfix|exim|smbd|nfs|rpc|snapd|multi-user|graphical|default\.|reboot|sysinit|libvirt|lxc|mysql|mariadb|mongo|rabbit|elastic|minio)/;
# Places of products that stand on other machines or in containers.
my $foreign_place = qr{^/(?:etc/(?:nginx|angie|letsencrypt|caddy|traefik|haproxy|apache2|httpd|pve|vzdump|postgresql|redis|grafana|prometheus|loki|promtail|alloy|bind|wireguard|network|netplan|cloudflared)|opt/(?:npm|npmplus|certbot|actions-runner|nginx-proxy-manager|traefik|caddy)|var/lib/(?:postgresql|pgsql|redis|valkey|vz|grafana|prometheus|loki|pgadmin|mysql|vaultwarden|docker/(?:volumes|overlay2|containers))|var/www|usr/share/nginx|var/log/(?:nginx|postgresql|caddy|traefik|pve|letsencrypt|redis))(?:/|$)};
my $other_place = qr/work ?stations?|laptops?|desktops?|dev(?:elop(?:er|ers|ment)?)?(?:'s|s')? (?:machine|computer|laptop|box|pc|host)|(?:local|own|your|my|admin\w*|another|other|second|new|fresh|old|remote|backup|recovery|standby|replacement|build|jump|dns) (?:own )?(?:machine|computer|pc|mac|host|server|vm|site)s?|hypervisors?|proxmox|pve|(?:reverse )?prox(?:y|ies)|npm ?plus|nginx proxy manager|containers?|images?|volumes?|runners?|windows|mac ?os|nas|staging|sandbox|bastion|backup (?:machine|server|host)|ci\b/;
my $elsewhere = qr/\b(?:on|at|in|inside|into|within|from|to|of|via)\s+(?:(?:the|a|an|your|my|our|its|each|any)\s+)?(?:[\w'-]+\s+){0,2}?(?:$other_place)\b|\blocally\b|\blocal (?:machine|computer|development|setup|environment)\b|\bdevelopment (?:machine|environment|setup)\b/i;
my $elsewhere_heading = qr/\b(?:work ?stations?|laptops?|local(?:ly)?|develop(?:er|ers|ment|ing)|contribut\w+|hypervisor|proxmox (?:host|node|side|server)|pve|(?:reverse )?proxy|npm ?plus|nginx|windows|mac ?os|testing|tests|ci)\b/i;
my @path = (qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /snap/bin /usr/games));
my $own_name = 'localhost';
if (open my $in, '<', '/proc/sys/kernel/hostname') { ($own_name) = (<$in> // '') =~ /([\w-]+)/ }

sub is_here { my ($path) = @_; return lstat($path) || $! == EACCES }

sub has_unit {
  my ($name) = @_;
  $name =~ s/\.(service|timer|socket|path|mount|target|slice)$// and my $kind = $1;
  return 1 if $name =~ $known_unit || $name !~ /^[\w@.:\\-]+$/;
  (my $template = $name) =~ s/@.*/@/;
  for my $folder (qw(/etc/systemd/system /run/systemd/system /run/systemd/generator /run/systemd/transient /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system)) {
    for my $ending ($kind // qw(service timer socket path mount target)) { return 1 if is_here("$folder/$name.$ending") || is_here("$folder/$template.$ending") }
  }
  return is_here("/etc/init.d/$name");
}

sub units {
  my ($line) = @_;
  my @found;
  while ($line =~ /\bsystemctl\s+((?:-\S+\s+)*)(?:start|stop|restart|reload|try-restart|reload-or-restart|status|enable|disable|is-active|is-enabled|cat|show|edit|mask|unmask)\s+([^;&|<>`)\n]+)/g) {
    my ($options, $rest) = ($1, $2);
    next if "$options $rest" =~ /--user|--machine|\s-[MH]|--host/;
    push @found, grep { !/^-/ && /^[\w@.:\\-]+$/ } split ' ', $rest;
  }
  push @found, $1 while $line =~ /\bjournalctl\b[^;&|`\n]*?\s(?:-\w*u|--unit)[ =]?([\w@.:\\-]+)/g;
  return grep { !has_unit($_) } @found;
}

# Which lines of a block are rows of a table that was printed, by their numbers: columns are two blanks apart, more than once or as in
# the row beside it. What begins with a word that runs others, or that is here, is a command that was set in columns.
sub printed_rows {
  my (@lines) = @_;
  my (@column, %found);
  for my $line (@lines) { push @column, $line =~ /^(\s*\S+ {2,})[^\s\-\/.~\$"'`#<>|&;\\({\[]/ ? length $1 : 0 }
  for my $at (grep { $column[$_] } 0 .. $#lines) {
    my ($first) = $lines[$at] =~ /^\s*(\S+)/;
    next if $builtin{$first} || $others{$first} || $first =~ /^(?:sudo|doas|if|elif|while|until|time|nohup|exec|command|env|xargs|nice|ionice|watch|timeout)$/ || grep { -x "$_/$first" } @path;
    my ($line) = $lines[$at] =~ /^\s*(.*?)(?:\s#.*)?$/;
    my $gaps = () = $line =~ /\S {2,}(?=\S)/g;
    $found{$at} = 1 if $gaps > 1 || ($at && $column[ $at - 1 ] == $column[$at]) || ($column[ $at + 1 ] // 0) == $column[$at];
  }
  return %found;
}

# The commands of a block: `[OFFSET OF LINE, COMMAND LINE, IT BARE, IS PRINTED]`, without prompts, comments, output and texts between quotes.
sub command_lines {
  my ($language, $block) = @_;
  my $prompt = qr/^\s*(?:\([\w.-]+\)\s*)?(?:\[?(?:[\w.-]+\@([\w.-]+))[:\s][^\$#%>\n]{0,80}\]?)?[\$%]\s+/;
  my $root_prompt = qr/^\s*\[?[\w.-]+\@([\w.-]+)[:\s][^\$#%>\n]{0,80}\]?#\s+/;
  my $has_prompts = $block =~ /$prompt\S/m || $block =~ /$root_prompt\S/m;
  my ($at, $until, $quote, $goes_on, $is_output, $is_other, @found) = (-1);
  my %printed = printed_rows(split /\n/, $block);
  for my $line (split /\n/, $block) {
    $at++;
    if (defined $until) { undef $until if $line =~ /^\s*\Q$until\E\s*$/; next }
    if (defined $quote) { next if $line !~ /\Q$quote\E/; $line =~ s/.*?\Q$quote\E//; undef $quote; $goes_on = 1 }
    if ($has_prompts && !$goes_on) {
      if ($line =~ s/$prompt// || $line =~ s/$root_prompt//) { $is_other = defined $1 && lc((split /\./, $1)[0]) ne lc $own_name } else { next }
    }
    if ($goes_on) { $line =~ s/^\s*>\s// }
    my $is_rest = $goes_on; $goes_on = 0;
    if ($line =~ /^\s*$/) { $is_output = 0; next }
    if ($line =~ /^\s*#/) { $is_output = $line =~ /#.*\b(?:expect\w*|outputs?|returns?|should (?:show|see|print|be)|prints?|shows?|result|you (?:will|should) see)\b/i; next }
    next if $is_output || $line =~ /^\s*(?:PS\b[^>]*>|[A-Z]:\\|>>>|\.\.\.|[\w.\[\]:]+[=(]?[#>]\s)/;
    $until = $1 if $line =~ /<<-?\s*\\?["']?(\w+)/;
    my $bare = $line;
    $bare =~ s/\\.//g if $bare !~ /\\$/;
    $bare =~ s/'[^'\n]*'|"[^"\n]*"/?/g;
    $bare =~ s/(^|\s)#.*$/$1/;
    $quote = $1 if $bare =~ /(['"])[^'"]*$/ && !defined $until;
    $goes_on = $bare =~ /(?:\\|&&|\|\|?)\s*$/;
    push @found, [ $at, $line, $bare, $printed{$at} ] if !$is_rest && !$is_other;
    $found[-1][1] .= " $line", $found[-1][2] .= " $bare" if $is_rest && @found && !$is_other;
  }
  return @found;
}

# Which command each part of a line begins with.
sub commands {
  my ($bare) = @_;
  my @found;
  # What is reckoned and what is compared are no commands.
  $bare = substr $bare, 0, 8000;
  $bare =~ s/(?<!\$)\(\((?:[^()]|\([^()]*\))*\)\)/true/g;
  $bare =~ s/(?:^|(?<=[\s(!;&|]))\[\[\s.*?\s\]\](?=[\s;&|)]|$)/true/g;
  for my $part (split /\\?\s*(?:&&|;|\bthen\b|\bdo\b|\belse\b)\s*|\s\|\|?\s/, $bare) {
    $part =~ s/^\s*[({!]+\s*//;
    1 while $part =~ s/^\s*(?:(?:sudo|doas)(?:\s+-[ugCDhpRT]\s+\S+|\s+-{1,2}[\w=-]+)*|(?:if|elif|while|until|time|nohup|exec|command|env|xargs|nice|ionice|watch|timeout)(?:\s+-{1,2}[\w-]+(?:[ =]\d+[smh]?)?|\s+\d+[smh]?)*|\w+=(?:\$\([^)]*\)|\S*))\s+//;
    push @found, $1 if $part =~ m{^\s*([a-z._/][\w.+/-]*)(?=[\s)]|$)} && $part !~ /^\s*\S+\(\)|^\s*\S+ {3,}\S/ && $part !~ /^\s*[\w.-]+=/;
  }
  return @found;
}

my $remote = qr/^\s*(?:sudo\s+)?(?:\w+=\S*\s+)*(?:ssh|scp|sftp|rsync\s.*\S:|docker\s+(?:container\s+)?(?:exec|run|cp|create)|(?:docker[ -]compose|podman|podman-compose|nerdctl)\b.*\s(?:exec|run|cp)|kubectl|pct|qm|pvesh|vzdump|lxc|incus|virsh|vagrant|ansible\S*|nsenter|machinectl|psql|redis-cli|zfs|zpool)\b/;

# Whether from here on somebody types on another machine, or in a container.
sub goes_away {
  my ($line) = @_;
  return 1 if $line =~ /\b(?:docker|podman|nerdctl|compose|kubectl|pct|lxc|machinectl)\b.*\s(?:exec|run|enter|shell)\s+(?:\S+\s+)*?(?:\/bin\/)?(?:ba|a|da|z)?sh\s*$|^\s*(?:sudo\s+)?pct\s+enter\b/;
  return 0 if $line !~ s/^\s*(?:mosh|ssh)\s+//;
  1 while $line =~ s/^-[bcDEeFIiJLlmOopQRSWw]\s*\S+\s+// || $line =~ s/^-\w+\s+//;
  my ($target, $rest) = $line =~ /^(\S+)\s*(.*)$/ or return 0;
  return $rest eq '' && $target !~ /(?:^|@)\Q$own_name\E(?:\.|$)/i;
}

my $named = qr{(?<![\w./:~\}\$>-])((?:/(?:etc|opt|var|srv|usr|home)/|(?:\./)?(?:docs|scripts|backend|frontend|deploy|ops|bin)/)[\w./-]*\w)(?![\w*\$<\{%:\[-])};

sub lacking {
  my ($folder, $plain, $blocks, $headings, $text) = @_;
  my (@found, %made, %defined);
  my $nearest = sub { my ($line) = @_; my $heading = ''; for (@$headings) { last if $_->[0] >= $line; $heading = $_->[2] if $_->[1] < 7 } return $heading };
  $defined{$1} = 1 while $text =~ /(?:\b(?:apt(?:-get)?|brew|pipx?|npm|cargo|go|snap|dnf|apk)\s+(?:\S+\s+)*?install|alias)\s+(?:-\S+\s+)*([\w.-]+)/g;
  my $miss = sub {
    my ($line, $word) = @_;
    return if $word =~ $foreign_place || $word =~ /\d{6}|(?:19|20)\d\d|(?:^|[\/._-])(?:YYYY|XXXX?|foo|bar|example)|(?:^|\/)(?:dist|build|node_modules|\.?venv|coverage|logs?|tmp|__pycache__|\.env[\w.]*)(?:\/|$)/i;
    return if is_here($word) || ($word !~ m{^/} && is_here("$folder/$word"));
    push @found, [ $line, $word ];
  };
  for my $block (@$blocks) {
    my ($first, $language, $body) = @$block;
    next if $language !~ /^(?:sh|bash|shell|zsh|console|shell-?session|sh-session|terminal|shellscript)$/;
    my @before = grep { /\S/ } map { $_ > 0 ? $plain->[$_] : '' } ($first - 4 .. $first - 2);
    my $is_away = "@before[$#before > 0 ? ($#before - 1, $#before) : (0 .. $#before)]" =~ $elsewhere || $nearest->($first) =~ $elsewhere_heading || 0;
    my $where = '.';
    for my $row (command_lines($language, $body)) {
      my ($at, $line, $bare, $is_printed) = @$row;
      $line =~ s/(?:^|\s)#\s.*$//;
      if ($is_away == 2 && $line =~ /^\s*(?:exit|logout)\s*$/) { $is_away = 0; next }
      next if $is_away;
      if (goes_away($line)) { $is_away = 2; next }
      $defined{$1} = 1 if $line =~ /^\s*(?:function\s+)?([\w-]+)\s*\(\)/;
      my $is_remote = $line =~ $remote;
      if ($where ne '' && $line =~ /(?:^|[;&]\s*)cd\s+["']?([^\s;&"']+)/) { my $to = $1; $where = $to !~ m{^/} && -d "$where/$to" ? "$where/$to" : $to =~ m{^/} && -d $to ? $to : '' }
      $made{$_} = 1 for map { /$named/g } $line =~ m{(?:>>?|\btee\b(?:\s+-a)?|\b-[oCfO])\s*(\S+)}g;
      if ($line =~ /^\s*(?:sudo\s+)?(?:mkdir|touch|rm|rmdir|unlink|nano|vi|vim|nvim|emacs|sudoedit|unzip|tar|wget|curl|pg_dump|tee|git\s+clone|install\s+-d)\b/) { $made{$_} = 1 for $line =~ /$named/g }
      elsif ($line =~ /^\s*(?:sudo\s+)?(?:cp|mv|ln|install|rsync|git)\b/) { my @all = $line =~ /$named/g; $made{ $all[-1] } = 1 if @all > 1 || ($line =~ /\s(\S+)\s*$/ && @all && $1 eq $all[-1] && $line =~ /\S+\s+\S+\s+\S+/) }
      for my $command ($is_remote || $is_printed ? () : commands($bare)) {
        next if $builtin{$command} || $others{$command} || $defined{$command};
        if ($command =~ m{^/|/.*\w$}) {
          next if $command =~ m{^/} ? is_here($command) : $where eq '' || is_here("$where/$command");
          $miss->($first + $at, $command);
        } elsif ($command =~ /^[a-z_][\w.+-]*$/ && !grep { -x "$_/$command" } @path) { push @found, [ $first + $at, $command ] }
      }
      push @found, map { [ $first + $at, $_ ] } units($line) if !$is_remote;
      next if $is_remote;
      for my $word ($line =~ /$named/g) { next if $word !~ m{^/} && ($where eq '' || is_here("$where/$word")); $miss->($first + $at, $word) }
    }
  }
  for my $at (0 .. $#$plain) {
    my $line = $plain->[$at];
    next if $line !~ /`/;
    my $in_heading = $nearest->($at) =~ $elsewhere_heading;
    while ($line =~ /`([^`\n]+)`/g) {
      my ($code, $before, $after) = ($1, substr($line, 0, $-[0]), substr $line, $+[0]);
      $before =~ s/.*(?:[.;!?]\s|[|])//s; $after =~ s/(?:[.;!?](?:\s|$)|[|]).*//s;
      next if $in_heading || "$before _ $after" =~ $elsewhere || $before =~ /\b(?:proxy|container|hypervisor|workstation)\W*$/i || $line =~ /^\W*(?:reverse )?(?:proxy|hypervisor|proxmox|containers?|staging)\b/i || $code =~ $remote;
      push @found, map { [ $at, $_ ] } units($code);
      $miss->($at, $_) for $code =~ /$named/g;
    }
  }
  return grep { my $word = $_->[1]; !$defined{$word} && !grep { $word eq $_ || index($word, "$_/") == 0 } keys %made } @found;
}
