#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# usage: numbered.pl PORT PER-SECOND SECONDS
# Sends numbered datagrams to an echo on localhost, waits at the end for answers
# still under way, and prints what became of them. Fails when one has no answer.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant { PATIENCE_S => 5, STEP_S => 0.001, SO_RCVBUFFORCE => 33 };

my ($port, $rate, $seconds) = @ARGV;
my $server = pack_sockaddr_in($port, INADDR_LOOPBACK);
my ($total, $sent, $wrong, $silence, %answers) = ($rate * $seconds, 0, 0, 0);

sub now { return clock_gettime(CLOCK_MONOTONIC) }

# Not connected: a refusal must not be told to the next datagram's send().
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
# After a pause many answers come at once; none must be lost here.
setsockopt($socket, SOL_SOCKET, SO_RCVBUFFORCE, pack('i', 16 << 20)) or die "queue: $!\n";
my $begin = now();
my $heard = $begin;

sub take_answers {
	while (defined recv($socket, my $data, 64, MSG_DONTWAIT)) {
		my $now = now();
		my ($number) = $data =~ /^number ([0-9]+)$/i;
		$silence = $now - $heard if $now - $heard > $silence;
		$heard = $now;
		defined $number && $number < $sent ? $answers{$number}++ : $wrong++;
	}
}

sub wait_readable {
	vec(my $readable = '', fileno($socket), 1) = 1;
	select($readable, undef, undef, STEP_S);
}

while ($sent < $total) {
	my $due = int((now() - $begin) * $rate) + 1;
	while ($sent < $due && $sent < $total) {
		send($socket, 'number ' . $sent, 0, $server) or die "send: $!\n";
		$sent++;
	}
	take_answers();
	wait_readable();
}
my $sent_in = now() - $begin;
my $end = now() + PATIENCE_S;
while (keys %answers < $sent && now() < $end) {
	take_answers();
	wait_readable();
}

my $unanswered = $sent - keys %answers;
my $repeated = grep { $_ > 1 } values %answers;
printf "%d datagrams in %.1f s, %d unanswered, %d answered twice, %d wrong; " .
    "at most %d ms without an answer\n",
    $sent, $sent_in, $unanswered, $repeated, $wrong, $silence * 1000;
exit($unanswered + $repeated + $wrong > 0);
