# The machine's own global IPv6 addresses, one a line.
said=$(ip -6 -o addr show scope global) || exit $?
printf '%s\n' "$said" | sed -n 's/.* inet6 \([^ /]*\).*/\1/p'
