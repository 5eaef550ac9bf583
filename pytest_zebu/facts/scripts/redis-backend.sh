# Shared: what Redis answers the backend, in the backend's own container, by the address and login that it has: `backend PING|INFO`.
# Of PING a word leaves; INFO as it is. The host may reach what the backend cannot.
backend() {
  docker exec -i "$ZEBU_BACKEND_CONTAINER" python3 -I -S - "$1" <<'PYTHON'
import os, socket, sys
wanted = sys.argv[1]
def told(name):  # NAME_FILE says where the value of NAME is kept
    path = os.environ.get(name + "_FILE", "")
    if os.environ.get(name) or not path:
        return os.environ.get(name, "")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(10000).rstrip("\r\n")
    except OSError:
        return ""
def first(*names):
    return next((text for text in map(told, names) if text), "")
def unread(word):
    print("unread", word)
    sys.exit(0)
address = first("REDIS_URL", "REDIS_URI", "REDIS_DSN", "VALKEY_URL", "CACHE_URL")
host = first("REDIS_HOST", "VALKEY_HOST")
user = password = path = ""
tls, port, number, query = False, "6379", "", {}
if address:
    from urllib.parse import parse_qs, unquote, urlsplit
    try:  # its text may hold a piece of the password
        url = urlsplit(address)
        query = {name: texts[0] for name, texts in parse_qs(url.query).items()}
        scheme = url.scheme.lower()
        login, _, places = url.netloc.rpartition("@")
        if "," in places:
            unread("several-hosts")
        if scheme not in ("redis", "rediss", "valkey", "valkeys", "keydb", "unix", "redis+unix", "redis+socket", "valkey+unix"):
            unread(scheme if scheme.replace("+", "").replace("-", "").isalnum() and len(scheme) < 30 else "none")
        user, _, password = (unquote(part) for part in login.partition(":"))
        if scheme in ("redis", "rediss", "valkey", "valkeys", "keydb"):
            host, port = unquote(url.hostname or "localhost"), str(url.port or 6379)
            number = url.path.strip("/")
            tls = scheme in ("rediss", "valkeys")
        else:
            path = unquote(url.path)
    except ValueError:
        unread("malformed")
    user, password = user or query.get("username", ""), password or query.get("password", "")
    number = number or query.get("db", "") or query.get("virtual_host", "")
elif host:
    if os.environ.get("REDIS_SENTINEL_MASTER") or os.environ.get("REDIS_SENTINELS"):
        unread("sentinel")
    port, number = first("REDIS_PORT", "VALKEY_PORT") or port, first("REDIS_DB", "VALKEY_DB")
    user, password = first("REDIS_USERNAME", "REDIS_USER", "VALKEY_USERNAME"), first("REDIS_PASSWORD", "VALKEY_PASSWORD")
    tls = first("REDIS_TLS", "REDIS_SSL", "REDIS_USE_TLS", "REDIS_USE_SSL").lower() in ("1", "true", "yes", "on")
    if host.startswith("/"):
        path = host
else:
    unread("none")
if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
    unread("malformed")
left = b""
def said(*words):
    global left
    link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words)))
    def more():
        global left
        got = link.recv(65536)
        left += got
        return got
    while b"\n" not in left and len(left) < 1000 and more():
        pass
    line, _, left = left.partition(b"\r\n")
    if line[:1] == b"$" and line[1:].isdigit() and int(line[1:]) < 1000000:
        size = int(line[1:])
        while len(left) < size + 2 and more():
            pass
        text, left = left[:size], left[size + 2:]
        return text.decode("ascii", "replace")
    return line.decode("ascii", "replace")
def done(word):
    print(word if wanted == "PING" else {"refused": "NOAUTH", "unreachable": "UNREACHABLE"}.get(word.split(" ")[0], "UNREAD"))
    sys.exit(0)
try:
    if path:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(3)
        link.connect(path)
    else:
        link = socket.create_connection((host, int(port)), 3)
    if tls:
        import ssl
        context = ssl.create_default_context(cafile=query.get("ssl_ca_certs"))
        if query.get("ssl_certfile"):
            context.load_cert_chain(query["ssl_certfile"], query.get("ssl_keyfile"))
        if query.get("ssl_check_hostname", "").lower() in ("false", "0", "no"):
            context.check_hostname = False
        if query.get("ssl_cert_reqs", "").lower() in ("none", "cert_none"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = context.wrap_socket(link, server_hostname=host)
    if password:
        login = said("AUTH", *([user] if user else []), password)
        # A server without a password says so, and goes on; clients do as well. Before 6.0 none knows of users.
        if login.startswith("-ERR") and user and "number of arguments" in login:
            login = said("AUTH", password)
        if login.split(" ")[0] in ("-WRONGPASS", "-NOPERM") or "invalid password" in login.lower():
            done("refused")
    if number and number != "0":
        chosen = said("SELECT", number)
        if chosen.split(" ")[0] == "-NOAUTH":
            done("refused")
        # What the user may not choose by itself says nothing of what it may read.
        if chosen.startswith("-ERR"):
            done("nodb")
    if wanted == "INFO":
        print(said("INFO"))
        sys.exit(0)
    answer = said("PING").split(" ")[0]
    # MISCONF: it could not save, and refuses writes until it can; PING is refused with them. NOPERM: it knows the user, who may do other things.
    print({"+PONG": "pong", "-NOAUTH": "refused", "-NOPERM": "limited" if password else "refused", "-MISCONF": "misconf", "-LOADING": "loading"}.get(answer, "garbled"))
except (OSError, ValueError) as error:
    done("tls" if tls and isinstance(error, ssl.SSLError) else "unreachable " + type(error).__name__)
PYTHON
}
