"""The backend uses nearly all that it may."""

from lab.changes import beside_server

flips: set[str] = {"deploy.performance.memory"}
override = beside_server("import time\nkept = bytearray(250 << 20)\ntime.sleep(600)\n")
