# What listens on TCP, as ss shows it.
exec ss -Hltnp
