# How many lines of the backend's log tell of an exhausted pool: a number.
docker logs --since 24h "$ZEBU_BACKEND_CONTAINER" 2>&1 | tail -n 50000 | grep -cE 'QueuePool limit of size|pool timeout|TooManyConnections|too many clients already' || true
