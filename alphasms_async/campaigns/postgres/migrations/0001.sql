-- The journal of all campaigns of one database, for many dialers at once. Whatever is due, leased
-- or granted is told by this database's clock alone. An attempt is written before its request may
-- leave, and never taken out. The two large tables have no foreign keys: each of their rows is
-- written by a statement that has just read its parent.

create table alphasms.owner(            -- dialling processes, and whether they live
  id bigint generated always as identity primary key,
  host text not null,
  pid integer not null,
  since timestamptz not null default clock_timestamp(),
  beat timestamptz not null default clock_timestamp(),
  lease interval not null,              -- how long after a beat it is taken to live
  gone_at timestamptz,                  -- it left, or lost its lease: it begins nothing more
  is_swept boolean not null default false  -- and nobody is left whom it was calling
);
create index owner_unswept on alphasms.owner(id) where not is_swept;

create table alphasms.campaign(
  id bigint generated always as identity primary key,
  name text not null unique,
  state text not null default 'ready',
  definition json not null,             -- what stands in the three below is read from there
  budget numeric,
  max_price numeric,
  opt_out text,
  per_second double precision,          -- the pace as it was last set; null is no limit
  quoted numeric,                       -- the highest price of a call that is known
  parts integer not null default 1,     -- the most prices that one of its calls costs
  first bigint not null default 0,      -- its recipients have these ids, the last one included:
  last bigint not null default -1,      -- a campaign is read without the others being looked at
  halted text,                          -- why the last run stopped itself
  workers integer not null default 0,   -- how many runners are wanted for it
  next_slot timestamptz,                -- the first start that was given to nobody yet
  slots_at timestamptz,                 -- when some were given out last
  granted numeric not null default 0,   -- what of the budget is spent, held, or in dialers' hands
  created_at timestamptz not null,
  finished_at timestamptz
) with (fillfactor = 50);

create table alphasms.share(            -- what of a campaign's budget is in one dialer's hands
  campaign bigint not null,
  owner bigint not null,
  is_limited boolean not null,          -- whether there was a budget when it began
  granted numeric not null default 0,
  used numeric not null default 0,      -- how much of it, as the dialer last said
  spent numeric not null default 0,     -- how much of it, as its attempts say: what they cost,
  kept numeric not null default 0,      -- and what they may have cost
  primary key(campaign, owner)
) with (fillfactor = 50);

create table alphasms.recipient(
  id bigint primary key,
  campaign bigint not null,
  line integer not null,
  phone text,                           -- digits; null for one that is never dialled for what it is
  given text,                           -- what the list says, where phone is null
  state text not null,
  reason text,                          -- why it is skipped
  attempts integer not null default 0,  -- the number of the latest attempt
  not_before timestamptz not null default 'epoch',
  columns json                          -- what a template needs
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- One person once per campaign; also finds a number in the other campaigns.
create unique index recipient_once on alphasms.recipient(phone, campaign);
create index recipient_planned on alphasms.recipient(campaign, not_before, id)
  where state = 'planned';
create index recipient_dialing on alphasms.recipient(id) where state = 'dialing';

create table alphasms.attempt(
  recipient bigint not null,
  n integer not null,
  campaign bigint not null,
  owner bigint not null,
  claimed_at timestamptz not null,      -- the intent, durable before the request may leave
  settled_at timestamptz,
  verdict text,                         -- null while nobody knows
  client_id bigint,
  gateway_id bigint,
  reserved numeric,                     -- what the budget held for it
  price numeric,
  error text,
  outcome text,                         -- from here on: what events told
  seconds bigint,
  digits text,
  told_at timestamptz,
  primary key(recipient, n)
) with (fillfactor = 80);

create index attempt_open on alphasms.attempt(owner) where verdict is null;
create index attempt_of_gateway on alphasms.attempt(gateway_id) where gateway_id is not null;

create table alphasms.early_event(      -- events whose attempt has no id of the gateway's yet
  gateway_id bigint primary key,
  event text not null,                  -- JSON
  at timestamptz not null
);

create table alphasms.resolution(       -- what was decided of uncertain attempts, and by whom
  recipient bigint not null,
  n integer not null,
  decided text not null,                -- redial, drop
  who text not null,
  at timestamptz not null
);

create table alphasms.do_not_call(
  phone text primary key,               -- digits
  since timestamptz not null
);

create function alphasms.spent(price numeric) returns numeric
language sql immutable return coalesce(price, 0);

-- What an attempt holds of the budget once it has ended: it was paid, or may have been, and nobody
-- tells how much.
create function alphasms.kept(verdict text, price numeric, reserved numeric) returns numeric
language sql immutable return
  case when price is null and verdict in ('uncertain', 'accepted') then coalesce(reserved, 0)
  else 0 end;
