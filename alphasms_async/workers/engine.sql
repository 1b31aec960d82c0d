-- Only one process makes the tables, however many begin at once; the next then finds them.
-- name: wait_for_others
select pg_advisory_xact_lock(%(key)s);

-- What the tables' schema says of their version; null: it says nothing. No row: there is no schema.
-- name: version
select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %(schema)s;

-- All that a worker's connections do is meant for procrastinate's tables, which name no schema, and
-- sees what others have committed by then, whatever the database is set to.
-- name: use_schema
select set_config('search_path', %(schema)s, false),
  set_config('default_transaction_isolation', 'read committed', false);

-- How many processes have said lately that they take jobs. Each of them is two workers to
-- procrastinate: one for the campaigns, one for the watch.
-- name: workers
select (count(*) + 1) / 2 from alphasms_jobs.procrastinate_workers
where last_heartbeat > now() - make_interval(secs => %(seconds)s);
