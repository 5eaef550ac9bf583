# How many lines of the backend's log of a day tell of an exhausted pool: a number. A log that cannot be read has none.
{ docker logs --since 24h "$ZEBU_BACKEND_CONTAINER" 2>&1; printf '\n@status %s\n' "$?"; } | awk '
  { last = $0 }
  /QueuePool limit of size|PoolTimeout|pool timeout|TooManyConnections|too many clients already|remaining connection slots are reserved|no more connections allowed|schon zu viele Verbindungen|trop de clients connect|demasiados clientes conectados/ { found++ }
  END { if (last != "@status 0") { print "the log of the backend cannot be read" > "/dev/stderr"; exit 5 } print found + 0 }'
