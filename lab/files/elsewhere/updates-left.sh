# sudo lacks its security updates, which were there before unattended-upgrades ran: it is on the list of what to leave alone.
dpkg --install /root/older/sudo_*.deb
printf '%s\n' 'APT::Periodic::Update-Package-Lists "1";' 'APT::Periodic::Unattended-Upgrade "1";' 'Unattended-Upgrade::Package-Blacklist { "sudo"; };' >/etc/apt/apt.conf.d/20auto-upgrades
systemctl enable --now apt-daily.timer apt-daily-upgrade.timer
systemctl start apt-daily-upgrade.service
