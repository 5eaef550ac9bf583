# Shared: what a program would have said that could not be started, or was killed, is unknown: `unrun(NAME)` says so (far.pl listens for it);
# `unstarted(NAME)` ends the child whose exec failed, which says nothing of a program that is not there; `is_killed(STATUS)` is of one that ended by
# a signal, other than those by which we end it ourselves, or by which it ends where nobody reads on. POSIX takes longer to load than most scripts
# take: it is loaded where something went wrong.
use strict;
use warnings;

open my $complaints, '>&', \*STDERR;    # no program inherits it
sub unrun { my ($name) = @_; syswrite $complaints, "not run: $name\n" if $complaints; return }
sub unstarted { my ($name, $why) = (@_, $! + 0); require POSIX; unrun($name) if $why != POSIX::ENOENT() || grep { -f "$_/$name" } split /:/, $ENV{PATH}; POSIX::_exit(127) }
sub is_killed { my ($status) = @_; my $signal = $status & 127 or return 0; require POSIX; return $signal != POSIX::SIGPIPE() && $signal != POSIX::SIGTERM() && $signal != POSIX::SIGALRM() }
