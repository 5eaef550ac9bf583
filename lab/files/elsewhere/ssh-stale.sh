# Passwords open sessions, for root too: the files say otherwise, but the server that runs has not read them since.
printf '%s\n' 'PasswordAuthentication yes' 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/10-hardening.conf
systemctl restart ssh
$LOGIN true
sleep 3
printf '%s\n' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'PermitRootLogin prohibit-password' >/etc/ssh/sshd_config.d/10-hardening.conf
