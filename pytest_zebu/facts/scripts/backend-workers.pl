# Who opens connections to the database, and through what: `@number NAME N` of the backend's environment (`?` where it is none), then containers with what `docker top` shows of
# each: `@container PID SERVICE` for each of the backend, `@beside PID SERVICE` for others with the same address of the database (or one that means the same,
# if they run Python, as the backend's source is), `@door PID SERVICE` for the one that this address names, each with its first process; of a pooler there, `@pooler NAME VALUE` as its file says. Addresses are compared here, and not told.
use strict;
use warnings;

my $backend = docker_told("/containers/$ENV{ZEBU_BACKEND_CONTAINER}/json");
docker_end(5) if ref $backend ne 'HASH' || ref $backend->{Config} ne 'HASH';
$ENV{ZEBU_PROJECT} = ($backend->{Config}{Labels} || {})->{'com.docker.compose.project'} // '';
my @all = map { read_one($_) } @{ docker_containers(once => 1) // docker_end(5) };
my ($own) = grep { $_->{id} eq $backend->{Id} } @all;
$own //= read_one($backend);
tell_numbers($own);
tell_containers();

sub read_one {    # what is of interest of a container
  my ($container) = @_;
  my $config = $container->{Config} || {};
  my $networks = ($container->{NetworkSettings} || {})->{Networks} || {};
  my $name = lc join ' ', $container->{Name} // '', map { @{ $_->{Aliases} || [] } } values %$networks;
  $name =~ tr{/}{ };
  my %one = (
    id => $container->{Id}, first => ($container->{State} || {})->{Pid} // 0, service => docker_service($container),
    is_once => (($config->{Labels} || {})->{'com.docker.compose.oneoff'} // '') eq 'True', names => " $name ", env => [], url => '',
  );
  for my $entry (@{ $config->{Env} || [] }) {
    my ($variable, $value) = $entry =~ /^([^=]*)=(.*)$/s or next;
    my $key = uc $variable;
    push @{ $one{env} }, [$variable, $value];
    $one{url} = $value if $key eq 'DATABASE_URL' && (!$one{has_url}++ || $variable eq 'DATABASE_URL');
    $one{host} = $value if $key eq 'PGHOST' || $key =~ /^(?:POSTGRES|DB)_HOST$/ && !defined $one{host};
    next if $value eq '';
    $one{port} //= $value if $key =~ /^(?:PG|POSTGRES_|DB_)PORT$/;
    $one{base} //= $value if $key =~ /^(?:PGDATABASE|POSTGRES_DB|DB_NAME)$/;
  }
  return \%one;
}

sub tell_numbers {
  my ($one) = @_;
  for (@{ $one->{env} }) {
    my ($name, $value) = @$_;
    next if $name !~ /^[A-Za-z0-9_]*(?:POOL|OVERFLOW|CONCURRENCY|WORKERS|CONN)[A-Za-z0-9_]*$/;
    $value =~ s/[\s_]//g;
    next if $value eq '';
    print "\@number $name ", $value =~ /^[+-]?[0-9]+$/ && length $value < 10 ? $value : '?', "\n";
  }
}

# What an address means: the container that it names, or its host, the port, and the database, empty where it tells none.
sub meant {
  my ($one) = @_;
  my ($host, $port, $base) = (lc($one->{host} // ''), $one->{port} // '', $one->{base} // '');
  if ($one->{url} ne '') {
    (my $rest = $one->{url}) =~ s{^postgres(?:ql)?(?:\+[a-z0-9_]+)?://}{}i or return;
    $rest =~ s/#.*//s;
    my $query = $rest =~ s/(\?.*)//s ? $1 : '';
    $base = $rest =~ s{/(.*)}{}s ? $1 : '';
    $rest =~ s/^.*@//s;
    $port = $rest =~ s/:([0-9]*)$// ? $1 : '';
    $host = lc $rest;
    my %asked = map { $query =~ /[?&]$_=([^&#]+)/ ? ($_ => $1) : () } qw(host port dbname);
    $host = lc $asked{host} if defined $asked{host};
    $port = $asked{port} // $port;
    $base = $asked{dbname} // $base;
  }
  return if $host eq '';
  my ($named) = grep { index($_->{names}, " $host ") >= 0 } @all;
  return ($named ? $named->{id} : $host, $port eq '' ? 5432 : $port =~ /^\s*([+-]?\d+)/ ? $1 + 0 : 0, $base);
}

sub place {    # what an address names
  my ($one) = @_;
  return lc($one->{host} // '') if $one->{url} eq '';
  (my $place = lc $one->{url}) =~ s{^[^:]*://}{};
  $place =~ s{[/?#].*}{}s;
  $place =~ s/^.*@//s;
  $place =~ s/:[0-9]*$//;
  return $place;
}

sub tell_containers {
  my $place = place($own);
  my @known = meant($own);
  for my $one (grep { !$_->{is_once} } @all) {
    my @its = meant($one);
    my $kind =
        $one->{service} eq $own->{service} ? 'container'
      : $place ne '' && index($one->{names}, " $place ") >= 0 ? 'door'
      : $own->{url} ne '' && $one->{url} eq $own->{url} ? 'beside'
      : @known && @its && $its[0] eq $known[0] && $its[1] == $known[1] && ($its[2] eq $known[2] || $its[2] eq '' || $known[2] eq '') ? 'alike'
      : next;
    my @lines = processes($one->{id});
    next if $kind eq 'alike' && !grep { m{[ /](?:python[0-9.]*|celery)(?: |$)|\[celeryd:} } @lines;
    print '@', $kind eq 'alike' ? 'beside' : $kind, " $one->{first} $one->{service}\n";
    print map { substr($_, 0, 300) . "\n" } @lines > 400 ? @lines[0 .. 399] : @lines;
    tell_pooler($one->{id}, @lines) if $kind eq 'door';
  }
}

sub processes {    # as `docker top` writes them
  my ($id) = @_;
  my @rows = docker_top($id) or docker_end(5);
  return map {
    my @cells = map { s/[\r\n]/?/gr } @$_;
    my $command = pop(@cells) // '';
    join '', map({ sprintf '%-19s ', $_ } @cells), $command;
  } @rows;
}

sub tell_pooler {
  my ($id, @lines) = @_;
  return if !grep { /pgbouncer/ } @lines;
  my ($file) = map { m{.*pgbouncer.* (/[^ ]*\.ini)} ? $1 : () } @lines;
  my $pid = open(my $in, '-|');
  if (!defined $pid) { unrun('docker'); return }
  if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec 'docker', 'exec', $id, 'cat', $file // '/etc/pgbouncer/pgbouncer.ini' or unstarted('docker');
  }
  my $left = 20_000;
  while ($left-- && defined(my $line = <$in>)) {
    chomp $line;
    print "\@pooler $1 $2\n" if $line =~ /^\s*(default_pool_size|reserve_pool_size|max_client_conn|max_db_connections|max_user_connections|pool_mode)\s*=\s*([a-z0-9]+)\s*$/;
    print "\@pooler pool_size $1\n" if $line =~ /^\s*[^;#\[]*[\s=]pool_size\s*=\s*([0-9]+)/;
    print "\@pooler include yes\n" if $line =~ /^\s*%include/;
    print "\@pooler read yes\n" if $line =~ /^\[pgbouncer\]/;
  }
  close $in;
}
