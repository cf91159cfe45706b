//! What every service goes through. Each is a few rounds of change and run; `Play::end` looks at what all have in common.

use sendoff::ir::mode::Mode;
use sendoff::ir::run::Status;

use super::people::{Kind, Person, kind, people};
use super::play::{Play, Played};
use super::service::{Case, Word, creator};

#[path = "scenarios/trouble.rs"]
mod trouble;

pub struct Scenario {
    pub name: &'static str,
    /// Whether it means anything to the case.
    fits: fn(&Case) -> bool,
    pub play: fn(&Case) -> Played,
}

/// What another identifier or another option may change.
const BRIEF: [&str; 11] = [
    "first_load",
    "delta",
    "removed_rows",
    "nulls",
    "moved_identifier",
    "changed_identifier",
    "order_by_after",
    "strangers",
    "refused_record",
    "lost_answer",
    "unicode",
];

impl Scenario {
    pub fn fits(&self, case: &Case) -> bool {
        (self.fits)(case) && (!case.brief() || BRIEF.contains(&self.name))
    }
}

pub const ALL: [Scenario; 22] = [
    Scenario { name: "first_load", fits: every, play: first_load },
    Scenario { name: "delta", fits: every, play: delta },
    Scenario { name: "new_field", fits: maps, play: new_field },
    Scenario { name: "removed_rows", fits: every, play: removed_rows },
    Scenario { name: "nulls", fits: maps, play: nulls },
    Scenario { name: "undeliverable", fits: every, play: undeliverable },
    Scenario { name: "moved_identifier", fits: every, play: moved_identifier },
    Scenario { name: "changed_identifier", fits: every, play: changed_identifier },
    Scenario { name: "order_by_after", fits: is_created_for, play: order_by_after },
    Scenario { name: "held_rows", fits: updates, play: held_rows },
    Scenario { name: "strangers", fits: knows_strangers, play: strangers },
    Scenario { name: "refused_record", fits: refuses, play: trouble::refused_record },
    Scenario { name: "wrong_key", fits: every, play: trouble::wrong_key },
    Scenario { name: "revoked_key", fits: every, play: trouble::revoked_key },
    Scenario { name: "too_many_requests", fits: every, play: trouble::too_many_requests },
    Scenario { name: "server_error", fits: every, play: trouble::server_error },
    Scenario { name: "lost_answer", fits: every, play: trouble::lost_answer },
    Scenario { name: "long_outage", fits: every, play: trouble::long_outage },
    Scenario { name: "failed_job", fits: has_jobs, play: trouble::failed_job },
    Scenario { name: "oversize", fits: every, play: trouble::oversize },
    Scenario { name: "unicode", fits: every, play: unicode },
    Scenario { name: "many_rows", fits: every, play: many_rows },
];

/// Numbers that a vendor knows beforehand, where it has to.
pub const KNOWN: std::ops::Range<usize> = 1..111;

/// Those that an identifier may change to.
const OTHERS: std::ops::Range<usize> = 901..911;

const MANY_ROWS: usize = 5_000;
/// Where each row is a request of its own.
const MANY_REQUESTS: usize = 1_000;

/// Nobody knows them.
const STRANGERS: std::ops::Range<usize> = 2001..2005;

fn every(_case: &Case) -> bool {
    true
}

fn maps(case: &Case) -> bool {
    case.mode.compares() && !case.fields().is_empty()
}

fn updates(case: &Case) -> bool {
    case.mode == Mode::Update
}

fn is_created_for(case: &Case) -> bool {
    case.service.creator.is_some() && matches!(case.mode, Mode::Update | Mode::Membership)
}

fn knows_strangers(case: &Case) -> bool {
    !case.mode.creates() || case.service.event.is_some()
}

fn refuses(case: &Case) -> bool {
    case.can(Word::Refuse)
}

fn has_jobs(case: &Case) -> bool {
    case.service.jobs
}

/// Forty people, all of them known where they have to be.
pub fn crowd(case: &Case) -> Play {
    let mut play = Play::open(case, KNOWN.chain(OTHERS));
    play.people = people(1..41);
    play
}

/// Whether every row is a request of its own.
fn one_by_one(case: &Case) -> Result<bool, String> {
    let mut play = crowd(case);
    play.turns.narrow = true;
    let mark = play.mark();
    play.sync()?;
    Ok(play.writes_since(mark).len() >= play.people.len())
}

fn first_load(case: &Case) -> Played {
    let mut play = crowd(case);
    // As people type it.
    if case.identify()[0].written.column == "email" {
        play.person(3).set("email", Some("  ANN.00003@Example.COM "));
    }
    play.sync()?;
    play.end()
}

fn delta(case: &Case) -> Played {
    let mut play = crowd(case);
    play.sync()?;
    play.age(1..6, 1);
    play.leave(&[39, 40]);
    play.people.extend(people(41..44));
    play.sync()?;
    play.age((4..39).chain(41..43), 2);
    play.sync()?;
    play.end()
}

fn new_field(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.without = case.later();
    play.sync()?;
    play.age(1..3, 1);
    play.sync()?;
    play.turns.without = None;
    let report = play.sync()?;
    if report.activations[0].counts.remapped == 0 {
        return Err("no row owed the field that was newly mapped".into());
    }
    play.end()
}

fn removed_rows(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.sync()?;
    play.leave(&[7, 8]);
    play.sync()?;
    play.people.extend(people(7..9));
    play.age([7], 3);
    play.sync()?;
    play.end()
}

fn nulls(case: &Case) -> Played {
    let mut play = crowd(case);
    play.sync()?;
    for number in [3, 4] {
        void(&mut play, case, number);
    }
    let mark = play.mark();
    play.sync()?;
    play.nothing_written_since(mark)?;
    // Somebody new of whom nothing is known.
    play.people.extend(people([41]));
    void(&mut play, case, 41);
    play.sync()?;
    if case.can(Word::Clear) {
        play.turns.clear = true;
        play.sync()?;
        play.age([3], 4);
        play.sync()?;
    }
    play.end()
}

fn void(play: &mut Play, case: &Case, number: usize) {
    let identifying: Vec<String> = case.identify().into_iter().map(|field| field.written.column).collect();
    for field in case.fields() {
        if !field.written.required && !identifying.contains(&field.written.column) {
            play.person(number).set(&field.written.column, None);
        }
    }
}

fn undeliverable(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.sync()?;
    for field in case.identify() {
        play.person(3).set(&field.written.column, None);
    }
    play.people.push(Person::aged(4, 9));
    play.desire(&[]);
    let mark = play.mark();
    let report = play.run()?;
    play.ended(&report, Status::Incomplete)?;
    play.nothing_written_since(mark)?;
    play.compare()?;
    play.people.pop();
    play.age([3, 4], 5);
    play.sync()?;
    play.end()
}

fn moved_identifier(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.sync()?;
    let from = play.person(5).clone();
    let mut heir = Person::new(905);
    heir.take(&identifying(case), &from);
    play.leave(&[5]);
    play.people.push(heir);
    let mark = play.mark();
    play.sync()?;
    if case.mode == Mode::Membership {
        play.nothing_written_since(mark)?;
    }
    play.end()
}

fn changed_identifier(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.sync()?;
    play.person(6).take(&identifying(case), &Person::new(906));
    play.sync()?;
    play.end()
}

fn identifying(case: &Case) -> Vec<String> {
    case.identify().into_iter().map(|field| field.written.column).collect()
}

fn order_by_after(case: &Case) -> Played {
    let mut play = Play::open(case, 1..31);
    play.turns.narrow = true;
    play.people = people(1..41);
    play.alone = true;
    play.creator = creator(case);
    let report = play.sync()?;
    let absent = report.activations[0].sent.absent;
    if case.can(Word::Notice) && absent != 10 {
        return Err(format!("10 people are not known, {absent} are told to be absent"));
    }
    play.alone = false;
    play.sync()?;
    play.age(35..38, 1);
    play.sync()?;
    play.end()
}

fn held_rows(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.turns.hold = true;
    play.sync()?;
    play.people.extend(people([41]));
    play.age([1], 1);
    play.desire(&[41]);
    let report = play.run()?;
    play.ended(&report, Status::Done)?;
    play.compare()?;
    if report.activations[0].counts.held != 1 {
        return Err("the new row should be held".into());
    }
    if !case.fields().is_empty() {
        play.age([41], 1);
        play.sync()?;
    }
    play.end()
}

fn strangers(case: &Case) -> Played {
    let mut play = crowd(case);
    play.turns.narrow = true;
    play.people.extend(people(STRANGERS));
    let report = play.sync()?;
    let absent = report.activations[0].sent.absent;
    if case.can(Word::Notice) && absent != 4 {
        return Err(format!("4 people are not known, {absent} are told to be absent"));
    }
    play.age(STRANGERS.take(2), 1);
    play.sync()?;
    play.leave(&[2003]);
    play.sync()?;
    if case.mode == Mode::Insert {
        // Who is to be created is offered again in every run.
        play.leave(&STRANGERS.collect::<Vec<_>>());
        play.sync()?;
    }
    play.end()
}

/// What needs escaping in JSON, in URLs, in templates, in SQL, and what takes several bytes or several letters.
const ODD: [&str; 10] = [
    "Ωμέγα Ñandú 東京 🦊",
    "she said \"hi\" \\ 'there'",
    "{{ setting.secret }} $record {% x %}",
    "$mapped",
    "a&b=c?d#e/f%20g+h;i",
    "<b>&amp;</b>",
    "'); DROP TABLE people; --",
    "e\u{301} \u{200d}👩\u{200d}👩\u{200d}👧 \u{202e}abc",
    "tab\there",
    "null",
];

/// The local part of an address allows much of it.
const ODD_IDENTIFIERS: [&str; 6] = ["o'brien", "a+b", "a&b=c", "a%20b", "ann/lee?x", "zoë"];

fn unicode(case: &Case) -> Played {
    let mut play = crowd(case);
    for (at, odd) in ODD.iter().enumerate() {
        for field in case.fields() {
            let free = ["first_name", "last_name", "city"].contains(&field.written.column.as_str());
            if free && field.written.words.is_empty() {
                play.person(at + 1).set(&field.written.column, Some(odd));
            }
        }
    }
    play.sync()?;
    odd_identifiers(case, &mut play)?;
    play.end()
}

/// A vendor may refuse some of them; what it takes must be what was meant.
fn odd_identifiers(case: &Case, play: &mut Play) -> Played {
    let column = case.identify()[0].written.column.clone();
    let strange: Vec<usize> = (201..201 + ODD_IDENTIFIERS.len()).collect();
    for (number, odd) in strange.iter().zip(ODD_IDENTIFIERS) {
        let mut person = Person::new(*number);
        match kind(&column) {
            Kind::Email => person.set(&column, Some(&format!("{odd}@example.com"))),
            Kind::Text if column == "code" => person.set(&column, Some(odd)),
            _ => {}
        }
        play.people.push(person);
    }
    play.introduce(&strange);
    play.run()?;
    let refused: Vec<usize> = play.rejected()?.iter().filter_map(|row| row.key[2..].parse().ok()).collect();
    play.desire(&refused);
    play.compare()?;
    // What was refused would be sent again for ever.
    play.leave(&refused);
    play.sync().map(|_| ())
}

fn many_rows(case: &Case) -> Played {
    let rows = case.service.rows.unwrap_or(if one_by_one(case)? { MANY_REQUESTS } else { MANY_ROWS });
    let mut play = Play::open(case, 1..rows + 100);
    play.turns.narrow = true;
    play.people = people(1..rows + 1);
    play.sync()?;
    play.leave(&(1..51).collect::<Vec<_>>());
    play.age(100..200, 1);
    play.people.extend(people(rows + 1..rows + 51));
    play.sync()?;
    play.end()
}
