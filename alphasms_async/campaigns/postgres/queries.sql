-- name: is_there
select to_regclass('alphasms.migration') is not null;

-- name: make_schema
create schema if not exists alphasms;

-- name: make_migration
create table if not exists alphasms.migration(
  version integer primary key,
  applied_at timestamptz not null default clock_timestamp());

-- name: newest_migration
select coalesce(max(version), 0) from alphasms.migration;

-- name: add_migration
insert into alphasms.migration(version) values(%(version)s);

-- name: one_migrates
-- The numbers name what is locked, among all that is locked by number in this database.
select pg_advisory_xact_lock(1097617217, 1);

-- name: one_plans
-- So that the ids of a campaign's recipients stand in one row.
select pg_advisory_xact_lock(1097617217, 2);

-- name: one_commands
select pg_advisory_xact_lock(1097617217, 3);

-- name: one_tells
-- An answer that names a call, and an event of that call, see each other: whoever comes second.
-- Each takes them in the same order, so that nobody waits for one who waits for him.
select pg_advisory_xact_lock(1097617218, key)
from (select distinct hashint8(id) as key from unnest(%(gateway_ids)s::bigint[]) as id order by 1) k;

-- name: time
select extract(epoch from clock_timestamp())::float8;

-- name: add_owner
insert into alphasms.owner(host, pid, lease)
values(%(host)s, %(pid)s, make_interval(secs => %(lease)s)) returning id;

-- name: renew
-- Whoever was taken for gone stays gone, however well he is.
update alphasms.owner set beat = clock_timestamp()
where id = %(owner)s and gone_at is null returning id;

-- name: beat
-- Whoever is just claiming has said so himself, and is not waited for.
update alphasms.owner set beat = clock_timestamp() where id = (
  select id from alphasms.owner where id = %(owner)s and gone_at is null for update skip locked);

-- name: lives
select gone_at is null, extract(epoch from clock_timestamp())::float8 from alphasms.owner
where id = %(owner)s;

-- name: lapse
-- A beat that is still to come is none: the clock was set back, and whoever lives says so anew.
update alphasms.owner set gone_at = clock_timestamp()
where not is_swept and gone_at is null
  and clock_timestamp() not between beat - lease and beat + lease;

-- name: any_gone
select exists(select 1 from alphasms.owner where not is_swept and gone_at is not null);

-- name: swept
-- But for those of whose calls another one has just hold of, who will be swept the next time.
update alphasms.owner o set is_swept = true
where not o.is_swept and o.gone_at is not null and not exists(
  select 1 from alphasms.attempt a where a.owner = o.id and a.verdict is null);

-- name: leave
update alphasms.owner set gone_at = clock_timestamp() where id = %(owner)s and gone_at is null;

-- name: open_rows
-- Whose call a dialer that is gone has not ended, or one that is gone from this campaign. Of some
-- an event has told already.
select a.recipient, a.n, r.state = 'dialing' and r.attempts = a.n
from alphasms.owner o
join alphasms.attempt a on a.owner = o.id and a.verdict is null
join alphasms.recipient r on r.id = a.recipient
where (o.gone_at is not null and not o.is_swept
    or o.id = %(owner)s::bigint and r.state = 'dialing' and r.attempts = a.n)
  and (%(campaign)s::bigint is null or a.campaign = %(campaign)s)
for update of r skip locked;

-- name: sweep_attempt
-- What a dialer that is gone left open. Its budget stays held: it may have rung.
update alphasms.attempt
set verdict = 'uncertain', settled_at = to_timestamp(%(now)s), error = %(error)s
where recipient = %(recipient)s and n = %(n)s and verdict is null;

-- name: add_share
insert into alphasms.share(campaign, owner, is_limited)
select id, %(owner)s, budget is not null from alphasms.campaign where id = %(campaign)s
on conflict(campaign, owner) do nothing;

-- name: count_limited
select count(*) from alphasms.share where campaign = %(campaign)s and is_limited;

-- name: wait_for_unlimited
-- Until whoever began without a budget, and is just claiming somebody, has done so.
select 1 from alphasms.share s join alphasms.owner o on o.id = s.owner
where s.campaign = %(campaign)s and not s.is_limited order by o.id for update of o;

-- name: lock_shares
-- Of all who are gone, and of one who leaves a campaign: what they hold is told once nobody writes.
select 1 from alphasms.share s join alphasms.owner o on o.id = s.owner
where o.gone_at is not null
  or s.campaign = %(campaign)s::bigint and s.owner = %(owner)s::bigint
order by s.campaign, s.owner for update of s;

-- name: close_shares
-- Of the same: what is neither spent nor held, nor reserved for a call that is open, goes back;
-- what calls cost beyond what was given is taken.
with closed as (
  delete from alphasms.share s using alphasms.owner o
  where o.id = s.owner and (o.gone_at is not null
    or s.campaign = %(campaign)s::bigint and s.owner = %(owner)s::bigint)
  returning s.campaign, s.owner, s.granted, s.spent, s.kept, s.is_limited
), open as (
  select a.campaign, a.owner, sum(coalesce(a.reserved, 0)) as reserved
  from closed c
  join alphasms.attempt a on a.owner = c.owner and a.campaign = c.campaign and a.verdict is null
  group by a.campaign, a.owner
), back as (
  select c.campaign, sum(c.granted - c.spent - c.kept - coalesce(o.reserved, 0)) as amount
  from closed c left join open o on o.campaign = c.campaign and o.owner = c.owner
  where c.is_limited group by c.campaign
)
update alphasms.campaign c set granted = c.granted - b.amount
from back b where b.campaign = c.id;

-- name: lock_campaign_named
select 1 from alphasms.campaign where name = %(name)s for update;

-- name: lock_campaign
select budget from alphasms.campaign where id = %(campaign)s for update;

-- name: set_granted
update alphasms.campaign set granted = %(granted)s::numeric where id = %(campaign)s;

-- name: grant
-- The last of the money is halved again and again, so that it does not lie with one dialer.
with room as (
  select budget - granted as whole from alphasms.campaign
  where id = %(campaign)s
), gift as (
  select case when whole < %(least)s::numeric then 0
    when %(amount)s::numeric is null then whole
    else least(whole, %(amount)s::numeric, greatest(%(least)s::numeric, trunc(whole / 2, 2))) end
    as amount from room
), from_campaign as (
  update alphasms.campaign c set granted = c.granted + g.amount from gift g
  where c.id = %(campaign)s and g.amount > 0
), to_share as (
  update alphasms.share s set granted = s.granted + g.amount,
    used = greatest(s.used, %(used)s::numeric)
  from gift g where s.campaign = %(campaign)s and s.owner = %(owner)s
)
select g.amount::text, exists(
  select 1 from alphasms.share s join alphasms.owner o on o.id = s.owner
  where s.campaign = %(campaign)s and s.owner <> %(owner)s and o.gone_at is null
    and s.granted > s.used), (
  select quoted::text from alphasms.campaign where id = %(campaign)s)
from gift g;

-- name: give_back
with from_share as (
  update alphasms.share set granted = granted - %(amount)s::numeric,
    used = greatest(used, %(used)s::numeric)
  where campaign = %(campaign)s and owner = %(owner)s
  returning campaign
)
update alphasms.campaign c set granted = c.granted - %(amount)s::numeric
from from_share s where c.id = s.campaign;

-- name: slots
-- No start is given out that is past, nor two nearer than the pace allows: steps are rounded up.
-- Where the clock was set back since the last time, all that was given out moves with it.
with pace as (
  select greatest(
      next_slot - greatest(slots_at - clock_timestamp(), interval '0'), clock_timestamp()) as first,
    make_interval(secs => ceil(1e6 / per_second) / 1e6) as step
  from alphasms.campaign where id = %(campaign)s and per_second is not null
)
update alphasms.campaign c
set next_slot = p.first + %(count)s * p.step, slots_at = clock_timestamp() from pace p
where c.id = %(campaign)s
returning extract(epoch from p.first - clock_timestamp())::float8,
  extract(epoch from p.step)::float8;

-- name: tell_price
update alphasms.campaign set quoted = %(price)s::numeric
where id = %(campaign)s and (quoted is null or quoted < %(price)s::numeric);

-- name: set_workers
update alphasms.campaign
set workers = %(workers)s, halted = case when %(workers)s > 0 then null else halted end
where name = %(name)s and state <> 'cancelled' returning id;

-- name: enlisted
select c.name, c.workers, (
  select extract(epoch from min(r.not_before))::float8 from alphasms.recipient r
  where r.campaign = c.id and r.state = 'planned')
from alphasms.campaign c
where c.workers > 0 and c.state = 'ready' and c.halted is null
  and exists(select 1 from alphasms.recipient r where r.campaign = c.id and r.state = 'planned')
order by c.id;

-- name: dialers
select count(*) from alphasms.share s join alphasms.owner o on o.id = s.owner
where s.campaign = %(campaign)s and o.gone_at is null
  and clock_timestamp() between o.beat - o.lease and o.beat + o.lease;

-- name: move
update alphasms.recipient set state = %(state)s, not_before = to_timestamp(%(not_before)s)
where id = %(recipient)s;

-- name: shorten_unsent
-- Whoever has never left since rests for that alone; the others wait for their redial.
update alphasms.recipient r set not_before = to_timestamp(%(latest)s)
where r.campaign = %(campaign)s and r.state = 'planned' and r.not_before > to_timestamp(%(latest)s)
  and exists(select 1 from alphasms.attempt a
    where a.recipient = r.id and a.n = r.attempts and a.verdict in ('not_sent', 'put_back'));

-- name: shorten_all
update alphasms.recipient set not_before = to_timestamp(%(latest)s)
where campaign = %(campaign)s and state = 'planned' and not_before > to_timestamp(%(latest)s);

-- name: add_campaign
insert into alphasms.campaign(name, definition, budget, max_price, opt_out, per_second, quoted,
  created_at)
values(%(name)s, %(definition)s, %(budget)s, %(max_price)s, %(opt_out)s, %(per_second)s, %(quoted)s,
  to_timestamp(%(now)s)) returning id;

-- name: make_listed
create temporary table listed(
  seq bigint generated always as identity, line integer, phone text, given text, columns text
) on commit drop;

-- name: copy_listed
copy listed(line, phone, given, columns) from stdin;

-- name: add_listed
-- A number that stands in the list twice is dialled where it stands first.
insert into alphasms.recipient(id, campaign, line, phone, given, state, reason, columns)
select %(before)s + l.seq, %(campaign)s, l.line,
  case when l.nth = 1 then l.phone end,
  case when l.phone is null then l.given when l.nth > 1 then l.phone end,
  case when l.nth = 1 and d.phone is null then 'planned' else 'skipped' end,
  case when l.phone is null then 'invalid' when l.nth > 1 then 'duplicate'
    when d.phone is not null then 'do_not_call' end,
  case when l.nth = 1 then l.columns::json end
from (
  select *, case when phone is not null then row_number() over (partition by phone order by seq) end
    as nth
  from listed) l
left join alphasms.do_not_call d on d.phone = l.phone
order by l.seq;

-- name: last_recipient
select coalesce(max(last) filter (where last > 0), 0) from alphasms.campaign;

-- name: count_recent
-- Planned numbers that another campaign has called, or may have called, since a moment.
select count(*)
from alphasms.campaign c join alphasms.recipient r on r.id between c.first and c.last
where c.id = %(campaign)s and r.state = 'planned' and r.phone in (
  select o.phone from alphasms.attempt a join alphasms.recipient o on o.id = a.recipient
  where a.claimed_at >= to_timestamp(%(since)s) and a.campaign <> %(campaign)s
  and (a.verdict is null or a.verdict in ('accepted', 'uncertain')));

-- name: campaigns
select id, name, state, definition::text, per_second, quoted::text, parts, halted,
  extract(epoch from created_at)::float8, extract(epoch from finished_at)::float8
from alphasms.campaign order by id;

-- name: campaign_named
select id, name, state, definition::text, per_second, quoted::text, parts, halted,
  extract(epoch from created_at)::float8, extract(epoch from finished_at)::float8
from alphasms.campaign where name = %(name)s;

-- name: campaign_state
-- Locked, for what is decided by it must still be so when that is committed.
select state from alphasms.campaign where id = %(campaign)s for update;

-- name: set_campaign_state
update alphasms.campaign set state = %(state)s, finished_at = to_timestamp(%(finished_at)s)
where id = %(campaign)s;

-- name: set_campaign_rows
update alphasms.campaign set first = %(first)s, last = %(last)s, parts = %(parts)s
where id = %(campaign)s;

-- name: set_campaign_quoted
update alphasms.campaign set quoted = %(quoted)s where id = %(campaign)s;

-- name: reopen_campaign
-- Locked first: whoever is about to finish it ends before, or finds somebody planned.
with locked as (
  select id, state from alphasms.campaign where id = %(campaign)s for update
)
update alphasms.campaign c set state = 'ready', finished_at = null
from locked l where c.id = l.id and l.state = 'finished';

-- name: set_campaign_definition
update alphasms.campaign set definition = %(definition)s, budget = %(budget)s,
  max_price = %(max_price)s, opt_out = %(opt_out)s
where id = %(campaign)s;

-- name: set_campaign_pace
-- The new pace holds for the very next start that is given out. The same one again changes nothing,
-- for its starts are in hand.
update alphasms.campaign set per_second = %(per_second)s, next_slot = case
  when per_second is not distinct from %(per_second)s::float8 then next_slot
  when %(per_second)s::float8 is not null then least(next_slot,
    clock_timestamp() + make_interval(secs => 1 / %(per_second)s::float8)) end
where id = %(campaign)s;

-- name: set_campaign_halted
update alphasms.campaign set halted = %(halted)s where id = %(campaign)s;

-- name: any_attempt
select 1 from alphasms.campaign c join alphasms.attempt a on a.recipient between c.first and c.last
where c.id = %(campaign)s limit 1;

-- name: lock_recipients
select r.id from alphasms.campaign c
join alphasms.recipient r on r.id between c.first and c.last
where c.name = %(name)s for update of r;

-- name: delete_recipients
delete from alphasms.recipient r using alphasms.campaign c
where c.id = %(campaign)s and r.id between c.first and c.last;

-- name: delete_campaign
delete from alphasms.campaign where id = %(campaign)s;

-- name: claim
-- Whoever is being claimed by another dialer is passed over. Those who were claimed before stay
-- in the index until it is vacuumed, and are not walked over each time. A dialer that began before
-- there was a budget is given nobody more: it does not know what it may spend.
with due as materialized (
  select r.id, r.line, r.phone, r.attempts, r.columns, r.not_before,
    exists(select 1 from alphasms.do_not_call d where d.phone = r.phone) as is_forbidden
  from alphasms.campaign c join alphasms.recipient r on r.campaign = c.id
  where c.id = %(campaign)s and c.state = 'ready' and r.state = 'planned'
    and r.not_before <= to_timestamp(%(now)s)
    and (r.not_before, r.id) > (to_timestamp(%(after_at)s), %(after_id)s)
    and (c.budget is null or not exists(
      select 1 from alphasms.share s
      where s.campaign = c.id and s.owner = %(owner)s and not s.is_limited))
  order by r.not_before, r.id limit %(count)s
  for update of r skip locked
), taken as (
  select *, row_number() over (order by not_before, id) as k from due where not is_forbidden
), skipped as (
  update alphasms.recipient r set state = 'skipped', reason = 'do_not_call'
  from due d where r.id = d.id and d.is_forbidden
), moved as (
  update alphasms.recipient r set state = 'dialing', attempts = r.attempts + 1
  from taken t where r.id = t.id
), intended as (
  insert into alphasms.attempt(recipient, n, campaign, owner, claimed_at, client_id, reserved)
  select t.id, t.attempts + 1, %(campaign)s, %(owner)s, to_timestamp(%(now)s), a.client_id,
    a.reserved
  from taken t join unnest(%(client_ids)s::bigint[], %(reserved)s::numeric[])
    with ordinality as a(client_id, reserved, k) using (k)
)
select id, attempts + 1, line, phone, columns::text, is_forbidden,
  extract(epoch from not_before)::float8
from due order by not_before, id;

-- name: skip
update alphasms.recipient set state = 'skipped', reason = %(reason)s
where id = %(recipient)s and state = 'planned';

-- name: skip_planned
update alphasms.recipient set state = 'skipped', reason = %(reason)s
where campaign = %(campaign)s and state = 'planned' returning id;

-- name: row
-- Locked, for whoever asks is about to move it.
select state, attempts, phone, campaign from alphasms.recipient where id = %(recipient)s for update;

-- name: attempt
select verdict, gateway_id, outcome, seconds, digits, extract(epoch from claimed_at)::float8
from alphasms.attempt where recipient = %(recipient)s and n = %(n)s;

-- name: sent_later
-- Attempts after this one that may have left.
select count(*) from alphasms.attempt where recipient = %(recipient)s and n > %(n)s
  and (verdict is null or verdict not in ('not_sent', 'put_back'));

-- name: settle
-- All at once, those of a row's latest attempt of which nothing has been told yet: there is
-- nothing to weigh.
with told as (
  select * from unnest(%(recipients)s::bigint[], %(ns)s::integer[], %(states)s::text[],
    %(verdicts)s::text[], %(prices)s::numeric[], %(gateway_ids)s::bigint[], %(errors)s::text[])
    as t(recipient, n, state, verdict, price, gateway_id, error)
), ended as (
  update alphasms.recipient r set state = t.state, not_before = 'epoch' from told t
  where r.id = t.recipient and r.attempts = t.n and r.state = 'dialing'
    and not exists(select 1 from alphasms.early_event e where e.gateway_id = t.gateway_id)
  returning t.*
), settled as (
  update alphasms.attempt a set verdict = e.verdict, settled_at = to_timestamp(%(now)s),
    price = coalesce(e.price, a.price), gateway_id = coalesce(e.gateway_id, a.gateway_id),
    error = e.error
  from ended e where a.recipient = e.recipient and a.n = e.n
  returning a.campaign, a.owner, alphasms.spent(a.price) as spent,
    alphasms.kept(a.verdict, a.price, a.reserved) as kept
), sums as (
  select campaign, owner, sum(spent) as spent, sum(kept) as kept from settled group by 1, 2
), paid as (
  update alphasms.share s set spent = s.spent + x.spent, kept = s.kept + x.kept
  from sums x where s.campaign = x.campaign and s.owner = x.owner
)
select recipient from ended;

-- name: settle_attempt
-- What was settled stays settled, but for an uncertain one, of which the truth may come later.
-- That it was not sent settles no doubt, neither of the row nor of its money. Where its dialer's
-- share is closed, the campaign holds what the call may cost, and here is told what it did.
with before as (
  select * from alphasms.attempt where recipient = %(recipient)s and n = %(n)s for update
), settled as (
  update alphasms.attempt a set verdict = %(verdict)s, settled_at = to_timestamp(%(now)s),
    price = coalesce(%(price)s::numeric, a.price),
    gateway_id = coalesce(%(gateway_id)s::bigint, a.gateway_id), error = %(error)s
  from before b
  where a.recipient = b.recipient and a.n = b.n and (b.verdict is null
    or b.verdict = 'uncertain' and %(verdict)s::text in ('accepted', 'refused', 'uncertain'))
  returning a.campaign, a.owner, alphasms.spent(a.price) - alphasms.spent(b.price) as spent,
    alphasms.kept(a.verdict, a.price, a.reserved) - alphasms.kept(b.verdict, b.price, b.reserved)
    as kept,
    case when b.verdict is null then coalesce(b.reserved, 0) else 0 end as open
), in_share as (
  update alphasms.share s set spent = s.spent + x.spent, kept = s.kept + x.kept
  from settled x where s.campaign = x.campaign and s.owner = x.owner returning s.owner
)
update alphasms.campaign c set granted = c.granted + x.spent + x.kept - x.open
from settled x
where c.id = x.campaign and not exists(select 1 from in_share) and x.spent + x.kept <> x.open;

-- name: attempt_of_gateway
select recipient, n from alphasms.attempt where gateway_id = %(gateway_id)s
order by claimed_at desc limit 1;

-- name: tell_attempt
update alphasms.attempt set outcome = %(outcome)s, seconds = %(seconds)s, digits = %(digits)s,
  told_at = to_timestamp(%(at)s), gateway_id = coalesce(gateway_id, %(gateway_id)s::bigint)
where recipient = %(recipient)s and n = %(n)s;

-- name: opt_out
-- Whoever has pressed the campaign's key for it; without such a key nobody has.
insert into alphasms.do_not_call(phone, since)
select %(phone)s, to_timestamp(%(now)s) from alphasms.campaign
where id = %(campaign)s
  and position(nullif(opt_out, '') in %(digits)s::text) > 0
on conflict(phone) do nothing;

-- name: outcomes_so_far
select count(*) from alphasms.attempt where recipient = %(recipient)s and outcome is not null;

-- name: keep_early
insert into alphasms.early_event(gateway_id, event, at)
values(%(gateway_id)s, %(event)s, to_timestamp(%(now)s))
on conflict(gateway_id) do update set event = excluded.event, at = excluded.at;

-- name: count_early
select count(*) from alphasms.early_event;

-- name: forget_oldest_early
delete from alphasms.early_event where gateway_id in (
  select gateway_id from alphasms.early_event order by at, gateway_id limit %(count)s);

-- name: early
select event from alphasms.early_event where gateway_id = %(gateway_id)s;

-- name: forget_early
delete from alphasms.early_event where gateway_id = %(gateway_id)s;

-- name: forget_old_early
delete from alphasms.early_event where at < to_timestamp(%(before)s);

-- name: next_due
select extract(epoch from min(not_before))::float8 from alphasms.recipient
where campaign = %(campaign)s and state = 'planned';

-- name: left_to_dial
select exists(
  select 1 from alphasms.recipient where campaign = %(campaign)s and state = 'planned')
or exists(
  select 1 from alphasms.recipient where campaign = %(campaign)s and state = 'dialing');

-- name: count_states
select r.state, r.reason, count(*)
from alphasms.campaign c join alphasms.recipient r on r.id between c.first and c.last
where c.id = %(campaign)s group by 1, 2;

-- name: count_outcomes
select a.outcome, a.digits, count(*)
from alphasms.campaign c join alphasms.attempt a on a.recipient between c.first and c.last
where c.id = %(campaign)s and a.outcome is not null group by 1, 2;

-- name: sums
-- Few different sums stand in a campaign, so the exact addition is done over groups.
select r.state, r.reason, a.verdict, a.outcome is not null, a.price::text, a.reserved::text,
  count(*)
from alphasms.campaign c join alphasms.recipient r on r.id between c.first and c.last
join alphasms.attempt a on a.recipient = r.id
where c.id = %(campaign)s group by 1, 2, 3, 4, a.price, a.reserved;

-- name: campaign_prices
select parts, quoted::text, max_price::text from alphasms.campaign
where id = %(campaign)s;

-- name: span
select extract(epoch from min(first))::float8, extract(epoch from max(last))::float8, max(count)
from (
  select min(a.claimed_at) as first, max(a.claimed_at) as last, count(*) as count
  from alphasms.campaign c join alphasms.attempt a on a.recipient between c.first and c.last
  where c.id = %(campaign)s group by date_trunc('minute', a.claimed_at at time zone 'UTC')) m;

-- name: began
-- Few different sums stand in a campaign, so these are few rows however many attempts there are.
select trunc(extract(epoch from a.claimed_at)::float8 - %(since)s)::bigint / %(seconds)s,
  a.verdict, a.price::text, count(*)
from alphasms.campaign c join alphasms.attempt a on a.recipient between c.first and c.last
where c.id = %(campaign)s group by 1, 2, a.price;

-- name: rows
-- An error says that nobody knows, or that nothing rang; an outcome has disproved that.
select r.id, r.line, r.phone, r.given, r.state, r.reason, r.attempts, a.gateway_id, a.client_id,
  a.price::text, a.outcome, a.seconds, a.digits, case when a.outcome is null then a.error end,
  extract(epoch from a.claimed_at)::float8, extract(epoch from a.told_at)::float8, r.columns::text
from alphasms.campaign c
join alphasms.recipient r on r.id between greatest(c.first, %(after)s + 1) and c.last
left join alphasms.attempt a on a.recipient = r.id and a.n = r.attempts
where c.id = %(campaign)s order by r.id limit %(limit)s;

-- name: rows_in_states
select r.id, r.line, r.phone, r.given, r.state, r.reason, r.attempts, a.gateway_id, a.client_id,
  a.price::text, a.outcome, a.seconds, a.digits, case when a.outcome is null then a.error end,
  extract(epoch from a.claimed_at)::float8, extract(epoch from a.told_at)::float8, r.columns::text
from alphasms.campaign c
join alphasms.recipient r on r.id between greatest(c.first, %(after)s + 1) and c.last
left join alphasms.attempt a on a.recipient = r.id and a.n = r.attempts
where c.id = %(campaign)s
  and r.state in (select json_array_elements_text(%(states)s::json)) order by r.id limit %(limit)s;

-- name: attempts
select a.recipient, a.n, extract(epoch from a.claimed_at)::float8,
  extract(epoch from a.settled_at)::float8, a.verdict, a.price::text, a.outcome, a.error
from alphasms.campaign c
join alphasms.attempt a on a.recipient between greatest(c.first, %(recipient)s) and c.last
where c.id = %(campaign)s and (a.recipient, a.n) > (%(recipient)s, %(n)s)
order by a.recipient, a.n limit %(limit)s;

-- name: add_resolution
insert into alphasms.resolution(recipient, n, decided, who, at)
values(%(recipient)s, %(n)s, %(decided)s, %(who)s, to_timestamp(%(now)s));

-- name: add_do_not_call
insert into alphasms.do_not_call(phone, since) values(%(phone)s, to_timestamp(%(now)s))
on conflict(phone) do nothing returning phone;

-- name: remove_do_not_call
delete from alphasms.do_not_call where phone = %(phone)s returning phone;

-- name: do_not_call
select phone from alphasms.do_not_call order by phone collate "C";

-- name: campaign_definition
select definition::text from alphasms.campaign where id = %(campaign)s;
