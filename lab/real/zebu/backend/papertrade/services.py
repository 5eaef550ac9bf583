"""What the routes work with, put together when it is asked for first."""

import threading
import time

import httpx
import redis

from papertrade.prices import Prices
from papertrade.settings import settings

COLD_SECONDS = 11
"""The first question after a start waits while libraries are loaded and connections made; here it only waits."""

_lock = threading.Lock()
_made: list[Prices] = []


def prices() -> Prices:
    """The prices; the first caller waits, and so does who comes meanwhile."""
    with _lock:
        if not _made:
            time.sleep(COLD_SECONDS)
            cache = redis.Redis.from_url(settings.redis_url, socket_timeout=2)
            _made.append(Prices(cache, httpx.Client(timeout=5)))
    return _made[0]
