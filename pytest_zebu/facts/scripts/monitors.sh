# What watches: `@agent NAME`, `@recorded NAME MOMENT COUNT`, `@job NAME RESULT WORD...`.
# Of a job's script only what it does is told, never a line of it: addresses of alerts are secrets.
# shellcheck disable=SC2009  # pgrep is no part of what may be taken for there
ps -eo comm= | grep -xE "$ZEBU_NAMES" | sort -u | sed 's/^/@agent /'
docker ps --format '{{.Image}}' 2>/dev/null | grep -oE "$ZEBU_NAMES" | sort -u | sed 's/^/@agent /'
# shellcheck disable=SC2012  # sysstat's names have no blanks
newest=$(ls -t /var/log/sysstat/sa[0-9]* 2>/dev/null | head -n 1)
if [ -n "$newest" ]; then
  # shellcheck disable=SC2012  # likewise
  echo "@recorded sysstat $(stat -c %Y "$newest") $(ls /var/log/sysstat/sa[0-9]* | wc -l)"
fi
for folder in /var/log/atop /var/lib/prometheus /var/cache/netdata /var/lib/collectd/rrd; do
  newest=$(find "$folder" -xdev -type f -printf '%T@ ' 2>/dev/null | tr ' ' '\n' | sort -n | tail -n 1 | cut -d. -f1)
  [ -z "$newest" ] || echo "@recorded ${folder##*/} $newest 1"
done
does() {
  case $1 in /*) ;; *) return ;; esac
  [ -f "$1" ] && [ "$(head -c 2 "$1")" = '#!' ] || return
  body=$(head -c 65536 "$1")
  tags=
  printf '%s' "$body" | grep -qE '(curl|wget)[^|;&]*(/health|/api/v1|https?://)' && tags="$tags health"
  printf '%s' "$body" | grep -qE '(^|[;&|(`])[[:space:]]*df( |$)' && tags="$tags disk"
  printf '%s' "$body" | grep -qE 'openssl (s_client|x509)|checkend|ssl-cert-check' && tags="$tags certificate"
  printf '%s' "$body" | grep -qE '(^|[^a-z])(mail|mailx|sendmail|msmtp|ntfy|logger [^|;&]*-p [a-z0-9]*\.(err|crit|alert|emerg))|hooks\.slack|api\.telegram|discord(app)?\.com/api/webhooks|hc-ping|healthchecks' && tags="$tags alert"
  printf '%s' "$body" | grep -qE 'docker logs|journalctl' && tags="$tags logs"
  [ -z "$tags" ] || printf '@job %s %s%s\n' "$2" "$3" "$tags"
}
systemctl list-timers --no-legend --no-pager 2>/dev/null | awk '{ print $(NF-1), $NF }' | while read -r timer unit; do
  case $unit in *[!A-Za-z0-9@_.:\\-]*|'') continue ;; esac
  shown=$(systemctl show "$unit" -p ExecStart -p Result 2>/dev/null)
  result=$(printf '%s\n' "$shown" | sed -n 's/^Result=//p')
  for program in $(printf '%s\n' "$shown" | grep -o 'path=[^ ;]*' | cut -d= -f2); do does "$program" "$timer" "$result"; done
done
systemctl is-active -q cron 2>/dev/null && for file in /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; do
  [ -f "$file" ] || continue
  grep -aE '^[[:space:]]*[0-9*@]' "$file" | head -n 50 | while IFS= read -r line; do
    set -f; for word in $line; do does "$word" "${file##*/}" success; done; set +f
    case $line in *curl*health*|*wget*health*) printf '@job %s success health\n' "${file##*/}" ;; esac
  done
done
true
