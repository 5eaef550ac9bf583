# Lines `@NAME JSON`: what the node's API says to each question; nothing behind the name where it failed. json.pl is in front.
# What the questions of one round need of each other was answered in the round before: pvesh takes a second to start.
use strict;
use warnings;
my ($node, $vmid) = @ENV{qw(ZEBU_SET_PROXMOX_NODE ZEBU_SET_PROXMOX_VMID)};
my $type = 'qemu';
exit 127 if !grep { -x "$_/pvesh" } split /:/, $ENV{PATH};

# Ask at once, each [NAME, PATH, OPTIONS]; gives the answers by name.
sub ask {
  my (@asked) = @_;
  my (%found, @running);
  for my $one (@asked) {
    my ($name, @words) = @$one;
    my $pid = open(my $out, '-|') // next;
    if (!$pid) {
      open STDERR, '>', '/dev/null';
      exec 'pvesh', 'get', @words, '--output-format', 'json' or exit 127;
    }
    push @running, [$name, $out];
  }
  for my $one (@running) {
    my ($name, $out) = @$one;
    my $said = do { local $/; <$out> } // '';
    $said =~ tr/\n//d;
    $found{$name} = close($out) ? $said : '';
  }
  return map { [$_->[0], $found{ $_->[0] } // ''] } @asked;
}
# Notes and comments may hold anything, and nothing is asked of them.
my $notes = qr/"(?:description|comment|notes|notes-template|mailto|Description|Title|ChangeLogUrl)"\s*:\s*"(?:[^"\\]|\\.)*+"/;
sub without_notes { my ($text) = @_; $text =~ s/$notes\s*,|,\s*$notes|(?<=\{)\s*$notes\s*(?=\})//g; return $text }
sub told { print map { "\@$_->[0] $_->[1]\n" } @_ }
sub rows { my ($text) = @_; my $found = eval { read_json($text) }; return ref $found eq 'ARRAY' ? grep { ref eq 'HASH' } @$found : () }
sub text { my ($text) = @_; $text =~ s/(["\\])/\\$1/g; $text =~ s/[\x00-\x1f]/ /g; return qq("$text") }
# An object of some of another one's keys, cut.
sub part {
  my ($text, $keys) = @_;
  my $found = eval { read_json($text) };
  return '' if ref $found ne 'HASH';
  return '{' . join(',', map { text($_) . ':' . text(substr as_text($found->{$_}), 0, 500) } grep { /^(?:$keys)$/ } sort keys %$found) . '}';
}
# What is an object itself is written as Proxmox writes it in its files.
sub as_text { my ($value) = @_; return ref $value eq 'HASH' ? join ',', map { "$_=" . ($value->{$_} // '') } sort keys %$value : ref $value ? '' : $value // '' }
sub names { my ($key, @rows) = @_; my %seen; my @found = sort grep { !$seen{$_}++ } grep { /^[A-Za-z0-9_.-]+$/ } map { $_->{$key} // '' } @rows; return @found > 8 ? @found[0 .. 7] : @found }

my @first = ask(
  ['backup_jobs', '/cluster/backup'],
  ['version', '/version'],
  ['updates', "/nodes/$node/apt/update"],
  ['refreshes', "/nodes/$node/tasks", '--typefilter', 'aptupdate', '--limit', '20'],
  $vmid eq '' ? () : ['guests', '/cluster/resources', '--type', 'vm'],
);
my %said = map { @$_ } @first;
for my $one (grep { $_->[0] eq 'guests' && $_->[1] ne '' } @first) {
  my @own = grep { ($_->{vmid} // '') eq $vmid } rows($one->[1]);
  for my $row (@own) {
    $node = $row->{node} if ($row->{node} // '') =~ /^[A-Za-z0-9-]+$/;
    $type = $row->{type} if ($row->{type} // '') =~ /^(?:qemu|lxc)$/;
  }
  $one->[1] = '[' . join(',', map { my $row = $_; '{' . join(',', map { text($_) . ':' . text($row->{$_}) } grep { defined $row->{$_} && !ref $row->{$_} } qw(vmid node type pool template)) . '}' } @own) . ']';
}
$_->[1] = without_notes($_->[1]) for @first;
told(@first);
exit 0 if $vmid eq '';
my @storages = names('storage', rows($said{backup_jobs}));
my @second = ask(
  ['snapshots', "/nodes/$node/$type/$vmid/snapshot"],
  ['config', "/nodes/$node/$type/$vmid/config"],
  ['backup_runs', "/nodes/$node/tasks", '--typefilter', 'vzdump', '--vmid', $vmid, '--limit', '50'],
  ['all_runs', "/nodes/$node/tasks", '--typefilter', 'vzdump', '--limit', '50'],
  map { (
    ["storage/$_", "/storage/$_"],
    ["status/$_", "/nodes/$node/storage/$_/status"],
    ["content/$_", "/nodes/$node/storage/$_/content", '--content', 'backup', '--vmid', $vmid],
  ) } @storages,
);
for my $one (@second) {
  $one->[1] = part($one->[1], '(?:ide|sata|scsi|virtio|mp)\d{1,3}|rootfs') if $one->[0] eq 'config';
  $one->[1] = part($one->[1], 'type|path|server|shared|is_mountpoint|prune-backups|maxfiles') if $one->[0] =~ m{^storage/};
}
$_->[1] = without_notes($_->[1]) for @second;
told(@second);
%said = map { @$_ } @second;
# Runs for several machines name none: what they did is in their logs.
my @many = grep { ($_->{id} // '') eq '' && ($_->{endtime} // '') =~ /^\d+$/ && ($_->{upid} // '') =~ /^UPID:[A-Za-z0-9_.\@!:-]{1,200}$/ } rows($said{all_runs});
@many = sort { $b->{endtime} <=> $a->{endtime} } @many;
splice @many, 4 if @many > 4;
for my $one (ask(map { ["log/$_->{upid}", "/nodes/$node/tasks/$_->{upid}/log", '--limit', '5000'] } @many)) {
  my @lines = rows($one->[1]);
  my @about = grep { /Backup of VM $vmid\b/ } map { $_->{t} // '' } @lines;
  $one->[1] = '{"lines":[' . join(',', map { text(substr $_, 0, 200) } @about) . '],"is_cut":' . (@lines >= 5000 ? 'true' : 'false') . '}' if $one->[1] ne '';
  told($one);
}
