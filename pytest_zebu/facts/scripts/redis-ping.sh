# What the backend's PING got: a word.
# In the backend's own container, by its own REDIS_URL: the host may reach what the backend cannot.
exec docker exec -i "$ZEBU_BACKEND_CONTAINER" python3 -I - <<'PYTHON'
import os, socket, ssl, sys
from urllib.parse import unquote, urlsplit
try:
    url = urlsplit(os.environ.get("REDIS_URL", ""))
    port = url.port or 6379
except ValueError:  # its text may hold a piece of the password
    sys.exit(5)
if url.scheme not in ("redis", "rediss") or not url.hostname:
    sys.exit(5)
def said(*words):
    link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words)))
    text = b""
    while b"\n" not in text and len(text) < 1000:
        got = link.recv(200)
        if not got:
            break
        text += got
    return text.split(b"\r\n")[0].decode("ascii", "replace")
try:
    link = socket.create_connection((url.hostname, port), 3)
    if url.scheme == "rediss":
        link = ssl.create_default_context().wrap_socket(link, server_hostname=url.hostname)
    if url.password:
        login = said("AUTH", *([unquote(url.username)] if url.username else []), unquote(url.password))
        # A server without a password says so, and goes on; clients do as well.
        if login.split(" ")[0] in ("-WRONGPASS", "-NOPERM"):
            print("refused")
            sys.exit(0)
    answer = said("PING")
    # MISCONF: it could not save, and refuses writes until it can; PING is refused with them.
    print({"+PONG": "pong", "-NOAUTH": "refused", "-NOPERM": "refused", "-MISCONF": "misconf"}.get(answer.split(" ")[0], "garbled"))
except ssl.SSLError:
    sys.exit(6)
except OSError as error:
    print("unreachable", type(error).__name__)
PYTHON
