-- The journal of all campaigns of one file. Times are seconds since 1970 in UTC, sums are exact
-- decimal texts. An attempt is written before its request may leave, and never taken out.

create table owner(                     -- who wrote this file, the newest last; a fence for the older
  id integer primary key,
  host text not null,
  pid integer not null,                 -- 0 once it has closed the file
  since real not null
) strict;

create table inbox(                     -- how far the inbox of this journal was read
  epoch text primary key,               -- which inbox: a new file counts from 1 again
  last integer not null
) strict;

create table campaign(
  id integer primary key,
  name text not null unique,
  state text not null default 'ready',
  definition text not null,             -- JSON
  per_second real,                      -- the pace as it was last set; null is no limit
  quoted text,                          -- the highest price quoted when it was planned
  parts integer not null default 1,     -- the most prices that one of its calls costs
  first integer not null default 0,     -- its recipients have these ids, the last one included:
  last integer not null default -1,     -- a campaign is read without the others being looked at
  halted text,                          -- why the last run stopped itself
  created_at real not null,
  finished_at real
) strict;

create table recipient(
  id integer primary key,
  campaign integer not null references campaign on delete cascade,
  line integer not null,
  phone text,                           -- digits; null for one that is never dialled for what it is
  given text,                           -- what the list says, where phone is null
  state text not null,
  reason text,                          -- why it is skipped
  attempts integer not null default 0,  -- the number of the latest attempt
  not_before real not null default 0,
  columns text                          -- JSON: what a template needs
) strict;

-- One person once per campaign; also finds a number in the other campaigns.
create unique index recipient_once on recipient(phone, campaign);
create index recipient_planned on recipient(campaign, not_before, id) where state = 'planned';
create index recipient_dialing on recipient(id) where state = 'dialing';

create table attempt(
  recipient integer not null references recipient on delete cascade,
  n integer not null,
  campaign integer not null,
  owner integer not null,
  claimed_at real not null,             -- the intent, durable before the request may leave
  settled_at real,
  verdict text,                         -- null while nobody knows
  client_id integer,
  gateway_id integer,
  reserved text,                        -- what the budget held for it
  price text,
  error text,
  outcome text,                         -- from here on: what events told
  seconds integer,
  digits text,
  told_at real,
  primary key(recipient, n)
) strict, without rowid;

create index attempt_of_gateway on attempt(gateway_id) where gateway_id is not null;

create table early_event(               -- events whose attempt has no id of the gateway's yet
  gateway_id integer primary key,
  event text not null,                  -- JSON
  at real not null
) strict;

create table resolution(                -- what was decided of uncertain attempts, and by whom
  recipient integer not null references recipient on delete cascade,
  n integer not null,
  decided text not null,                -- redial, drop
  who text not null,
  at real not null
) strict;

create table do_not_call(
  phone text primary key,               -- digits
  since real not null
) strict, without rowid;
