# A server on a socket in this folder: pgbench's clients, whose sums must agree in the end; queries that sort, hash and
# aggregate in parallel; large values, JSON and a procedure; a dump that is restored.
# needs: initdb postgres psql pgbench pg_dump
# programs: initdb postgres psql pgbench pg_dump
initdb -D data -U tester --auth=trust --no-sync --locale=C --encoding=UTF8 >initdb.log
postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c max_parallel_workers=4 \
  >server.log 2>&1 &
server=$!
trap 'kill -QUIT $server 2>/dev/null || true' EXIT
export PGHOST="$PWD" PGUSER=tester PGDATABASE=postgres
tries=0
until psql -Atc 'select 1' >ready 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ]; then
    cat server.log ready
    exit 1
  fi
  sleep 0.1
done

pgbench -q -i -s 2 >pgbench.log 2>&1
pgbench -n -c 6 -j 2 -t 250 >>pgbench.log 2>&1 || { cat pgbench.log; exit 1; }
psql -At -v ON_ERROR_STOP=1 <<'END'
select count(*) from pgbench_history;
select (select sum(abalance) from pgbench_accounts) = sum(delta),
  (select sum(bbalance) from pgbench_branches) = sum(delta),
  (select sum(tbalance) from pgbench_tellers) = sum(delta) from pgbench_history;
create table orders as select i as id, 'customer ' || (i * 7919 % 1000) as customer, i * 31 % 97 as amount,
  repeat(chr(97 + i % 26), i % 300) as note from generate_series(1, 100000) i;
create index by_customer on orders(customer);
analyze orders;
select count(*), sum(amount), sum(length(note)) from orders;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set work_mem = '64kB';
select customer, sum(amount), md5(string_agg(note, ',' order by id)) from orders group by 1 order by 2 desc, 1 limit 5;
select count(*), sum(a.amount * b.amount) from orders a join orders b on b.id = a.id + 5000 and a.note < b.note;
select md5(string_agg(t, '')) from (select note || id as t from orders order by note desc, id limit 20000) s;
set work_mem = '64MB';
select sum(length(v)) from (select string_agg(note, '') as v from orders group by id % 7) s;
select count(*), sum((d->>'n')::int), md5(jsonb_agg(d order by (d->>'n')::int)::text)
  from (select jsonb_build_object('n', i, 'l', jsonb_build_array(i, i * 2, repeat('x', i % 50))) as d
        from generate_series(1, 20000) i) s;
do $$
declare words text[] := '{}'; total bigint := 0;
begin
  for i in 1..3000 loop words := words || md5(i::text); end loop;
  for i in 1..3000 loop total := total + position('a' in words[i]); end loop;
  for i in 1..500 loop
    begin perform 1 / (i % 5); exception when division_by_zero then total := total + 1000; end;
  end loop;
  raise notice '%', total;
  create table sums as select total as total;
end $$;
select total from sums;
create table large as select repeat(md5(i::text), 40000) as value from generate_series(1, 8) i;
select sum(length(value)), md5(string_agg(md5(value), '' order by value)) from large;
select count(regexp_replace(note, '(a+|b+)', '<\1>', 'g')) from orders where note ~ '^(a|b)+$';
END
pg_dump -t orders -t large >dump
psql -q -c 'create database again'
psql -qAt -d again -v ON_ERROR_STOP=1 -f dump >restored
psql -At -d again -c 'select count(*), sum(amount), md5(string_agg(note, $$,$$ order by id)) from orders' \
  -c 'select sum(length(value)) from large'
kill -INT $server
wait $server
