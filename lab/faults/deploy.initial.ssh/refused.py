"""The key is refused: then nothing on the machine can be seen."""

flips: set[str] = {"deploy.initial.ssh"}
settings: tuple[tuple[str, str], ...] = (('user = "deploy"', 'user = "nobody-there"'),)
blinds = "without ssh"
