# A timer dumps the database every day, is enabled, and ran a moment ago.
systemctl start postgresql
su postgres -c "createdb zebu"
cat >/etc/systemd/system/dump.service <<'X'
[Service]
Type=oneshot
User=postgres
ExecStart=/usr/bin/pg_dump --format=custom --file=/var/lib/postgresql/zebu.dump zebu
X
printf '%s\n' '[Timer]' 'OnCalendar=*-*-* 02:30:00' 'Persistent=true' '[Install]' 'WantedBy=timers.target' >/etc/systemd/system/dump.timer
systemctl daemon-reload
systemctl enable --now dump.timer
systemctl start dump.service
