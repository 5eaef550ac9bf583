# The Docker daemon: lines `key=value`; `option` may come several times.
# Of daemon.json only these keys are told: it may hold a proxy's password. When a daemon started, its own process tells too:
# not every one is docker.service.
info=$(perl -e "$ZEBU_PERL")
root=$(printf '%s\n' "$info" | sed -n 's/^root=//p')
if [ -z "$root" ]; then
  quiet docker --version | grep -qi podman && echo "podman stands in for Docker here, whose daemon is judged" >&2
  user=$(ps -eo user=,comm= | awk '$2 == "dockerd" && $1 != "root" { print $1; exit }')
  [ -n "$user" ] && echo "Docker runs rootless, for $user: no socket of root's answers" >&2
  exit 1
fi
printf '%s\n' "$info" | grep -v '^root='
process=$(quiet systemctl show docker.service -p MainPID --value | grep -v '^0$')
[ -n "$process" ] && unit=docker.service || unit=
process=${process:-$(quiet cat /run/docker.pid || pidof -s dockerd)}
words=$(quiet tr '\0' '\n' < "/proc/$process/cmdline")
file=$(printf '%s\n' "$words" | sed -n '/^--config-file$/{n;p}; s/^--config-file=//p' | tail -n 1)
file=${file:-/etc/docker/daemon.json}
if [ -f "$file" ]; then
  flat=$(tr -d '\n' < "$file")
  printf '%s\n' "$flat" | perl -ne 'for my $key (qw(max-size max-file defaultKeepStorage defaultReservedSpace defaultMaxUsedSpace)) { printf "%s=%s\n", $key, /.*"$key"[[:space:]]*:[[:space:]]*"?([0-9A-Za-z.-]*)/ ? $1 : "" }'
  printf '%s' "$flat" | grep -Eq '"gc"[[:space:]]*:[[:space:]]*\{[^}]*"enabled"[[:space:]]*:[[:space:]]*true' && echo gc=1
  echo "changed=$(stat -c %Z "$file")"
fi
printf '%s\n' "$words" | sed -n 's/^max-size=/flag=/p; s/^--log-opt=max-size=/flag=/p'
# systemd before 251 knows no --timestamp; in UTC its words are a date's.
if [ -n "$unit" ]; then
  started=$(quiet systemctl show "$unit" -p ExecMainStartTimestamp --value --timestamp=unix | tr -d @)
  [ -n "$started" ] || started=$(quiet date -d "$(quiet env TZ=UTC systemctl show "$unit" -p ExecMainStartTimestamp --value)" +%s)
elif [ -n "$process" ]; then
  started=$(perl -e 'my ($process, $ticks) = @ARGV; local $/; open my $f, "<", "/proc/$process/stat" or exit; my @field = split " ", (<$f> =~ /.*\)(.*)/s)[0];
    open my $s, "<", "/proc/stat" or exit; <$s> =~ /^btime (\d+)/m and printf "%.0f", $1 + $field[19] / $ticks + 1' "$process" "$(getconf CLK_TCK)")
fi
echo "started=$started"
[ "$(quiet stat -c %d "$root")" = "$(stat -c %d /)" ] && echo own_filesystem=0 || echo own_filesystem=1
