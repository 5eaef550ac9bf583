# Keys only, for everybody; root too. Said in a drop-in, and read by the server; deploy's password is its own.
printf '%s\n' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'PermitRootLogin prohibit-password' >/etc/ssh/sshd_config.d/10-hardening.conf
echo "deploy:$(head -c 18 /dev/urandom | base64)" | chpasswd
systemctl restart ssh
