#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# perl: hashes, sorting, regular expressions, strings that grow, interpreter
# threads and forks.

source "$(dirname "$0")/lib.bash"
begin 6 perl

cat >"$tmp/work.pl" <<'END'
use strict;
use warnings;
use threads;
use Digest::SHA qw(sha256_hex);
$| = 1;

sub show {
	my ($name, @values) = @_;
	print "$name ", substr(sha256_hex(join ',', @values), 0, 24), "\n";
}

my %table;
$table{$_ * 7919 % 1000003} = "value $_" for 1 .. 200_000;
delete $table{$_ * 7919 % 1000003} for grep { $_ % 3 } 1 .. 200_000;
show('hash', map { "$_=$table{$_}" } sort { $a <=> $b } keys %table);

my $text = join ' ', map { "word$_" x ($_ % 5 + 1) } 1 .. 60_000;
my %seen;
$seen{$1}++ while $text =~ /(\d{2,3})word/g;
show('regex', map { "$_:$seen{$_}" } sort keys %seen);
(my $changed = $text) =~ s/(\d+)/<$1>/g;
show('substitution', $changed);

my $grown = '';
$grown .= chr(97 + $_ % 26) x ($_ % 50) for 1 .. 60_000;
show('growth', $grown);

my @records = map { { id => $_, key => ($_ * 31) % 9973,
	list => [1 .. $_ % 12] } } 1 .. 40_000;
show('records', map { "$_->{id}:" . @{$_->{list}} }
	sort { $a->{key} <=> $b->{key} || $a->{id} <=> $b->{id} } @records);
@records = ();

my @threads = map {
	my $number = $_;
	threads->create(sub {
		my %own = map { $_ => "x" x ($_ % 100) } 1 .. 5000 * $number;
		my $sum = 0;
		$sum += length for values %own;
		return $sum;
	});
} 1 .. 4;
show('threads', map { $_->join } @threads);

my @statuses;
for my $number (1 .. 10) {
	my $child = fork // die "fork: $!";
	if ($child == 0) {
		my @own = map { "y" x ($_ % 200) } 1 .. 5000;
		%table = ();
		exit(@own == 5000 ? $number : 99);
	}
	waitpid $child, 0;
	push @statuses, $?;
}
show('forks', @statuses);

open my $in, '<', '/proc/self/maps' or die "maps: $!";
open my $out, '>', 'maps' or die "maps: $!";
print {$out} readline $in;
close $out;
print "end of work\n";
END

export PERL_HASH_SEED=0
both perl "$tmp/work.pl"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
check "the library is in the process's map" \
	grep -qF " $MIMALLOC_SO" "$tmp/preload/maps"
served perl
finish
