# The container's log is bounded by daemon.json; it has limits, a health check, and comes back.
start_docker '{"storage-driver": "overlay2", "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}'
run_container backend --restart unless-stopped --memory 64m --cpus 0.5 --health-cmd true zebu/machine:1 sleep infinity
