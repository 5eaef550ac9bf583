#!/bin/sh
# Run once inside the new machine: images, the application, firewall, timers.
set -eu
export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
cd /opt/zebu
closure() { docker run --rm -i zebu-lab/runtime:12 sh -s -- "$@" < /opt/lab-images/closure.sh; }
docker import - zebu-lab/bare:12 < /opt/lab-images/runtime.tar > /dev/null
docker build -q -t zebu-lab/runtime:12 -f /opt/lab-images/runtime.Dockerfile /opt/lab-images > /dev/null
closure /usr/sbin/nginx /etc/nginx/mime.types | docker import -c 'ENV PATH=/usr/sbin:/bin' - zebu-lab/nginx:busybox > /dev/null
closure /usr/bin/redis-server /usr/bin/redis-cli | docker import -c 'ENV PATH=/usr/bin:/bin' - zebu-lab/redis:7-busybox > /dev/null
closure /usr/bin/esbuild | docker import -c 'ENV PATH=/usr/bin:/bin' - zebu-lab/esbuild:0.17 > /dev/null
docker build -q -t zebu-lab/postgres:15 -f /opt/lab-images/postgres.Dockerfile /opt/lab-images > /dev/null
REVISION=$(sudo -u deploy git rev-parse HEAD)
export REVISION
compose="docker compose -f docker-compose.yml -f docker-compose.prod.yml"
$compose build -q 2>&1
$compose up -d --wait --pull never 2>&1
# At its first start the database is healthy by its socket before it listens on the network.
$compose exec -T db sh -euc 'n=0; until pg_isready -q -h 127.0.0.1; do [ $((n += 1)) -lt 120 ]; sleep 0.5; done'
$compose exec -T backend alembic upgrade head 2>&1
$compose ps --format '{{.Name}} {{.Status}}'
ufw default deny incoming > /dev/null
ufw default allow outgoing > /dev/null
ufw allow 22/tcp > /dev/null
systemctl start zebu-docker-firewall.service
ufw --force enable
sed -i 's/^ENABLED=.*/ENABLED="true"/' /etc/default/sysstat
systemctl enable -q sysstat-collect.timer zebu-watch.timer zebu-backup.timer docker-prune.timer zebu-docker-firewall.service fail2ban ufw
rm -rf /opt/lab-images
