# The proxy's machine. `@serves NAME PLACE`: what listens on port 443, and whether that is `here` or in a `container`; NAME is `?`
# where it is not seen. `@keeper NAME`: what renews in its own process. Of certificates `@renewal NAME FINGERPRINT` (certbot's; `-`
# where it cannot be read), `@generations NAME COUNT`, `@earlier NAME FINGERPRINT`, `@inside NAME` where Nginx Proxy Manager renews
# it, `@kept CLIENT FINGERPRINT NAME` for other clients, `@uploaded NAME FINGERPRINT`. Of certbot's runs `@rehearsed` and
# `@attempted MOMENT ZONE STATUS NAME...`, each name with `+` or `-`. Of nginx what proxy-nginx.pl tells; `@nginx failed`: it
# does not show its configuration; `@nginx several`: which of them serves is not known.
proc=${ZEBU_PROC:-/proc}
here=$(quiet stat -Lc %d:%i /)
place() { [ "$(quiet stat -Lc %d:%i "$proc/$1/root/.")" = "$here" ] && echo here || echo container; }
comm() { quiet tr -cd 'A-Za-z0-9_.-' < "$proc/$1/comm"; }

# Known servers, those of nginx by their masters, and the process in which Nginx Proxy Manager and NPMplus renew.
servers=; masters=; managers=
for file in "$proc"/[0-9]*/comm; do
  pid=${file#"$proc"/}; pid=${pid%/comm}
  { read -r name < "$file"; } 2>/dev/null || continue
  case $name in
    nginx | openresty | angie)
      quiet tr '\0' ' ' < "$proc/$pid/cmdline" | grep -q '^[a-z]*: master process' || continue
      masters="$masters $pid"; servers="$servers $pid" ;;
    caddy | traefik | haproxy | apache2 | httpd | envoy | cloudflared | lighttpd) servers="$servers $pid" ;;
    node | *MainThread) [ -f "$proc/$pid/root/app/internal/certificate.js" ] && managers="$managers $pid" ;;
  esac
done

# Who listens on port 443: of Docker's own listener, the container that is behind it.
listening=$(quiet ss -Hltnp 'sport = :443' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un)
serving=
for pid in $listening; do
  behind=$(quiet tr '\0' '\n' < "$proc/$pid/cmdline" | grep -A 1 '^-container-ip$' | sed -n 2p | grep -E '^[0-9a-f.:]+$')
  case $(comm "$pid") in
    docker-proxy)
      for one in $servers $managers $(printf '%s\n' "$proc"/[0-9]*/net/fib_trie | sed 's|/net/fib_trie$||; s|.*/||' | sort -n); do
        [ "$(readlink "$proc/$one/ns/net")" != "$(readlink "$proc/self/ns/net")" ] || continue
        if quiet grep -qwF -e "${behind:-none}" "$proc/$one/net/fib_trie"; then serving=$one; break; fi
      done ;;
    *) serving=${serving:-$pid} ;;
  esac
done
# Of a worker, the master.
if [ -n "$serving" ]; then
  for pid in $masters; do
    parent=$(quiet sed -n 's/^PPid:[[:space:]]*//p' "$proc/$serving/status")
    [ "$parent" = "$pid" ] && serving=$pid
  done
fi
if [ -n "$serving" ]; then
  name=$(comm "$serving"); printf '@serves %s %s\n' "${name:-?}" "$(place "$serving")"
else
  # Nobody is seen to listen: it may be led there by the packet filter, or by a tunnel.
  kinds=$(for pid in $servers; do printf '%s %s\n' "$(comm "$pid")" "$(place "$pid")"; done | sort -u)
  case $(printf '%s' "$kinds" | grep -c .) in 1) printf '@serves %s\n' "$kinds" ;; 0) : ;; *) echo '@serves ? here' ;; esac
fi
for pid in $servers; do comm "$pid"; echo; done | grep -xE 'caddy|traefik|apache2|httpd|cloudflared' | sort -u | sed 's/^/@keeper /'
[ -z "$managers" ] || echo '@keeper npm'

fingerprint() {
  sed -n '/^-----BEGIN CERTIFICATE/,/^-----END CERTIFICATE/p' | sed '/^-----END/q' | grep -v '^-----' | quiet base64 -d | sha256sum | cut -c1-64
}
is_certificate() { [ -f "$1" ] && quiet grep -q '^-----BEGIN CERTIFICATE' "$1"; }
name_of() { printf '%s' "$1" | tr -c 'A-Za-z0-9_.*-' '_'; }
kept() { is_certificate "$2" && printf '@kept %s %s %s\n' "$1" "$(fingerprint < "$2")" "$(name_of "$3")"; }

# Where clients keep what they renew: on the machine itself, and in the containers of servers.
roots=/
for pid in $servers $managers; do [ "$(place "$pid")" = container ] && roots="$roots $proc/$pid/root/"; done
seen=; inside=
for pid in $managers; do
  for folder in "$proc/$pid/root/data/tls/certbot" "$proc/$pid/root/etc/letsencrypt"; do [ ! -e "$folder" ] || inside="$inside $(quiet stat -Lc %d:%i "$folder")"; done
done
is_new() {    # most are not there: no program is started for those
  [ -e "$1" ] || return 1
  at=$(quiet stat -Lc %d:%i "$1") || return 1
  case " $seen " in *" $at "*) return 1 ;; esac
  seen="$seen $at"
}
for root in $roots; do
  for folder in "${root}etc/letsencrypt" "${root}data/tls/certbot" "${root}opt/npmplus/tls/certbot" "${root}opt/npm/tls/certbot"; do
    is_new "$folder" || continue
    for file in "$folder"/renewal/*.conf; do
      [ -f "$file" ] || continue
      name=${file##*/}; name=$(name_of "${name%.conf}"); pem=$folder/live/$name/cert.pem
      is_certificate "$pem" || pem=$folder/live/$name/fullchain.pem
      if is_certificate "$pem"; then now=$(fingerprint < "$pem"); printf '@renewal %s %s\n' "$name" "$now"; else now=; printf '@renewal %s -\n' "$name"; fi
      # shellcheck disable=SC2012  # certbot's names have no blanks
      printf '@generations %s %s\n' "$name" "$(quiet ls "$folder/archive/$name"/cert*.pem | wc -l)"
      # shellcheck disable=SC2012
      for old in $(quiet ls -t "$folder/archive/$name"/cert*.pem | head -n 4); do
        was=$(fingerprint < "$old"); [ "$was" = "$now" ] || printf '@earlier %s %s\n' "$name" "$was"
      done
      case " $inside " in *" $at "*) printf '@inside %s\n' "$name" ;; esac
    done
  done
  for folder in "${root}data/tls/custom" "${root}data/custom_ssl" "${root}opt/npmplus/tls/custom" "${root}opt/npm/tls/custom"; do
    is_new "$folder" || continue
    for pem in "$folder"/*/fullchain.pem; do
      name=${pem%/*}; is_certificate "$pem" && printf '@uploaded %s %s\n' "$(name_of "${name##*/}")" "$(fingerprint < "$pem")"
    done
  done
  for file in "${root}"root/.acme.sh/*/*.conf "${root}"home/*/.acme.sh/*/*.conf "${root}"etc/acme.sh/*/*.conf "${root}"acme.sh/*/*.conf; do
    [ -f "$file" ] && quiet grep -q '^Le_Domain=' "$file" && is_new "$file" && kept acme.sh "${file%.conf}.cer" "$(basename "${file%.conf}")"
  done
  for pem in "${root}"root/.lego/certificates/*.crt "${root}"etc/lego/certificates/*.crt "${root}"var/lib/lego/certificates/*.crt "${root}"home/*/.lego/certificates/*.crt "${root}".lego/certificates/*.crt; do
    case $pem in *.issuer.crt) continue ;; esac
    is_new "$pem" && kept lego "$pem" "$(basename "${pem%.crt}")"
  done
  for pem in "${root}"var/lib/dehydrated/certs/*/cert.pem "${root}"etc/dehydrated/certs/*/cert.pem; do
    is_new "$pem" && kept dehydrated "$pem" "$(basename "${pem%/*}")"
  done
  for pem in "${root}"var/lib/caddy/.local/share/caddy/certificates/*/*/*.crt "${root}"data/caddy/certificates/*/*/*.crt "${root}"root/.local/share/caddy/certificates/*/*/*.crt; do
    is_new "$pem" && kept caddy "$pem" "$(basename "${pem%.crt}")"
  done
  for pem in "${root}"etc/apache2/md/domains/*/pubcert.pem "${root}"var/lib/apache2/md/domains/*/pubcert.pem "${root}"etc/httpd/state/md/domains/*/pubcert.pem; do
    is_new "$pem" && kept apache2 "$pem" "$(basename "${pem%/*}")"
  done
done | head -n 600
# Traefik keeps its certificates, and their keys, in one file: only the certificates are looked at.
for pid in $servers; do
  [ "$(comm "$pid")" = traefik ] || continue
  named=$(tr '\0' '\n' < "$proc/$pid/cmdline" | sed -n 's/^--certificatesresolvers\.[^=]*\.storage=//pI' | grep '^/')
  for file in $named /acme.json /letsencrypt/acme.json /etc/traefik/acme.json /etc/traefik/acme/acme.json /data/acme.json; do
    quiet grep -oE '"certificate": *"[A-Za-z0-9+/=]+"' "$proc/$pid/root$file" | cut -d'"' -f4 | head -n 50 |
      while IFS= read -r text; do
        printf '@kept traefik %s acme.json\n' "$(printf '%s' "$text" | quiet base64 -d | fingerprint)"
      done
  done
done
# certbot's own logs: when each run ended, and how, for each certificate. A run that is no renewal says nothing.
# shellcheck disable=SC2012,SC2046  # certbot's names have no blanks; find cannot order by time
logs=$(for root in $roots; do quiet ls -t "${root}"var/log/letsencrypt/*.log* "${root}"data/tls/certbot/logs/*.log* "${root}"opt/npmplus/tls/certbot/logs/*.log*; done)
# shellcheck disable=SC2086
rehearsals=$([ -z "$logs" ] || quiet grep -lF -e "'--dry-run'" -- $logs | head -n 20)
for log in $(printf '%s\n%s\n' "$rehearsals" "$(printf '%s\n' "$logs" | head -n 20)" | grep . | sort -u); do
  awk -v zone="$(date +%z)" '
    function tell(  names, name) {
      if (ended && (told || failed)) {
        names = ""; for (name in state) names = names " " state[name] name
        print (rehearses ? "@rehearsed " : "@attempted ") ended " " zone " " failed + 0 names
      }
      ended = ""; failed = told = 0; split("", state)
    }
    function mark(sign,  name) {
      name = $0
      if (name ~ /live\/[^\/]+\//) { sub(/.*live\//, "", name); sub(/\/.*/, "", name) }
      else if (name ~ /renewal\/[^\/]+\.conf/) { sub(/.*renewal\//, "", name); sub(/\.conf.*/, "", name) }
      else return
      gsub(/[^A-Za-z0-9_.*-]/, "_", name)
      if (state[name] != "-") state[name] = sign
    }
    /[Aa]rguments: / { tell(); rehearses = index($0, "\047--dry-run\047"); started = 1 }
    started && /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/ { last = $1 "T" substr($2, 1, 8) }
    started && /renewals? (succeeded|failed)|No (simulated )?renewals were attempted|Failed to renew certificate|produced an unexpected error|renewal configurations were invalid/ { ended = last; told = 1 }
    started && /simulated renewals? failed|renewals? failed|Failed to renew certificate|produced an unexpected error|renewal configurations were invalid/ { failed = 1 }
    started && /\((success|skipped)\)/ { mark("+"); ended = last }
    started && /\((failure|parsefail)\)/ { mark("-"); ended = last }
    started && /Failed to renew certificate / { name = $0; sub(/.*Failed to renew certificate /, "", name); sub(/ with error.*/, "", name); gsub(/[^A-Za-z0-9_.*-]/, "_", name); state[name] = "-" }
    END { tell() }
  ' "$log"
done | sort -u | tail -n 40

count=$(printf '%s' "$masters" | wc -w)
case " $masters " in *" $serving "*) master=${serving:-} ;; *) master= ;; esac
[ -n "$serving" ] || [ "$count" -ne 1 ] || master=${masters# }
if [ -n "$master" ] && [ "$(place "$master")" = container ]; then perl -e "$ZEBU_PERL" "$master"
elif [ -n "$serving" ] && [ -z "$master" ]; then :
elif [ -z "$master" ] && [ "$count" -gt 1 ]; then echo '@nginx several'
elif command -v nginx >/dev/null; then
  if shown=$(quiet nginx -T); then printf '%s\n' "$shown" | perl -e "$ZEBU_PERL"; else echo '@nginx failed'; fi
fi
