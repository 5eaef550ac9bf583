# The backend's processes, as `docker top` shows them.
exec docker top "$ZEBU_BACKEND_CONTAINER" -eo pid,ppid,args
