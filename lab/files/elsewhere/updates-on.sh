# Lists and upgrades are periodic, apt's timers run, and unattended-upgrades ran a moment ago: nothing was left to do.
printf '%s\n' 'APT::Periodic::Update-Package-Lists "1";' 'APT::Periodic::Unattended-Upgrade "1";' >/etc/apt/apt.conf.d/20auto-upgrades
systemctl enable --now apt-daily.timer apt-daily-upgrade.timer
systemctl start apt-daily-upgrade.service
