# Run in the new root, while it has the network: an operator's account, and what a state may need later.
set -eu
useradd --create-home --shell /bin/bash --groups sudo deploy
echo 'deploy ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
ssh-keygen -q -t ed25519 -N '' -C operations -f /root/key
install -m 600 -o deploy -g deploy /root/key.pub /home/deploy/.ssh/authorized_keys
# Rules of iptables are kept by a package that ufw of later systems cannot stand beside.
mkdir /root/persistent
cd /root/persistent
apt-get -qq download iptables-persistent netfilter-persistent
# A package as it was before its security updates.
mkdir /root/older
cd /root/older
apt-get -qq download "sudo=$(apt-cache madison sudo | awk 'END { print $3 }')"
systemctl -q enable lab-cgroup.service
systemctl -q disable docker.service docker.socket containerd.service postgresql.service fail2ban.service ufw.service nftables.service
rm -f /etc/resolv.conf /etc/systemd/system/multi-user.target.wants/systemd-networkd.service
rm -f /etc/systemd/system/sysinit.target.wants/systemd-resolved.service
