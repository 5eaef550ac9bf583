# logrotate's timer is stopped and disabled, and it has never run.
start_docker '{"storage-driver": "overlay2", "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}'
run_container backend zebu/machine:1 sleep infinity
systemctl disable --now logrotate.timer
rm -f /var/lib/logrotate/status /var/lib/logrotate.status
