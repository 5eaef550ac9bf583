# The container has no limit, no bounds for its log, no health check, and stays away after a crash.
start_docker '{"storage-driver": "overlay2"}'
run_container backend zebu/machine:1 sleep infinity
