# Hashes, regular expressions, closures, threads and a fork.
# needs: perl
# programs: perl
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0
cat >work.pl <<'END'
use strict;
use warnings;
use threads;

sub work {
    my ($seed) = @_;
    my (%count, @lists);
    for my $i (1 .. 20000) {
        $seed = ($seed * 1103515245 + 12345) % 2147483648;
        $count{ "k" . $seed % 500 } .= chr(97 + $seed % 26);
        push @{ $lists[ $seed % 37 ] }, [ $i, "x" x ($seed % 50) ] if $i % 3;
    }
    my $text = join " ", map { "$_=$count{$_}" } sort keys %count;
    my @words = $text =~ /([aeiou][b-df-hj-np-tv-z]{2})/g;
    my $total = 0;
    $total += length $_->[1] for map { @$_ } grep { defined } @lists;
    my @sorted = sort { $a <=> $b || $a cmp $b } map { length } values %count;
    return join ",", scalar @words, $total, @sorted[ 0, 100, -1 ];
}

print "plain $_: ", work($_), "\n" for 1 .. 3;
my @threads = map { my $n = $_; threads->create(sub { work($n) }) } 4 .. 6;
print "thread: ", $_->join, "\n" for @threads;
open my $child, "-|", $^X, "-e", 'print join("", map { $_ * $_ % 10 } 1 .. 100000) =~ tr/4//' or die;
print "child: ", <$child>, "\n";
my $text = "line of text\n" x 100000;
$text =~ s/(\w+) of (\w+)/$2 for $1/g;
print length $text, " ", unpack("%32C*", $text), "\n";
END
perl work.pl
