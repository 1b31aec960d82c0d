-- One row for each verification; times are seconds since 1970.
create table verification(
    id text primary key,
    version integer not null,
    body text not null,
    due_at real,
    forget_at real not null
) strict;

create index verification_due on verification(due_at) where due_at is not null;

create index verification_old on verification(forget_at);

-- Which verification a call or message of the gateway's belongs to.
create table call(
    id integer primary key,
    verification text not null references verification(id) on delete cascade
) strict;

create index call_of on call(verification);

-- What counts against a quota, until it no longer does.
create table ticket(
    name text not null,
    quota text not null,
    until real not null,
    primary key(quota, until, name)
) strict, without rowid;

create index ticket_old on ticket(until);
