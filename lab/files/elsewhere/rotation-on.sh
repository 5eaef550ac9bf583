# logrotate's timer is enabled, and it ran a moment ago; journald and Docker keep their logs within bounds.
start_docker '{"storage-driver": "overlay2", "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}'
run_container backend zebu/machine:1 sleep infinity
systemctl enable --now logrotate.timer
systemctl start logrotate.service
