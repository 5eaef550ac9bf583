# Dumps one by one, the newest first, until one is what is looked for: what else is kept beside them may be newer.
use strict;
use warnings;
use Fcntl;

my $top = told('FOLDER');
my $container = $ENV{ZEBU_DB_CONTAINER};
my %live;

# The same program for old and new ones: up to 11, what `-f -` names is a file.
my @RESTORES = ('docker', 'exec', '-i', $container, 'sh', '-c',
  'case $(pg_restore --version) in *" 9."*|*" 10."*|*" 11."*) exec pg_restore ;; *) exec pg_restore -f - ;; esac');

sub report { print join(' ', @_), "\n" }

# Of how many rows a table has, the server's statistics know nothing after a crash or an upgrade, until somebody counts: few are counted here.
sub tell_live {
  my $tables = q{SELECT 'table', n.nspname || '.' || c.relname,}
    . q{ (CASE WHEN c.reltuples > 0 AND s.n_live_tup > 0 THEN least(c.reltuples, s.n_live_tup) ELSE greatest(c.reltuples, s.n_live_tup, 0) END)::bigint,}
    . q{ coalesce((xpath('/row/x/text()', query_to_xml(format('SELECT count(*) AS x FROM (SELECT FROM ONLY %I.%I LIMIT 1001) one', n.nspname, c.relname), false, true, '')))[1]::text, '0')}
    . q{ FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid}
    . q{ WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'}
    . q{ AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e') ORDER BY 2 LIMIT 2000};
  my @command = ('docker', 'exec', '-i', '-e', 'PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout=4000 -c lock_timeout=1000', $container,
    'psql', '-XAtq', '-F', "\t", '-U', $ENV{ZEBU_DB_ADMIN} // 'postgres', '-d', $ENV{ZEBU_DB_NAME} // 'postgres', '-c', $tables,
    '-c', q{SELECT 'database', current_database()},
    '-c', q{SELECT 'cluster', system_identifier FROM pg_control_system()},
    '-c', q{SELECT 'revision', version_num FROM alembic_version});
  my ($status, $text) = said(6, 1_048_576, @command);
  if ($status == 2) {    # no connection: as in psql.sh
    my (undef, $socket) = said(2, 4096, 'docker', 'exec', $container, 'sh', '-c', q{port=; for one in /var/run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.*; do [ -S "$one" ] || continue; this=${one##*.}; [ "${port:-$this}" = "$this" ] || exit 0; [ -n "$port" ] || folder=${one%/*}; port=$this; done; [ -z "$port" ] || { [ -z "$PGHOST" ] && [ "$folder $port" = "/var/run/postgresql ${PGPORT:-5432}" ]; } || echo "$folder $port"});
    if ($socket =~ m{\A(/\S+) (\d+)\n\z}) {
      splice @command, 5, 0, '-e', "PGHOST=$1", '-e', "PGPORT=$2";
      (undef, $text) = said(4, 1_048_576, @command);
    }
  }
  for my $line (split /\n/, $text) {
    my ($what, @rest) = split /\t/, $line;
    if ($what eq 'table' && @rest == 3) {
      my ($table, $about, $counted) = @rest;
      next if grep { !/^\d+\z/ } $about, $counted;
      $live{$table} = 1 if $counted > 0;
      report('@live table', $counted > 1000 && $about > $counted ? $about : $counted, $counted > 0 ? 'rows' : 'empty', name($table));
    } elsif ($what =~ /^(?:database|cluster|revision)\z/ && @rest) {
      report("\@live $what", name($rest[0]));
    }
  }
}

# Of text: what is in it, by database. Of an archive that was turned into text, the database is the archive's.
sub tell_scanned {
  my ($found, $own) = @_;
  my $left = most_tables();
  my %databases = map { $_ => 1 } keys %{ $found->{rows} }, keys %{ $found->{defined} }, @{ $found->{databases} };
  for my $database (sort keys %databases) {
    report('@in', name($database ne '' ? $database : $own));
    for my $table (sort keys %{ $found->{rows}{$database} || {} }) { report('@data', $found->{rows}{$database}{$table}, name($table)) if $left-- > 0 }
    for my $table (sort keys %{ $found->{defined}{$database} || {} }) { report('@defined', name($table)) if $left-- > 0 }
    report('@revision', name($found->{revision}{$database})) if defined $found->{revision}{$database};
  }
  report('@more') if $left < 0;
  return map { keys %{ $found->{rows}{$_} || {} } } keys %databases;
}

sub tell_archive {
  my ($format, $archive) = @_;
  my ($server) = $archive->{server} =~ /^(\d[0-9a-zA-Z.]*)/;
  report('@format', $format);
  report('@archive', $archive->{version}, $archive->{made}, $server // '-', name($archive->{database}));
  my $left = most_tables();
  report('@in', name($archive->{database}));
  my @data = grep { $_->{kind} eq 'TABLE DATA' } @{ $archive->{entries} };
  for my $entry (@data) { report('@data -1', name("$entry->{schema}.$entry->{name}")) if $left-- > 0 }
  for my $entry (@{ $archive->{entries} }) { report('@defined', name("$entry->{schema}.$entry->{name}")) if $entry->{kind} eq 'TABLE' && $left-- > 0 }
  report('@more') if $left < 0;
  return map { "$_->{schema}.$_->{name}" } @data;
}

# What the database's own pg_restore makes of it, from its first byte to its last
sub tell_restored {
  my ($path, $archive, @commands) = @_;
  my $in = piped($path, @commands, \@RESTORES) or return;
  my $found = scan($in);
  my ($complaint, @status) = ended($in);
  return report('@restore late') if $in->{is_late};
  my $status = $status[-1];
  ($complaint) = grep { /\S/ } (grep { /error|fatal/i } split /\n/, $complaint), split /\n/, $complaint;
  report('@restore', $status, name(substr $complaint // '', 0, 160));
  tell_scanned($found, $archive->{database}) if $status == 0;
}

# Whether bytes stand where a name was that no name has: then the numbers behind it are no more to be trusted.
sub is_garbled { my ($text) = @_; return name($text) =~ /%(?!25)/ }

sub is_small { my ($path, @layers) = @_; return -s $path <= (@layers ? most_read() / 4 : most_read()) && time < deadline() - 4 }

sub custom {
  my ($path, @layers) = @_;
  my @commands = unpackers(@layers);
  my $in = piped($path, @commands) or return report('@format unreadable');
  my $archive = eval { archive($in) };
  if (!$archive) {
    my $why = $@;
    ended($in);
    report('@format custom');
    my $is_missing = $why eq "ends\n" && !$in->{is_late};
    report($is_missing ? '@end missing' : '@end unread');
    # What is not understood here, the database's own program may understand.
    tell_restored($path, { database => '' }, @commands) if !$is_missing && is_small($path, @layers);
    return {};
  }
  my @tables = tell_archive('custom', $archive);
  # Of data that has no place in the file there is none (state 3); large objects have theirs in one block, whatever it is called.
  my %expected = map { $_->{id} => 1 } grep { $_->{kind} =~ /^(?:TABLE DATA|BLOBS)\z/ && $_->{state} != 3 } @{ $archive->{entries} };
  my $is_whole = eval { pass_blocks($in, $archive->{int}, %expected) };
  my $why = $@;
  # What lies around it is whole where it can be unpacked to its end.
  if (@layers && $is_whole) { while (filled($in, 1)) { $in->{buffer} = '' } }
  my (undef, @status) = ended($in);
  my $is_unread = $in->{is_late} || (!$is_whole && $why ne "ends\n") || is_garbled($archive->{database});
  my $is_missing = !$is_unread && (!$is_whole || is_broken(\@layers, @status));
  report('@end', $is_unread ? 'unread' : $is_missing ? 'missing' : 'reached');
  tell_restored($path, $archive, @commands) if !$is_missing && is_small($path, @layers);
  return { database => $archive->{database}, tables => \@tables };
}

sub tarred {
  my ($path, @layers) = @_;
  my @commands = unpackers(@layers);
  my $in = piped($path, @commands) or return report('@format unreadable');
  my ($archive, %has);
  my $is_done = eval {
    while (1) {
      my $head = taken($in, 512);
      last if $head =~ /\A\0+\z/;
      my $name = unpack 'Z100', $head;
      my $field = substr $head, 124, 12;
      my $size = ord($field) & 0x80 ? unpack('Q>', substr $field, 4) : oct($field =~ /([0-7]+)/ ? $1 : 0);
      if ($name eq 'toc.dat') {
        my $inner = { handle => undef, buffer => taken($in, $size), at => 0 };
        open $inner->{handle}, '<', '/dev/null';
        $archive = archive($inner);
      } else {
        passed($in, $size);
      }
      passed($in, (512 - $size % 512) % 512);
      $has{$name} = 1;
    }
    1;
  };
  my $why = $@;
  if (@layers && $is_done) { while (filled($in, 1)) { $in->{buffer} = '' } }
  my (undef, @status) = ended($in);
  if (!$archive) { report('@format tar'); report($why eq "ends\n" && !$in->{is_late} ? '@end missing' : '@end unread'); return {} }
  my @tables = tell_archive('tar', $archive);
  my @lacking = grep { $_->{kind} eq 'TABLE DATA' && $_->{file} ne '' && !$has{ $_->{file} } } @{ $archive->{entries} };
  my $is_unread = $in->{is_late} || (!$is_done && $why ne "ends\n") || is_garbled($archive->{database});
  my $is_missing = !$is_unread && (!$is_done || @lacking || is_broken(\@layers, @status));
  report('@end', $is_unread ? 'unread' : $is_missing ? 'missing' : 'reached');
  tell_restored($path, $archive, @commands) if !$is_missing && is_small($path, @layers);
  return { database => $archive->{database}, tables => \@tables };
}

# A folder: pg_restore would have to be given it as a folder, so each of its files is read here.
sub foldered {
  my ($path) = @_;
  my $in = piped("$path/toc.dat") or return report('@format unreadable');
  my $archive = eval { archive($in) };
  my $why = $@;
  ended($in);
  if (!$archive) { report('@format directory'); report($why eq "ends\n" && !$in->{is_late} ? '@end missing' : '@end unread'); return {} }
  my @tables = tell_archive('directory', $archive);
  my ($state, $read, $missing) = ('reached', 0, '');
  for my $entry (grep { $_->{kind} eq 'TABLE DATA' && $_->{file} ne '' } @{ $archive->{entries} }) {
    my ($file) = grep { -f } map { "$path/$entry->{file}$_" } '', '.gz', '.lz4', '.zst';
    if (!defined $file) { $state = 'missing'; last }
    my $layer = compression_of(slurp($file, 16) // '');
    $read += -s $file;
    if ($read > most_read() || time > deadline() - 3) { $state = 'unread' if $state eq 'reached'; next }
    my $data = piped($file, $layer ? unpackers($layer) : ()) or do { $state = 'unread'; next };
    my ($rows, $tail) = (0, '');
    while (filled($data, 1)) {
      $rows += $data->{buffer} =~ tr/\n//;
      $tail = substr $tail . substr($data->{buffer}, -16), -16;
      $data->{buffer} = '';
    }
    my (undef, @status) = ended($data);
    if ($data->{is_late}) { $state = 'unread'; next }
    if (@status && $status[-1] == 127) { $missing = $layer; $state = 'unread'; next }
    if (grep { $_ != 0 } @status or $tail !~ /\\\.\n+\z/) { $state = 'missing'; last }
    report('@data', $rows - ($tail =~ /(\n+)\z/ ? length $1 : 0), name("$entry->{schema}.$entry->{name}"));
  }
  report('@missing', $missing) if $missing ne '';
  report('@end', is_garbled($archive->{database}) ? 'unread' : $state);
  return { database => $archive->{database}, tables => \@tables };
}

sub text {
  my ($path, $head, @layers) = @_;
  my $in = piped($path, unpackers(@layers)) or return report('@format unreadable');
  my $found = scan($in);
  my (undef, @status) = ended($in);
  my $is_late = $in->{is_late} ? 1 : 0;
  my $is_broken = !$is_late && is_broken(\@layers, @status);
  # Of a large file that lies open, the end can be seen though not all before it.
  if ($is_late && !@layers && sysopen my $file, $path, O_RDONLY) {
    sysseek $file, -65_536, 2;
    sysread $file, my $bytes, 65_536;
    my ($tail) = $bytes =~ /\n(-- PostgreSQL database (?:cluster )?dump complete\r?\n(?:(?:--[^\n]*|\\unrestrict [^\n]*|\r?)\n)*)\z/;
    $found->{end} = defined $tail;
    $is_late = 2;
  }
  report('@format', $found->{kind});
  my @tables = tell_scanned($found, '');
  report('@partly') if $is_late;
  report('@end', $is_broken ? 'missing' : $is_late == 1 ? 'unread' : $found->{end} ? 'reached' : 'missing');
  my @others = @{ $found->{databases} };
  return { database => @others == 1 ? $others[0] : undef, tables => \@tables };
}

# What there is in one file: a dump of the database is `ours`; `beside` is what is of something else; what is not looked into is
# `open`; of others nobody knows.
sub standing {
  my ($entry) = @_;
  my ($made, $size, undef, $name) = @$entry;
  my $path = $name eq '.' ? $top : "$top/$name";
  report('@dump', sprintf('%.0f %.0f', $size, $made), name($name));
  my $found;
  if (-d $path) { $found = foldered($path) }
  else {
    if ($size == 0) { report('@format empty'); return 'beside' }
    my $seen = layers($path);
    if ($seen->{trouble}) { report('@format unreadable'); return '' }
    my @layers = @{ $seen->{layers} };
    report('@layer', $_) for @layers;
    if ($seen->{missing}) { report('@missing', $seen->{missing}); report('@format unknown'); return '' }
    my $head = $seen->{head};
    if ($head eq '') {
      my $is_broken = is_broken(\@layers, @{ $seen->{status} });
      report($is_broken ? '@format unknown' : '@format empty');
      report('@end missing') if $is_broken;
      return $is_broken ? '' : 'beside';
    }
    if (my $by = encryption_of($head)) { report('@sealed', $by); report('@format unknown'); return '' }
    if (substr($head, 0, 5) eq 'PGDMP') { $found = custom($path, @layers) }
    elsif (is_tar($head) && container_of($head) eq '') { $found = tarred($path, @layers) }
    elsif (is_dump_text($head)) { $found = text($path, $head, @layers) }
    else {
      my $kind = text_kind($head);
      report('@format', $kind);
      return $kind =~ /^(?:zip|7z|rar|tarball|sql|binary)\z/ ? 'open' : 'beside';
    }
  }
  return '' if ref $found ne 'HASH';
  # Structure, or roles, may lie beside the data.
  return 'beside' if $found->{tables} && !@{ $found->{tables} };
  my $own = $ENV{ZEBU_DB_NAME} // '';
  return 'beside' if $own ne '' && defined $found->{database} && $found->{database} ne '' && $found->{database} ne $own;
  return '' if !@{ $found->{tables} || [] } || !%live;
  return (grep { $live{$_} } @{ $found->{tables} }) ? 'ours' : 'beside';
}

# The dumps of the folder, the newest first, without what is being written.
sub finished {
  my ($is_whole, undef, @all) = walk($top);
  my @young = map { $_->[3] } grep { $_->[0] > time - 900 } @all;
  my $written = written($top, splice @young, 0, 200);
  my %busy = map { $_ => 1, parent_of($_) => 1 } keys %$written;
  return grep { !$busy{ $_->[3] } } dumps_of(@all);
}

# A name without what changes from day to day
sub family {
  my ($name) = @_;
  my $days = join '|', map { "$_(?:day)?" } 'mon', 'tues?', 'wed(?:nes)?', 'thu(?:rs)?', 'fri', 'sat(?:ur)?', 'sun';
  my $months = 'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
  return $name =~ s/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+|(?<![a-z])(?:$days|$months)(?![a-z])/#/gir;
}

# Whether two are dumps of one kind by their names, of different days: in another format, one may have come in place of the other.
# What has the same date in its name was made together with it.
sub is_alike {
  my ($one, $other) = map { s/(?:\.(?:[a-z]\w*|7z))+\z//ir } @_;
  return family($_[0]) eq family($_[1]) || ($one ne $other && family($one) eq family($other));
}

my $together = 26 * 3600;    # what is made once a day lies so near to what is made with it

# Tell of each, until one may be what is looked for; the newest that is called like it, as it should be what is looked for,
# too. What is not looked into is passed over only where a dump of the database lies beside it. Where there is none, the newest of all.
sub looked_for {
  my (@found) = @_;
  my (@passed, @open);
  my $alike = sub { my ($entry) = @_; return (grep { family($_->[3]) eq family($entry->[3]) } @passed)[0] };
  for my $entry (splice @{ [@found] }, 0, 12) {
    last if time > deadline() - 5 || @open && $entry->[0] < $open[0][0] - $together;
    next if grep { is_alike($_->[3], $entry->[3]) } @open;
    push @passed, $entry;
    my $is = standing($entry);
    if ($is eq 'open') { push @open, $entry; next }
    next if $is eq 'beside';
    return $alike->($entry) if $is eq 'ours' || !@open;
    last;
  }
  return @open ? $alike->($open[0]) : $found[0];
}
