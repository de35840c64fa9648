#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Tries what the unit's sandbox has to refuse, and what it has to allow. Prints a
# line a try; the exit status is the number of those that went the wrong way.
use strict;
use warnings;
use Errno;
use Fcntl;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);

# Calls that Perl has no function for, and their numbers.
my ($machine) = (POSIX::uname())[4] if require POSIX;
my %numbers = (
	x86_64 => { mmap => 9, personality => 135, sched_setscheduler => 144,
		settimeofday => 164, mount => 165, sethostname => 170,
		unshare => 272 },
	aarch64 => { mmap => 222, personality => 92, sched_setscheduler => 119,
		settimeofday => 170, mount => 40, sethostname => 161,
		unshare => 97 },
);
my $number = $numbers{$machine} or die "no numbers for $machine\n";
my ($runtime, $ipc, $interface, $wrong) = (@ARGV, 0);

sub call { my $name = shift; return syscall($number->{$name}, @_) != -1 }

sub tell_result {
	my ($wanted, $what, $did) = @_;
	my $why = $did ? 'done' : "refused ($!)";
	my $right = !$did == !$wanted;

	print $right ? 'ok' : 'not ok', ": $what: $why\n";
	$wrong++ if !$right;
}

sub allows { my ($what, $try) = @_; $! = 0; tell_result(1, $what, $try->()) }
sub refuses { my ($what, $try) = @_; $! = 0; tell_result(0, $what, $try->()) }

sub creates {
	my ($path) = @_;
	return sysopen(my $file, $path, O_WRONLY | O_CREAT) && unlink($path);
}

sub opens {
	my ($family, $type, $protocol) = @_;
	return socket(my $socket, $family, $type, $protocol // 0);
}

sub binds {
	my ($port) = @_;
	socket(my $socket, AF_INET, SOCK_DGRAM, 0) or return 0;
	return bind($socket, pack_sockaddr_in($port, INADDR_LOOPBACK));
}

sub forces_buffer {
	socket(my $socket, AF_INET, SOCK_DGRAM, 0) or return 0;
	return setsockopt($socket, SOL_SOCKET, 33, pack('i', 1 << 24));
}

# Multicast and link-local addresses of IPv6 need to be told the interface.
sub sends {
	my ($address) = @_;
	my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
	my $to = inet_pton($family, $address);
	my $scope = $address =~ /^f[ef]/ ? $interface : 0;

	socket(my $socket, $family, SOCK_DGRAM, 0) or return 0;
	setsockopt($socket, SOL_SOCKET, SO_BROADCAST, 1);
	return send($socket, 'x', 0, $family == AF_INET
	    ? pack_sockaddr_in(9, $to) : pack_sockaddr_in6(9, $to, $scope));
}

sub sets_bits {
	my ($mode) = @_;
	my $path = "$runtime/set-user";
	sysopen(my $file, $path, O_WRONLY | O_CREAT) or return 0;
	my $did = chmod($mode, $path);
	unlink($path);
	return $did;
}

sub status {
	my ($name) = @_;
	open(my $file, '<', '/proc/self/status') or return '';
	return (map { /^$name:\s+(\S+)/ ? $1 : () } <$file>)[0] // '';
}

allows('write in LogsDirectory', sub { creates('/var/log/netlabd/probe') });
allows('write in RuntimeDirectory', sub { creates("$runtime/probe") });
allows('write in a /tmp', sub { creates('/tmp/probe') });
refuses('see what is in the /tmp of others', sub { -e '/tmp/netlabd-marker' });
refuses("write in $_", sub { creates("$_/netlabd-try") })
    for qw(/ /etc /etc/netlabd /usr /var/lib /var/log /run /dev /sys);
refuses('write where everybody may', sub { creates('/srv/netlabd-open/probe') });
refuses("look into $_", sub { glob("$_/*") }) for qw(/root /home);

allows('unix sockets', sub { opens(AF_UNIX, SOCK_DGRAM) });
allows('IPv4', sub { opens(AF_INET, SOCK_STREAM) });
allows('IPv6', sub { opens(AF_INET6, SOCK_STREAM) });
refuses("sockets of family $_", sub { opens($_, SOCK_RAW) }) for (16, 17, 40);
refuses('raw IPv4', sub { opens(AF_INET, SOCK_RAW, 1) });
allows('port 7', sub { binds(7) });
refuses('receive buffers beyond rmem_max', \&forces_buffer);

allows("send to $_", sub { sends($_) })
    for qw(127.0.0.1 10.1.2.3 192.0.2.1 223.1.1.1 ::1 2001:db8::1 fd00::1 fe80::1);
refuses("send to $_", sub { sends($_) })
    for qw(224.0.0.251 240.0.0.1 255.255.255.255 ff02::1);

refuses('memory to write and execute', sub { call('mmap', 0, 4096, 7, 0x22, -1, 0) });
refuses('a namespace', sub { call('unshare', 0x10000000) });
refuses('another personality', sub { call('personality', 8) });
refuses('real time', sub { my $p = pack('i', 1); call('sched_setscheduler', 0, 1, $p) });
refuses('the clock', sub { my $t = pack('qq', time, 0); call('settimeofday', $t, 0) });
refuses('the name of the host', sub { my $n = 'x'; call('sethostname', $n, 1) });
refuses('a mount', sub { my $t = "/tmp\0"; call('mount', $t, $t, $t, 0, 0) });
refuses('another priority', sub { setpriority(0, 0, 5) });
refuses('set-user files', sub { sets_bits(04755) });
refuses('another user', sub { POSIX::setuid(0) });
refuses('a signal for PID 1', sub { kill(0, 1) });

refuses('see other processes', sub { -e '/proc/1/status' });
refuses('see kernel settings', sub { -e '/proc/sys/kernel/osrelease' });
refuses('see devices', sub { -e '/dev/kmsg' || -e '/dev/mem' || -e '/dev/net/tun' });
refuses('a group of processes', sub { mkdir('/sys/fs/cgroup/probe') || mkdir('/sys/fs/cgroup/unified/probe') });
refuses('queues of others', sub { readlink('/proc/self/ns/ipc') eq $ipc });
allows('no other capability', sub { status('CapEff') eq '0000000000000400' });
allows('nor to gain one', sub { status('CapBnd') eq '0000000000000400' && status('NoNewPrivs') eq '1' });
allows('a filter of calls', sub { status('Seccomp') eq '2' });
allows('files for itself alone', sub { status('Umask') eq '0077' });
exit($wrong);
