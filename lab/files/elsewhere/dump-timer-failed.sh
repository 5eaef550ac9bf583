# A timer is to dump the database every day, and the last run failed: the database does not run.
systemctl stop postgresql
cat >/etc/systemd/system/dump.service <<'X'
[Service]
Type=oneshot
User=postgres
ExecStart=/usr/bin/pg_dump --format=custom --file=/var/lib/postgresql/zebu.dump zebu
X
printf '%s\n' '[Timer]' 'OnCalendar=*-*-* 02:30:00' '[Install]' 'WantedBy=timers.target' >/etc/systemd/system/dump.timer
systemctl daemon-reload
systemctl enable --now dump.timer
systemctl start dump.service || true
