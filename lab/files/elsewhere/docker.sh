# Shared: Docker, with containers of the machine's own programs: no registry is asked.
start_docker() {
  echo "$1" >/etc/docker/daemon.json
  systemctl start docker
  mkdir -p /root/image/var /root/image/run/postgresql
  chmod 1777 /root/image/run/postgresql
  ln -s ../run /root/image/var/run
  tar -c -C / etc/passwd etc/group etc/nsswitch.conf etc/ld.so.cache etc/ssl -C /root/image . | docker import - zebu/machine:1
}
run_container() {
  service=$1
  shift
  docker run --detach --name "zebu-$service-1" \
    --volume /usr:/usr:ro --volume /bin:/bin:ro --volume /lib:/lib:ro --volume /lib64:/lib64:ro \
    --label com.docker.compose.project=zebu --label "com.docker.compose.service=$service" \
    --label com.docker.compose.project.working_dir=/opt/zebu "$@"
}
