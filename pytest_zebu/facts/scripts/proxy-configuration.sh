# The proxy's machine: `@renewal NAME FINGERPRINT`, `@generations NAME COUNT`, `@rehearsed MOMENT ZONE STATUS`,
# `@limit DIRECTIVE`, `@nginx`.
# Where certbot keeps what it renews: its own folder, and those of NPMplus and Nginx Proxy Manager.
for folder in /etc/letsencrypt /data/tls/certbot /opt/npmplus/tls/certbot /opt/npm/tls/certbot; do
  for file in "$folder"/renewal/*.conf; do
    [ -f "$file" ] || continue
    name=${file##*/}; name=${name%.conf}
    printf '@renewal %s %s\n' "$name" "$(openssl x509 -in "$folder/live/$name/cert.pem" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g')"
    # shellcheck disable=SC2012  # certbot's names have no blanks
    printf '@generations %s %s\n' "$name" "$(ls "$folder/archive/$name"/cert*.pem 2>/dev/null | wc -l)"
  done
done
# certbot's own log of rehearsals: when each ended, and how.
# shellcheck disable=SC2012  # certbot's names have no blanks; find cannot order by time
for log in $(ls -tr /var/log/letsencrypt/*.log* /opt/npmplus/tls/certbot/logs/*.log* 2>/dev/null | tail -n 20); do
  awk -v zone="$(date +%z)" '
    /[Aa]rguments: / { rehearses = index($0, "--dry-run") }
    rehearses && /simulated renewals? (succeeded|failed)/ { print "@rehearsed " $1 "T" substr($2, 1, 8) " " zone " " (/succeeded/ ? 0 : 1) }
  ' "$log"
done | tail -n 20
if command -v nginx >/dev/null; then
  nginx -T 2>/dev/null | sed -n -E 's/^[[:space:]]*(limit_req(_zone)?)[[:space:]].*/@limit \1/p' | sort | uniq -c | sed 's/^ *[0-9]* //'
  echo @nginx
fi
