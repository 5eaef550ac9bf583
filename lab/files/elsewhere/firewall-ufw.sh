# ufw drops what nobody opened, in both families, and comes back at boot; ssh, http and https are open.
ufw default deny incoming
for port in 22 80 443; do ufw allow "$port/tcp"; done
ufw --force enable
systemctl enable --now ufw
