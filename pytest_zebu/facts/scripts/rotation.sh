# The machine's logs: `@journald KEY VALUE`, `@journal BYTES`, `@size BYTES`, `@rotated MOMENT`, `@large BYTES PATH`.
systemd-analyze cat-config systemd/journald.conf 2>/dev/null | sed -n 's/^ *\(Storage\|SystemMaxUse\|SystemKeepFree\|MaxRetentionSec\) *= */@journald \1 /p'
du -sB1 /var/log/journal 2>/dev/null | awk '{ print "@journal " $1 }'
df -B1 --output=size /var/log | tail -n 1 | awk '{ print "@size " $1 }'
[ -f /var/lib/logrotate/status ] && echo "@rotated $(stat -c %Y /var/lib/logrotate/status)"
[ -f /var/lib/logrotate.status ] && echo "@rotated $(stat -c %Y /var/lib/logrotate.status)"
find /var/log -xdev -type f -size +256M ! -path '/var/log/journal/*' -printf '@large %s %p\n' 2>/dev/null | head -n 20
true
