# What listens on UDP, as ss shows it.
exec ss -Hlunp
