-- name: entries
select id, what, accepted, standing, recording from entry order by id;

-- name: sound
select sound from recording where digest = :digest;

-- name: settings
select settings from account;

-- name: add_recording
insert into recording(digest, sound) values(:digest, :sound) on conflict do nothing;

-- Many at a time, as one JSON text: so SQLite needs Python only once for all of them.
-- name: add
insert into entry(id, what, accepted, standing, recording)
select
    json_extract(value, '$[0]'),
    json_extract(value, '$[1]'),
    json_extract(value, '$[2]'),
    json_extract(value, '$[3]'),
    json_extract(value, '$[4]')
from json_each(:rows);

-- name: change
update entry set standing = now.standing
from (
    select json_extract(value, '$[0]') as id, json_extract(value, '$[1]') as standing
    from json_each(:rows)
) as now
where entry.id = now.id;

-- name: remove
delete from entry where id in (select value from json_each(:rows));

-- name: remove_all
delete from entry;

-- name: set_settings
insert into account(id, settings) values(1, :settings)
on conflict do update set settings = excluded.settings;
