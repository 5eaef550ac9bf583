# fail2ban runs with the jail for sshd that the distribution brings, enabled at boot; sshd's own penalties as they come.
systemctl enable --now fail2ban
for _ in 1 2 3 4 5 6 7 8 9 10; do fail2ban-client status sshd && break; sleep 1; done
