# PHP with all plug-ins that are installed. It opens them with RTLD_DEEPBIND, which a preloaded dlopen() drops: without
# that, it crashes.
# needs: php
# programs: php
# preload: plugin/no_deepbind.so
cat >work.php <<'END'
<?php
$source = '';
for ($i = 0; $i < 3000; $i++) $source .= "function f$i(\$x) { return \$x + $i; }\n";
if (function_exists('token_get_all')) echo 'tokens ', count(token_get_all("<?php\n" . $source)), "\n";
eval($source);
echo 'functions ', f1(1) + f2999(1), "\n";
if (function_exists('iconv')) echo 'iconv ', strlen(iconv('UTF-8', 'UTF-16LE', str_repeat('é€', 50000))), "\n";
if (class_exists('Phar') || class_exists('PharData')) {
  $archive = new PharData('archive.tar');
  for ($i = 0; $i < 50; $i++) $archive->addFromString("file$i", str_repeat("content $i ", 1000));
  unset($archive);
  echo 'phar ', count(new PharData('archive.tar')), "\n";
}
if (function_exists('ctype_digit')) echo 'ctype ', (int)ctype_digit(str_repeat('7', 10000)), "\n";
if (function_exists('shmop_open')) echo 'plug-ins ', count(get_loaded_extensions()) > 20 ? 'loaded' : 'missing', "\n";
END
php work.php
USE_ZEND_ALLOC=0 php work.php
