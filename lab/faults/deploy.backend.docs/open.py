"""The description is meant to be hidden, and is not."""

flips: set[str] = {"deploy.backend.docs"}
settings: tuple[tuple[str, str], ...] = (('docs = "public"', 'docs = "hidden"'),)
