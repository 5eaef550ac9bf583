# What a dump has in it, by its bytes and never by its name: what lists dumps and what restores one have it in common.
use strict;
use warnings;
use Fcntl;
use POSIX ();

my $deadline = time + 14;
my $most_read = 268_435_456;    # bytes of a file; of a larger one, what can be told without reading it whole
my @MAGIC = (
  ["\x1f\x8b" => 'gzip'], ["\x1f\x9d" => 'gzip'], ['BZh' => 'bzip2'], ["\xfd7zXZ\0" => 'xz'], ["\x28\xb5\x2f\xfd" => 'zstd'],
  ["\x04\x22\x4d\x18" => 'lz4'], ['LZIP' => 'lzip'], ["\x89LZO" => 'lzop'],
);

sub deadline { return $deadline }
sub most_read { return $most_read }
sub most_tables { return 2_000 }
sub unpackers { return map { [$_, '-dc'] } @_ }

sub compression_of {
  my ($head) = @_;
  for my $known (@MAGIC) { return $known->[1] if index($head, $known->[0]) == 0 }
  return 'zstd' if $head =~ /^[\x50-\x5f]\x2a\x4d\x18.{4}/s;    # a frame to be skipped
  return '';
}

sub encryption_of {
  my ($head) = @_;
  return 'age' if $head =~ /^age-encryption\.org\/|^-----BEGIN AGE ENCRYPTED FILE-----/;
  return 'gpg' if $head =~ /^(?:[^\n]*\n)?-----BEGIN PGP MESSAGE-----/;
  return 'openssl' if $head =~ /^Salted__|^U2FsdGVkX1/;
  return 'ansible-vault' if $head =~ /^\$ANSIBLE_VAULT;/;
  return 'cms' if $head =~ /^-----BEGIN (?:PKCS7|CMS)-----|^\x30[\x80\x82-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07/s;
  # OpenPGP (RFC 9580): a session key encrypted to a key (version 3 or 6) or by a passphrase (4 to 6), then its algorithm.
  return 'gpg' if $head =~ /^(?:\x84.|\x85..|\x86.{4}|\xc1(?:[\x00-\xbf]|[\xc0-\xdf].|\xff.{4}))[\x03\x06]/s;
  return 'gpg' if $head =~ /^(?:\x8c.|\x8d..|\xc3(?:[\x00-\xbf]|[\xc0-\xdf].))[\x04-\x06][\x01-\x0d]/s;
  return '';
}

# A chain of programs, each reading what the one before it says. Its end is a handle; what it is given is a file.
sub piped {
  my ($path, @commands) = @_;
  sysopen my $in, $path, O_RDONLY | O_NONBLOCK or return;
  my $end = { handle => $in, buffer => '', at => 0, pids => [], is_file => !@commands, complaint => '' };
  for my $command (@commands) {
    pipe my $out, my $out_w or return;
    pipe my $err, my $err_w or return;
    my $pid = fork // return;
    if (!$pid) {
      open STDIN, '<&', $end->{handle};
      open STDOUT, '>&', $out_w;
      open STDERR, '>&', $err_w;
      POSIX::close($_) for 3 .. 255;
      my $seconds = $deadline - time;
      exec 'timeout', $seconds > 1 ? $seconds : 1, @$command or POSIX::_exit(127);
    }
    close $_ for $out_w, $err_w, $end->{handle};
    $end->{handle} = $out;
    $end->{err} = $err;
    push @{ $end->{pids} }, $pid;
  }
  return $end;
}

# Read on, until so many bytes are there; whether they are.
sub filled {
  my ($in, $count) = @_;
  while (length $in->{buffer} < $count) {
    if (time > $deadline) { $in->{is_late} = 1; return 0 }
    my $got = sysread $in->{handle}, $in->{buffer}, $count - length($in->{buffer}) > 262_144 ? $count - length $in->{buffer} : 262_144, length $in->{buffer};
    $in->{is_late} = 1 if !defined $got;    # it cannot be read on: that is no end
    return 0 if !$got;
  }
  return 1;
}

sub taken {
  my ($in, $count) = @_;
  filled($in, $count) or die "ends\n";
  $in->{at} += $count;
  return substr $in->{buffer}, 0, $count, '';
}

sub passed {
  my ($in, $count) = @_;
  if ($in->{is_file} && $count > length $in->{buffer}) {
    my $size = -s $in->{handle};
    die "ends\n" if $in->{at} + $count > $size;
    sysseek $in->{handle}, $in->{at} + $count, 0 or die "ends\n";
    $in->{at} += $count;
    $in->{buffer} = '';
    return;
  }
  while ($count > 0) {
    my $part = $count > 1_048_576 ? 1_048_576 : $count;
    taken($in, $part);
    $count -= $part;
  }
}

# What a program says, or how it ends, where the machine lacked something: that tells nothing of the file. By timeout it ends
# with 124; by a signal, or where it cannot be started, with more.
my $LACKS = qr/no space left|quota exceeded|cannot allocate|not enough memory|out of memory|memory exhausted|memory usage limit|too many open files|resource temporarily|cannot fork|input\/output error|stale file handle/i;

# How its programs ended, and the last one's complaint. What was cut off by us, or by what the machine lacks, says nothing.
sub ended {
  my ($in) = @_;
  my $complaint = '';
  if (my $err = $in->{err}) { sysread $err, $complaint, 4096 if !$in->{is_late} }
  $in->{is_late} = 1 if $complaint =~ $LACKS;
  close $in->{handle};
  my @status;
  for my $pid (@{ $in->{pids} }) {
    kill 'TERM', $pid if $in->{is_late};
    waitpid $pid, 0;
    push @status, $? & 127 ? 128 + ($? & 127) : $? >> 8;
  }
  # A program that the next one no longer reads ends by SIGPIPE (13): that one tells more.
  $in->{is_late} = 1 if grep { $_ >= 124 && $_ != 127 && $_ != 141 } @status;
  return ($complaint, @status);
}

# Whether unpacking went wrong; what gzip says with 2 is a warning.
sub is_broken {
  my ($layers, @status) = @_;
  return (grep { $status[$_] && !($status[$_] == 2 && $layers->[$_] eq 'gzip') } 0 .. $#$layers) ? 1 : 0;
}

# The compressions that a file lies in, from the outside in, and how it begins inside of them; or the program that is missing.
sub layers {
  my ($path) = @_;
  my @layers;
  while (1) {
    my $in = piped($path, unpackers(@layers)) // return { trouble => 'it cannot be opened' };
    filled($in, 65_536);
    my $head = substr $in->{buffer}, 0, 65_536;
    $in->{is_late} = 1 if length $in->{buffer} >= 65_536;
    my (undef, @status) = ended($in);
    return { layers => [@layers], missing => $layers[-1] } if @status && $status[-1] == 127;
    return { trouble => 'it cannot be unpacked here now' } if $in->{is_late} && $head eq '';
    return { layers => [@layers], head => $head, status => \@status } if @layers >= 3 || !compression_of($head);
    push @layers, compression_of($head);
  }
}

# The table of contents of an archive of pg_dump: custom, tar and directory have the same one (pg_backup_archiver.c).

sub archive {
  my ($in) = @_;
  my %found = (entries => []);
  taken($in, 5) eq 'PGDMP' or die "is none\n";
  my ($major, $minor, $revision, $int, $offset, $format) = unpack 'C6', taken($in, 6);
  my $version = $major * 100 + $minor;
  die "is of a version that is not known\n" if $version < 110 || $version > 116 || $int > 8 || $offset > 16;
  my $number = sub {
    my ($sign, @bytes) = unpack 'C*', taken($in, 1 + $int);
    my $value = 0;
    $value = $value * 256 + $_ for reverse @bytes;
    return $sign ? -$value : $value;
  };
  my $text = sub {
    my $length = $number->();
    return if $length < 0;
    die "is not understood\n" if $length > 67_108_864;
    return taken($in, $length);
  };
  $version >= 115 ? taken($in, 1) : $number->();
  my @made = map { $number->() } 1 .. 7;
  @found{qw(version format int)} = ("$major.$minor", $format, $int);
  # By the clock, and in the zone, of whoever dumped it.
  $found{made} = eval { POSIX::mktime(@made[0 .. 5], 0, 0, $made[6]) } // 0;
  @found{qw(database server client)} = map { $text->() // '' } 1 .. 3;
  my $count = $number->();
  die "is not understood\n" if $count < 0 || $count > 1_000_000;
  for (1 .. $count) {
    my %entry = (id => $number->());
    $entry{dumps} = $number->();
    $text->() for 1 .. 2;
    @entry{qw(name kind)} = map { $text->() // '' } 1 .. 2;
    $number->() if $version >= 111;
    $text->() for 1 .. 3;
    $entry{schema} = $text->() // '';
    $text->() if $version >= 110;
    $text->() if $version >= 114;
    $number->() if $version >= 116;
    $text->() for 1 .. 2;
    while (defined $text->()) { }
    if ($format == 1) {
      $entry{state} = unpack 'C', taken($in, 1);
      taken($in, $offset);
    } elsif ($format == 3 || $format == 5) {
      $entry{file} = $text->() // '';
    }
    push @{ $found{entries} }, \%entry;
  }
  return \%found;
}

# The data that follows it in the custom format, block by block, none of it unpacked, until the data of all these entries was
# whole. pg_dump 17 may write its table of contents once more behind them.
sub pass_blocks {
  my ($in, $int, %expected) = @_;
  my $number = sub {
    my ($sign, @bytes) = unpack 'C*', taken($in, 1 + $int);
    my $value = 0;
    $value = $value * 256 + $_ for reverse @bytes;
    return $value;
  };
  my $chunks = sub {
    while (my $length = $number->()) {
      die "late\n" if time > $deadline;
      passed($in, $length);
    }
  };
  while (%expected) {
    my $kind = unpack 'C', taken($in, 1);
    my $id = $number->();
    if ($kind == 1) { $chunks->() }
    elsif ($kind == 3) { while ($number->()) { $chunks->() } }
    else { die "is not understood\n" }
    delete $expected{$id};
  }
  return 1;
}

# SQL text: tables that it makes, tables of which it has data, the database that each is in, and whether it ends as pg_dump ends.

my $IDENTIFIER = qr/(?:"(?:[^"]|"")*"|[^\s."(;]+)/;

sub plain_name {
  my ($text) = @_;
  my @parts = $text =~ /($IDENTIFIER)/g;
  for my $part (@parts) { $part =~ s/""/"/g if $part =~ s/^"(.*)"\z/$1/s }
  unshift @parts, 'public' if @parts == 1;
  return join '.', @parts;
}

sub scan {
  my ($in) = @_;
  my $found = { rows => {}, defined => {}, revision => {}, kind => '', end => 0, databases => [], is_read => 0 };
  my ($database, $table, $inserted) = ('');
  my $count = sub { my ($name, $number) = @_; $found->{rows}{$database}{$name} = ($found->{rows}{$database}{$name} // 0) + $number };
  my $statement = sub {
    my ($line) = @_;
    if ($line =~ /^COPY ($IDENTIFIER(?:\.$IDENTIFIER)?) ?(?:\(.*\) )?FROM stdin;/) {
      $table = plain_name($1);
      $count->($table, 0);
      $found->{end} = 0;
    } elsif ($line =~ /^INSERT INTO ($IDENTIFIER(?:\.$IDENTIFIER)?)/) {
      # A statement may have any number of rows.
      $inserted = plain_name($1);
      $found->{rows}{$database}{$inserted} = -1;
      $found->{revision}{$database} = $1 if $inserted =~ /\.alembic_version\z/ && $line =~ /VALUES \('([A-Za-z0-9_.-]+)'/;
      $found->{end} = 0;
    } elsif ($line =~ /^-- Data for Name: (.*); Type: TABLE DATA; Schema: (.*); Owner: /) {
      $count->("$2.$1", 0);
    } elsif ($line =~ /^CREATE (?:UNLOGGED |FOREIGN )?TABLE (?:IF NOT EXISTS )?($IDENTIFIER(?:\.$IDENTIFIER)?)/) {
      $found->{defined}{$database}{ plain_name($1) } = 1;
      $found->{end} = 0;
    } elsif ($line =~ /^\\connect (?:-reuse-previous=on )?(.*?)\s*$/) {
      my $name = $1;
      $name = $1 if $name =~ /^"dbname='(.*)'"\z/;
      $name =~ s/\\(.)/$1/g, $name =~ s/''/'/g if $name =~ /\\/;
      $database = $name =~ /^"(.*)"\z/ ? $1 =~ s/""/"/gr : $name;
      push @{ $found->{databases} }, $database if !grep { $_ eq $database } @{ $found->{databases} };
      $found->{end} = 0;
    } elsif ($line =~ /^-- PostgreSQL database (cluster )?dump( complete)?\r?$/) {
      if (defined $2) { $found->{end} = 1 if defined $1 || $found->{kind} ne 'cluster' }
      else { $found->{kind} = defined $1 ? 'cluster' : $found->{kind} || 'plain'; $found->{end} = 0 }
    } elsif ($line =~ /\S/ && $line !~ /^--|^\\unrestrict /) {
      $found->{end} = 0;
      $found->{revision}{$database} //= $1 if defined $inserted && $inserted =~ /\.alembic_version\z/ && $line =~ /^\s*\('([A-Za-z0-9_.-]+)'\)/;
    }
  };
  my $line = '';
  my $is_open = 1;
  my $is_of_terminal;
  while ($is_open) {
    if (time > $deadline || $in->{at} > 4 * $most_read) { $in->{is_late} = 1; last }
    my $got = sysread $in->{handle}, my $bytes, 1_048_576;
    if (!defined $got) { $in->{is_late} = 1; last }
    if (!$got) { $is_open = 0; $bytes = "\n" }
    $in->{at} += length $bytes;
    my $buffer = $in->{buffer} . $line . $bytes;
    # A terminal in between (`docker exec -t`) ends lines its own way; psql takes both.
    $is_of_terminal //= $buffer =~ /\A[^\n]*\r\n/ ? 1 : 0;
    $buffer =~ s/\r\n/\n/g if $is_of_terminal;
    ($in->{buffer}, $line) = ('', '');
    my $position = 0;
    while ($position < length $buffer) {
      if (defined $table) {
        # A line of data, all lines of data that are there, or its end
        my $stop = substr($buffer, $position, 3) eq "\\.\n" ? $position : index $buffer, "\n\\.\n", $position;
        my $is_stop = $stop >= 0;
        my $data = $is_stop ? ($stop == $position ? '' : substr $buffer, $position, $stop + 1 - $position) : do {
          my $last = rindex $buffer, "\n";
          $last < $position ? '' : substr $buffer, $position, $last + 1 - $position;
        };
        if ($table =~ /\.alembic_version\z/ && $data =~ /^([A-Za-z0-9_.-]+)$/m) { $found->{revision}{$database} = $1 }
        $count->($table, $data =~ tr/\n//);
        $position += length $data;
        if ($is_stop) { $position += 3; $table = undef; next }
        last;
      }
      my $stop = index $buffer, "\n", $position;
      last if $stop < 0;
      $statement->(substr $buffer, $position, $stop - $position > 4096 ? 4096 : $stop - $position);
      $position = $stop + 1;
    }
    $line = substr $buffer, $position;
    # A line that does not end: its beginning is enough, unless it is data
    if (length $line > 16_777_216) { $line = defined $table ? '' : substr $line, 0, 4096 }
  }
  $found->{end} = 0 if defined $table;
  $found->{is_read} = !$is_open;
  return $found;
}

sub is_tar { my ($head) = @_; return length $head >= 512 && substr($head, 257, 5) eq 'ustar' }

# What holds other files: text that is seen in it is not its own.
sub container_of {
  my ($head) = @_;
  return 'zip' if $head =~ /^PK\x03\x04/;
  return '7z' if $head =~ /^7z\xbc\xaf\x27\x1c/;
  return 'rar' if $head =~ /^Rar!/;
  return 'tarball' if is_tar($head) && $head !~ /^(?:\.\/)?toc\.dat\0/;
  return '';
}

# How text begins that pg_dump wrote
sub is_dump_text { my ($head) = @_; return container_of($head) eq '' && $head =~ /^-- PostgreSQL database (?:cluster )?dump\r?$/m }

# What it is that pg_dump did not write
sub text_kind {
  my ($head) = @_;
  my $container = container_of($head);
  return $container if $container ne '';
  return 'zeros' if $head =~ /\A\0+\z/;
  return 'html' if $head =~ /^\s*(?:<!doctype html|<html|<\?xml|<head)/i;
  return 'error' if $head =~ /^(?:pg_dump(?:all)?|psql|docker|Error|error|bash|sh|sudo|permission denied|\/\S+)[^\n]{0,80}: /m && $head !~ /^-- PostgreSQL database/m;
  return 'checksums' if $head =~ /\A(?:\s*(?:[0-9a-f]{32,128}|(?:MD5|SHA\d+) \(.*\) = [0-9a-f]{32,128})\b[^\n]*\n?)+\z/i;
  return 'signature' if $head =~ /^-----BEGIN (?:PGP SIGNATURE|SSH SIGNATURE)-----|^untrusted comment: |^\x88.{1,2}\x04\x00|^\x89..\x04\x00/s;
  return 'sqlite' if $head =~ /^SQLite format 3/;
  return 'mysql' if $head =~ /^-- (?:MySQL|MariaDB) dump/m || $head =~ /^\/\*!?M?!\d{6}/;
  my $odd = $head =~ tr/\x00-\x08\x0e-\x1a\x1c-\x1f//;
  return 'binary' if $odd > length($head) / 100;
  return 'sql' if $head =~ /^\s*(?:INSERT INTO|COPY|CREATE|SET|ALTER|BEGIN|DROP)\b/mi;
  return 'text';
}
