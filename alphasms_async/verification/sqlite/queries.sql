-- name: create
insert into verification(id, version, body, due_at, forget_at)
values(:id, :version, :body, :due_at, :forget_at);

-- name: replace
update verification
set version = version + 1, body = :body, due_at = :due_at, forget_at = :forget_at
where id = :id and version = :version;

-- name: add_call
insert or replace into call(id, verification) values(:call, :id);

-- name: calls
select id from call where verification = :id order by id;

-- name: get
select id, version, body, due_at, forget_at from verification where id = :id;

-- name: find
select verification.id, version, body, due_at, forget_at
from call join verification on verification.id = call.verification
where call.id = :call;

-- name: due
select id, version, body, due_at, forget_at from verification
where due_at <= :now order by due_at limit :most;

-- name: next_due
select min(due_at) from verification where due_at is not null;

-- name: count_tickets
select count(*) from ticket where quota = :quota and until > :now;

-- name: ticket_over
select until from ticket where quota = :quota and until > :now
order by until limit 1 offset :offset;

-- name: take
insert into ticket(name, quota, until) values(:ticket, :quota, :until);

-- name: give_back
delete from ticket where quota = :quota and name = :ticket;

-- name: forget_verifications
delete from verification where forget_at <= :now;

-- name: forget_tickets
delete from ticket where until <= :now;
