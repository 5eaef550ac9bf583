# What the backend's PING got: a word, and why nothing where it got nothing.
backend PING
