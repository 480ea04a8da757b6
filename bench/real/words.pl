# SPDX-License-Identifier: BSD-3-Clause
# words.pl COUNT: words are joined, matched, counted in hashes, sorted, and kept
# in nested lists.

use strict;
use warnings;

my $count = shift;
my $total = 0;
for my $turn (1 .. $count) {
	my ($text, %seen, @lists) = ('');
	for my $i (1 .. 8000) {
		my $word = sprintf('%x', ($i * 2654435761 + $turn) % 65536);
		$text .= $word . ' ' x ($i % 7);
		$seen{$word}++;
		push @{ $lists[$i % 100] }, { word => $word, at => length $text };
	}
	my @sorted = sort { $seen{$b} <=> $seen{$a} || $a cmp $b } keys %seen;
	$total += length join ',', @sorted[0 .. 99];
	$total += () = $text =~ /[0-9]+[a-f]+/g;
	(my $changed = $text) =~ s/([a-f]+)/<$1>/g;
	$total += length $changed;
	$total += $_->[-1]{at} for @lists;
	$total += scalar map { split / +/ } grep { /^[a-f]/ } split /  /, $text;
}
print "$total\n";
