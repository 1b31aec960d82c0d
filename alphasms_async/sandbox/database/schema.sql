-- One row for each call or message.
create table entry(
    id integer primary key,
    -- Which class it is of: call or message.
    what text not null,
    -- What it was when it was accepted, and how it stands, both JSON.
    accepted text not null,
    standing text not null,
    recording text references recording(digest)
) strict;

create index entry_recording on entry(recording) where recording is not null;

-- Each recording once, by the SHA-256 of its bytes, however many calls play it.
create table recording(
    digest text primary key,
    sound blob not null
) strict;

-- In one line, as statements are told apart by the ends of their lines.
create trigger recording_over after delete on entry when old.recording is not null begin delete from recording where digest = old.recording and not exists (select 1 from entry where recording = old.recording); end;

-- One row: the settings, the money, and the id to go on with, JSON.
create table account(
    id integer primary key check(id = 1),
    settings text not null
) strict;
