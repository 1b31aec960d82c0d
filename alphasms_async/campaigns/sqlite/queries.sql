-- name: newest_owner
select max(id) from owner;

-- name: newest_process
select pid from owner order by id desc limit 1;

-- name: wait_for_nobody
pragma busy_timeout = 0;

-- name: leave
update owner set pid = 0 where id = :owner;

-- name: add_owner
insert into owner(host, pid, since) values(:host, :pid, :now) returning id;

-- name: open_rows
select id, attempts, true from recipient
where state = 'dialing' and (:campaign is null or campaign = :campaign);

-- name: sweep_attempt
-- What a dialer that is gone left open. Its budget stays held: it may have rung.
update attempt set verdict = 'uncertain', settled_at = :now, error = :error
where recipient = :recipient and n = :n and verdict is null;

-- name: move
update recipient set state = :state, not_before = :not_before where id = :recipient;

-- name: shorten_unsent
-- Whoever has never left since rests for that alone; the others wait for their redial.
update recipient set not_before = :latest
where campaign = :campaign and state = 'planned' and not_before > :latest and exists(
  select 1 from attempt a
  where a.recipient = recipient.id and a.n = recipient.attempts and a.verdict in ('not_sent', 'put_back'));

-- name: shorten_all
update recipient set not_before = :latest
where campaign = :campaign and state = 'planned' and not_before > :latest;

-- name: inbox_last
select last from inbox where epoch = :epoch;

-- name: set_inbox_last
insert into inbox(epoch, last) values(:epoch, :last)
on conflict(epoch) do update set last = excluded.last;

-- name: begin_letter
savepoint letter;

-- name: undo_letter
rollback to letter;

-- name: end_letter
release letter;

-- name: add_campaign
insert into campaign(name, definition, per_second, quoted, created_at)
values(:name, :definition, :per_second, :quoted, :now) returning id;

-- name: add_recipient
-- A number that stands in the list twice gives no row back.
insert into recipient(campaign, line, phone, state, reason, columns)
values(:campaign, :line, :phone,
  iif(exists(select 1 from do_not_call d where d.phone = :phone), 'skipped', 'planned'),
  iif(exists(select 1 from do_not_call d where d.phone = :phone), 'do_not_call', null),
  :columns)
on conflict(phone, campaign) do nothing returning id;

-- name: add_skipped
insert into recipient(campaign, line, given, state, reason)
values(:campaign, :line, :given, 'skipped', :reason);

-- name: count_recent
-- Planned numbers that another campaign has called, or may have called, since a moment.
select count(*)
from campaign c cross join recipient r on r.id between c.first and c.last
where c.id = :campaign and r.state = 'planned' and r.phone in (
  select o.phone from attempt a join recipient o on o.id = a.recipient
  where a.claimed_at >= :since and a.campaign <> :campaign
  and (a.verdict is null or a.verdict in ('accepted', 'uncertain')));

-- name: campaigns
select id, name, state, definition, per_second, quoted, parts, halted, created_at, finished_at
from campaign order by id;

-- name: campaign_named
select id, name, state, definition, per_second, quoted, parts, halted, created_at, finished_at
from campaign where name = :name;

-- name: campaign_state
select state from campaign where id = :campaign;

-- name: set_campaign_state
update campaign set state = :state, finished_at = :finished_at where id = :campaign;

-- name: last_recipient
select coalesce(max(id), 0) from recipient;

-- name: set_campaign_rows
update campaign set first = :first, last = :last, parts = :parts where id = :campaign;

-- name: set_campaign_quoted
update campaign set quoted = :quoted where id = :campaign;

-- name: reopen_campaign
update campaign set state = 'ready', finished_at = null
where id = :campaign and state = 'finished';

-- name: set_campaign_definition
update campaign set definition = :definition where id = :campaign;

-- name: set_campaign_pace
update campaign set per_second = :per_second where id = :campaign;

-- name: set_campaign_halted
update campaign set halted = :halted where id = :campaign;

-- name: count_attempts
select count(*) from attempt;

-- name: any_attempt
select 1 from campaign c cross join attempt a on a.recipient between c.first and c.last
where c.id = :campaign limit 1;

-- name: delete_recipients
delete from recipient where id between (select first from campaign where id = :campaign)
  and (select last from campaign where id = :campaign);

-- name: delete_campaign
delete from campaign where id = :campaign;

-- name: next_planned
select r.id, r.line, r.phone, r.attempts, r.columns,
  exists(select 1 from do_not_call d where d.phone = r.phone)
from campaign c join recipient r on r.campaign = c.id
where c.id = :campaign and c.state = 'ready' and r.state = 'planned' and r.not_before <= :now
order by r.not_before, r.id limit :count;

-- name: claim
-- The row itself is asked, for an index that is damaged would hand out the same one for ever.
update recipient set state = 'dialing', attempts = :n
where id = :recipient and +state = 'planned' and attempts = :n - 1;

-- name: add_attempt
insert into attempt(recipient, n, campaign, owner, claimed_at, client_id, reserved)
values(:recipient, :n, :campaign, :owner, :now, :client_id, :reserved);

-- name: skip
update recipient set state = 'skipped', reason = :reason
where id = :recipient and +state = 'planned';

-- name: skip_planned
update recipient set state = 'skipped', reason = :reason
where campaign = :campaign and state = 'planned' returning id;

-- name: row
select r.state, r.attempts, r.phone, r.campaign from recipient r where r.id = :recipient;

-- name: attempt
select verdict, gateway_id, outcome, seconds, digits, claimed_at from attempt
where recipient = :recipient and n = :n;

-- name: sent_later
-- Attempts after this one that may have left.
select count(*) from attempt where recipient = :recipient and n > :n
  and (verdict is null or verdict not in ('not_sent', 'put_back'));

-- name: end_dialing
-- Only of a row's latest attempt, of which nothing has been told yet: there is nothing to weigh.
update recipient set state = :state, not_before = 0
where id = :recipient and attempts = :n and state = 'dialing'
  and not exists(select 1 from early_event e where e.gateway_id = :gateway_id);

-- name: settle_attempt
-- What was settled stays settled, but for an uncertain one, of which the truth may come later.
-- That it was not sent settles no doubt, neither of the row nor of its money.
update attempt set verdict = :verdict, settled_at = :now, price = coalesce(:price, price),
  gateway_id = coalesce(:gateway_id, gateway_id), error = :error
where recipient = :recipient and n = :n and (verdict is null
  or verdict = 'uncertain' and :verdict in ('accepted', 'refused', 'uncertain'));

-- name: attempt_of_gateway
select recipient, n from attempt where gateway_id = :gateway_id order by claimed_at desc limit 1;

-- name: tell_attempt
update attempt set outcome = :outcome, seconds = :seconds, digits = :digits, told_at = :at,
  gateway_id = coalesce(gateway_id, :gateway_id)
where recipient = :recipient and n = :n;

-- name: opt_out
-- Whoever has pressed the campaign's key for it; without such a key nobody has.
insert into do_not_call(phone, since)
select :phone, :now from campaign
where id = :campaign and instr(:digits, nullif(json_extract(definition, '$.opt_out'), '')) > 0
on conflict(phone) do nothing;

-- name: outcomes_so_far
select count(*) from attempt where recipient = :recipient and outcome is not null;

-- name: keep_early
insert into early_event(gateway_id, event, at) values(:gateway_id, :event, :now)
on conflict(gateway_id) do update set event = excluded.event, at = excluded.at;

-- name: count_early
select count(*) from early_event;

-- name: forget_oldest_early
delete from early_event where gateway_id in (
  select gateway_id from early_event order by at, gateway_id limit :count);

-- name: early
select event from early_event where gateway_id = :gateway_id;

-- name: forget_early
delete from early_event where gateway_id = :gateway_id;

-- name: forget_old_early
delete from early_event where at < :before;

-- name: next_due
select min(not_before) from recipient where campaign = :campaign and state = 'planned';

-- name: left_to_dial
select exists(select 1 from recipient where campaign = :campaign and state = 'planned')
  or exists(select 1 from recipient where campaign = :campaign and state = 'dialing');

-- name: count_states
select r.state, r.reason, count(*)
from campaign c cross join recipient r on r.id between c.first and c.last
where c.id = :campaign group by 1, 2;

-- name: count_outcomes
select a.outcome, a.digits, count(*)
from campaign c cross join attempt a on a.recipient between c.first and c.last
where c.id = :campaign and a.outcome is not null group by 1, 2;

-- name: sums
-- Few different sums stand in a campaign, so the exact addition is done over groups.
select r.state, r.reason, a.verdict, a.outcome is not null, a.price, a.reserved, count(*)
from campaign c cross join recipient r on r.id between c.first and c.last
cross join attempt a on a.recipient = r.id
where c.id = :campaign group by 1, 2, 3, 4, 5, 6;

-- name: campaign_prices
select parts, quoted, json_extract(definition, '$.max_price') from campaign where id = :campaign;

-- name: span
select min(first), max(last), max(count) from (
  select min(a.claimed_at) as first, max(a.claimed_at) as last, count(*) as count
  from campaign c cross join attempt a on a.recipient between c.first and c.last
  where c.id = :campaign group by cast(a.claimed_at as integer) / 60);

-- name: began
-- Few different sums stand in a campaign, so these are few rows however many attempts there are.
select cast(a.claimed_at - :since as integer) / :seconds, a.verdict, a.price, count(*)
from campaign c cross join attempt a on a.recipient between c.first and c.last
where c.id = :campaign group by 1, 2, 3;

-- name: rows
-- An error says that nobody knows, or that nothing rang; an outcome has disproved that.
select r.id, r.line, r.phone, r.given, r.state, r.reason, r.attempts, a.gateway_id, a.client_id,
  a.price, a.outcome, a.seconds, a.digits, iif(a.outcome is null, a.error, null),
  a.claimed_at, a.told_at, r.columns
from campaign c cross join recipient r on r.id between max(c.first, :after + 1) and c.last
left join attempt a on a.recipient = r.id and a.n = r.attempts
where c.id = :campaign order by r.id limit :limit;

-- name: rows_in_states
select r.id, r.line, r.phone, r.given, r.state, r.reason, r.attempts, a.gateway_id, a.client_id,
  a.price, a.outcome, a.seconds, a.digits, iif(a.outcome is null, a.error, null),
  a.claimed_at, a.told_at, r.columns
from campaign c cross join recipient r on r.id between max(c.first, :after + 1) and c.last
left join attempt a on a.recipient = r.id and a.n = r.attempts
where c.id = :campaign
  and r.state in (select value from json_each(:states)) order by r.id limit :limit;

-- name: attempts
select a.recipient, a.n, a.claimed_at, a.settled_at, a.verdict, a.price, a.outcome, a.error
from campaign c cross join attempt a on a.recipient between max(c.first, :recipient) and c.last
where c.id = :campaign and (a.recipient, a.n) > (:recipient, :n)
order by a.recipient, a.n limit :limit;

-- name: add_resolution
insert into resolution(recipient, n, decided, who, at) values(:recipient, :n, :decided, :who, :now);

-- name: add_do_not_call
insert into do_not_call(phone, since) values(:phone, :now) on conflict(phone) do nothing
returning phone;

-- name: remove_do_not_call
delete from do_not_call where phone = :phone returning phone;

-- name: do_not_call
select phone from do_not_call order by phone;

-- name: campaign_definition
select definition from campaign where id = :campaign;
