# Logs are bounded in daemon.json, and a weekly timer prunes images, which it did a moment ago.
start_docker '{"storage-driver": "overlay2", "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}'
printf '%s\n' '[Service]' 'Type=oneshot' 'ExecStart=/usr/bin/docker image prune --force --filter until=168h' >/etc/systemd/system/prune.service
printf '%s\n' '[Timer]' 'OnCalendar=weekly' '[Install]' 'WantedBy=timers.target' >/etc/systemd/system/prune.timer
systemctl daemon-reload
systemctl enable --now prune.timer
systemctl start prune.service
