# The proxy's machine: `@renewal NAME FINGERPRINT` (`-` where the certificate cannot be read), `@generations NAME COUNT`,
# `@rehearsed MOMENT ZONE STATUS`, and of nginx what proxy-nginx.pl tells; `@nginx failed`: it does not show its configuration.
# Where certbot keeps what it renews: its own folder, and those of NPMplus and Nginx Proxy Manager.
fingerprint() {
  sed -n '/^-----BEGIN CERTIFICATE/,/^-----END CERTIFICATE/p' "$1" | sed '/^-----END/q' | grep -v '^-----' | base64 -d | sha256sum | cut -c1-64
}
for folder in /etc/letsencrypt /data/tls/certbot /opt/npmplus/tls/certbot /opt/npm/tls/certbot; do
  for file in "$folder"/renewal/*.conf; do
    [ -f "$file" ] || continue
    name=${file##*/}; name=${name%.conf}; pem=$folder/live/$name/cert.pem
    if grep -q '^-----BEGIN CERTIFICATE' "$pem" 2>/dev/null; then printf '@renewal %s %s\n' "$name" "$(fingerprint "$pem")"; else printf '@renewal %s -\n' "$name"; fi
    # shellcheck disable=SC2012  # certbot's names have no blanks
    printf '@generations %s %s\n' "$name" "$(ls "$folder/archive/$name"/cert*.pem 2>/dev/null | wc -l)"
  done
done
# certbot's own log of rehearsals: when each ended, and how. One certificate that failed is a failure of the whole.
# shellcheck disable=SC2012  # certbot's names have no blanks; find cannot order by time
for log in $(ls -tr /var/log/letsencrypt/*.log* /opt/npmplus/tls/certbot/logs/*.log* 2>/dev/null | tail -n 20); do
  awk -v zone="$(date +%z)" '
    function tell() { if (ended) print "@rehearsed " ended " " zone " " failed + 0; ended = ""; failed = 0 }
    /[Aa]rguments: / { tell(); rehearses = index($0, "\047--dry-run\047") }
    rehearses && /simulated renewals? (succeeded|failed)|Failed to renew certificate/ { ended = $1 "T" substr($2, 1, 8); if (!/succeeded/) failed = 1 }
    END { tell() }
  ' "$log"
done | tail -n 20
if command -v nginx >/dev/null; then
  if shown=$(nginx -T 2>/dev/null); then printf '%s\n' "$shown" | perl -e "$ZEBU_PERL"; else echo '@nginx failed'; fi
fi
