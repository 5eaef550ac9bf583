# The ports are allowed in ufw, which nobody ever enabled: nothing filters.
ufw default deny incoming
for port in 22 80 443; do ufw allow "$port/tcp"; done
