#!/bin/sh
# Run once inside the new machine: images, the application as the runner's workflow deploys it, the nightly dump, the address by DHCP.
set -eu
export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
closure() { docker run --rm -i zebu-lab/runtime:12 sh -s -- "$@" < /opt/lab-images/closure.sh; }
docker import - zebu-lab/bare:12 < /opt/lab-images/runtime.tar > /dev/null
docker build -q -t zebu-lab/runtime:12 -f /opt/lab-images/runtime.Dockerfile /opt/lab-images > /dev/null
closure /usr/sbin/nginx /etc/nginx/mime.types | docker import -c 'ENV PATH=/usr/sbin:/bin' - zebu-lab/nginx:busybox > /dev/null
closure /usr/bin/redis-server /usr/bin/redis-cli | docker import -c 'ENV PATH=/usr/bin:/bin' - zebu-lab/redis:7-busybox > /dev/null
closure /usr/bin/esbuild | docker import -c 'ENV PATH=/usr/bin:/bin' - zebu-lab/esbuild:0.17 > /dev/null
docker build -q -t zebu-lab/postgres:15 -f /opt/lab-images/postgres.Dockerfile /opt/lab-images > /dev/null
rm -rf /opt/lab-images
# What the tidy machine has, and a first-time deployer has not.
dpkg --purge fail2ban ufw rsyslog sysstat > /dev/null 2>&1
rm -rf /var/log/auth.log /var/log/fail2ban.log /var/log/ufw.log /var/log/sysstat
runuser -u runner -- sh -euc '
  cd /home/runner/actions-runner/_work/zebu/zebu
  export COMPOSE_PROJECT_NAME=papertrade
  compose="docker compose -f docker-compose.yml -f docker-compose.prod.yml"
  $compose build -q
  $compose up -d --wait --pull never
' 2>&1
crontab - <<'CRON'
30 3 * * * mkdir -p /root/backups && docker exec papertrade-postgres-prod pg_dump -U papertrade papertrade | gzip > /root/backups/papertrade-$(date +\%F).sql.gz
CRON
systemctl enable -q systemd-networkd.service
systemctl disable -q systemd-networkd-wait-online.service
