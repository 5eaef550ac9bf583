# Cron dumps the database every night, from a file of its own in cron.d.
echo '30 2 * * * postgres /usr/bin/pg_dump --format=custom --file=/var/lib/postgresql/zebu.dump zebu' >/etc/cron.d/dump
systemctl enable --now cron
