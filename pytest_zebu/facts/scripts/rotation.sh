# The machine's logs: `@journald KEY VALUE` or `@unread WHY`, `@journal BYTES`, `@size BYTES`, `@rotated MOMENT`, `@large BYTES PATH`.
if settings=$(quiet systemd-analyze cat-config systemd/journald.conf); then
  printf '%s\n' "$settings" | sed -n 's/^[[:space:]]*\(Storage\|SystemMaxUse\)[[:space:]]*=[[:space:]]*/@journald \1 /p'
elif [ -d /run/systemd/system ]; then echo "@unread journald's settings could not be listed"
fi
began=$(quiet env TZ=UTC LC_ALL=C systemctl show systemd-journald.service -p ExecMainStartTimestamp | sed -n 's/^[^=]*=\(..*\)/\1/p')
started=$([ -z "$began" ] || quiet date -d "$began" +%s)
changed=$(quiet find /etc/systemd/journald.conf /etc/systemd/journald.conf.d /run/systemd/journald.conf.d -type f -name '*.conf' -printf '%T@\n' | sort -n | tail -n 1 | cut -d. -f1)
[ "${changed:-0}" -gt "${started:-9999999999}" ] && echo "@unread journald's settings changed after it started: what it keeps to now was not seen"
quiet du -sB1 /var/log/journal | awk '{ print "@journal " $1 }'
df -B1 --output=size /var/log | tail -n 1 | awk '{ print "@size " $1 }'
[ -f /var/lib/logrotate/status ] && echo "@rotated $(stat -c %Y /var/lib/logrotate/status)"
[ -f /var/lib/logrotate.status ] && echo "@rotated $(stat -c %Y /var/lib/logrotate.status)"
# What is allocated counts: lastlog of a machine with high user ids is a terabyte of nothing.
quiet find /var/log -xdev -type f -size +256M ! -path '/var/log/journal/*' -printf '%b %p\n' |
  awk '$1 > 524288 { size = $1 * 512; sub(/^[0-9]+ /, ""); printf "@large %.0f %s\n", size, $0 }' | head -n 20
true
