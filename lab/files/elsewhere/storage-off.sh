# No bounds for logs, and nothing prunes images.
start_docker '{"storage-driver": "overlay2"}'
