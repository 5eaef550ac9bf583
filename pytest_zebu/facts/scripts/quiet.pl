# Shared: what a program would have said that could not be started, or was killed, is unknown: `unrun(NAME)` says so (far.pl listens for it);
# `unstarted(NAME)` ends the child whose exec failed, which says nothing of a program that is not there; `is_killed(STATUS)` is of one that ended by
# a signal, other than those by which we end it ourselves, or by which it ends where nobody reads on.
use strict;
use warnings;
use POSIX ();

open my $complaints, '>&', \*STDERR;    # no program inherits it
sub unrun { my ($name) = @_; syswrite $complaints, "not run: $name\n" if $complaints; return }
sub unstarted { my ($name) = @_; unrun($name) if $! != POSIX::ENOENT() || grep { -f "$_/$name" } split /:/, $ENV{PATH}; POSIX::_exit(127) }
sub is_killed { my ($status) = @_; my $signal = $status & 127; return $signal && $signal != POSIX::SIGPIPE() && $signal != POSIX::SIGTERM() && $signal != POSIX::SIGALRM() }
