# What the backend's PING got: a word.
# In the backend's own container, by its own REDIS_URL: the host may reach what the backend cannot.
exec docker exec -i "$ZEBU_BACKEND_CONTAINER" python3 -I - <<'PYTHON'
import os, re, socket, sys
found = re.match(r"redis://(?:([^:@/]*):([^@/]*)@)?([^:/]+)(?::(\d+))?", os.environ.get("REDIS_URL", ""))
if found is None:
    sys.exit(5)
user, password, host, port = found.groups()
def said(command):
    link.sendall(command.encode() + b"\r\n")
    return link.recv(200).split(b"\r\n")[0].decode("ascii", "replace")
try:
    link = socket.create_connection((host, int(port or 6379)), 3)
    if password and not said("AUTH " + password).startswith("+OK"):
        print("refused")
        sys.exit(0)
    answer = said("PING")
    # MISCONF: it could not save, and refuses writes until it can; PING is refused with them.
    print("pong" if answer == "+PONG" else "refused" if "NOAUTH" in answer else "misconf" if "MISCONF" in answer else "garbled")
except OSError as error:
    print("unreachable", type(error).__name__)
PYTHON
