# The machine's own global IPv6 addresses, one a line.
ip -6 -o addr show scope global | sed -n 's/.* inet6 \([^ /]*\).*/\1/p'
