# PHP without plug-ins: arrays, strings, objects in cycles, generators and regular expressions. Once on its own heap
# and once with a malloc for each of its objects.
# needs: php
# programs: php
cat >work.php <<'END'
<?php
class Node { public $next; public $payload; function __construct($p) { $this->payload = $p; } }

function generate($n) { for ($i = 0; $i < $n; $i++) yield "k$i" => str_repeat('v', $i % 100); }

$table = [];
$seed = 7;
for ($i = 0; $i < 60000; $i++) {
  $seed = ($seed * 1103515245 + 12345) % 2147483648;
  $table['key' . $seed % 5000][] = $seed;
}
ksort($table);
echo 'table ', count($table), ' ', substr(hash('sha256', json_encode($table)), 0, 16), "\n";
if (json_decode(json_encode($table), true) != $table) exit(1);
if (unserialize(serialize($table)) != $table) exit(1);

$text = '';
for ($i = 0; $i < 200000; $i++) $text .= chr(97 + $i % 26);
echo 'text ', strlen($text), ' ', md5(strrev($text)), ' ', count(explode('z', $text)), "\n";
echo 'large ', strlen(str_repeat($text, 100)), ' ', crc32(str_replace('abc', 'a longer one', $text)), "\n";

for ($round = 0; $round < 20; $round++) {
  $first = $last = new Node(0);
  for ($i = 1; $i < 5000; $i++) { $last->next = new Node(str_repeat('x', $i % 300)); $last = $last->next; }
  $last->next = $first;
}
unset($first, $last);
echo 'cycles ', gc_collect_cycles() > 0 ? 'collected' : 'none', "\n";
$sum = 0;
foreach (generate(50000) as $key => $value) $sum += strlen($key) + strlen($value);
echo 'generator ', $sum, "\n";
echo 'regexp ', preg_match_all('/[aeiou][^aeiou]+/', $text), ' ', strlen(preg_replace('/b(c)d/', '<$1>', $text)), "\n";
$numbers = range(1, 200000);
usort($numbers, fn($a, $b) => $a * 7919 % 10007 <=> $b * 7919 % 10007);
echo 'sorted ', $numbers[0] * 7919 % 10007, ' ', array_sum($numbers), ' ', count(array_chunk($numbers, 7)), "\n";
$fixed = new SplFixedArray(100000);
$queue = new SplPriorityQueue();
for ($i = 0; $i < 20000; $i++) { $fixed[$i] = "value $i"; $queue->insert($i, $i * 7919 % 10007); }
echo 'spl ', $fixed[19999], ' ', $queue->count(), "\n";
END
# -n: no php.ini, and therefore no plug-ins.
php -n -d memory_limit=512M work.php
USE_ZEND_ALLOC=0 php -n -d memory_limit=512M work.php
