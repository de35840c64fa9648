#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# usage: crowd.pl TCP-PORT COUNT DATAGRAMS UDP-PORT...
# So many connections on localhost that send and never read, and so many
# datagrams to each port; prints "holding" and waits for the end of its input.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $count, $datagrams, @floods) = @ARGV;
my $text = ('x' x 99 . "\n") x 640;
my @crowd;

$SIG{PIPE} = 'IGNORE';
$| = 1;
for (1 .. $count) {
	my $sock = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1', PeerPort => $port, Blocking => 0);
	push @crowd, $sock if $sock;
}
for (1 .. 50) {
	for my $sock (@crowd) {
		while (syswrite $sock, $text) {}
	}
	select undef, undef, undef, 0.01;
}
for my $flood (@floods) {
	my $sock = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1', PeerPort => $flood, Proto => 'udp');
	send $sock, substr($text, 0, 1400), 0 for 1 .. $datagrams;
}
print 'holding ', scalar @crowd, "\n";
1 while <STDIN>;
