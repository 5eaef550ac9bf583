# What the database answers to passwords: lines `WHICH WORD`.
# The backend's own driver, in the backend's own network, by the service's own name: the way that the application goes,
# with its own role, and with the administrator's. The loopback and the socket would trust everybody. Passwords travel
# in environments only; what is said is a word for each try. Where the driver brings its own client library, that is asked
# without the driver around it, which takes longer to load than all tries: it takes the same address, and complains in the same words.
export ZEBU_ADMIN_PASSWORD="$DOTENV_POSTGRES_PASSWORD"
exec docker exec -i -e ZEBU_ADMIN_PASSWORD -e ZEBU_DB_ADMIN -e ZEBU_REFUSALS "$ZEBU_BACKEND_CONTAINER" python3 - <<'PYTHON'
import os, re, sys
url = re.sub(r"^([a-z]+)\+[a-z0-9]+://", r"\1://", os.environ.get("DATABASE_URL", ""))
found = re.match(r"(\w+://[^:/@]+:)([^@]*)(@([^/:?]+).*)", url)
if found is None:
    sys.exit(5)
def library():
    for bundle in ("psycopg_binary.libs", "psycopg2_binary.libs"):
        for folder in sys.path:
            place = os.path.join(folder, bundle)
            for name in os.listdir(place) if os.path.isdir(place) else ():
                if not re.match(r"libpq[-.]", name):
                    continue
                try:
                    import ctypes
                    found = ctypes.CDLL(os.path.join(place, name))
                    found.PQconnectdb.restype, found.PQconnectdb.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
                    found.PQstatus.argtypes = found.PQfinish.argtypes = [ctypes.c_void_p]
                    found.PQerrorMessage.restype, found.PQerrorMessage.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
                    return found
                except (ImportError, OSError, AttributeError):
                    pass
    return None
pq = library()
def connect(address):
    if pq is not None:
        link = pq.PQconnectdb(f"{address}{'&' if '?' in address.rpartition('@')[2] else '?'}connect_timeout=3".encode())
        try:
            if pq.PQstatus(link):
                raise OSError(pq.PQerrorMessage(link).decode("utf-8", "replace"))
        finally:
            pq.PQfinish(link)
        return
    try:
        import psycopg
        psycopg.connect(address, connect_timeout=3).close()
        return
    except ImportError:
        pass
    try:
        import psycopg2
        psycopg2.connect(address, connect_timeout=3).close()
        return
    except ImportError:
        pass
    import asyncio, asyncpg
    async def once():
        await (await asyncpg.connect(address, timeout=3)).close()
    asyncio.run(once())
def quote(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())
def tried(password, user=None):
    start = found[1] if user is None else found[1].partition("://")[0] + "://" + quote(user) + ":"
    try:
        connect(start + password + found[3])
    except ImportError:
        return "unclear"
    except Exception as error:
        text = (type(error).__name__ + str(error)).lower()
        if "invalidpassword" in text or re.search(os.environ["ZEBU_REFUSALS"], text):
            return "refused"
        return "barred" if "pg_hba.conf" in text else "unclear"
    return "accepted"
# Whom pg_hba.conf keeps out gets in with no password: not with a wrong one, and nothing is learned of the right one.
def gets_in(password, user=None):
    return {"barred": "refused"}.get(word := tried(password, user), word)
print("host", found[4])
print("right", gets_in(found[2]))
print("wrong", gets_in("not-" + os.urandom(8).hex()))
admin, password = os.environ.get("ZEBU_DB_ADMIN", ""), os.environ.get("ZEBU_ADMIN_PASSWORD", "")
if admin and password:
    print("admin-right", {"barred": "unclear"}.get(word := tried(quote(password), admin), word))
    print("admin-wrong", gets_in("not-" + os.urandom(8).hex(), admin))
    words = set()
    for user, word in [(user, word) for user in {admin, "postgres"} for word in ("postgres", "password", "papertrade_dev_password", "zebu", "docker")]:
        words.add(gets_in(word, user))
        if "accepted" in words:
            break
    print("admin-default", "accepted" if "accepted" in words else "unclear" if "unclear" in words else "refused")
PYTHON
