//! What goes wrong on the way, in the vendor's own manner: nothing is lost by it, and nothing happens twice.

use sendoff::ir::run::Status;
use sendoff::sandbox::{Fault, Refusal};

use crate::people::people;
use crate::play::{Play, Played};
use crate::service::Case;

/// More requests than a small run needs.
const REQUESTS_MAX: usize = 60;

fn crowd(case: &Case) -> Play {
    let mut play = super::crowd(case);
    play.turns.narrow = true;
    play
}

pub fn refused_record(case: &Case) -> Played {
    let mut play = crowd(case);
    let person = play.person(5).clone();
    let identifiers = case.refuse().into_iter().map(|(name, column)| (name, person.json(&column))).collect();
    let refusal = Refusal { reason: "refused on purpose".into(), attribute: None, identifiers };
    play.misbehave(Fault { refuse: vec![refusal], ..Fault::default() });
    play.desire(&[5]);
    for _ in 0..2 {
        let mark = play.mark();
        let report = play.run()?;
        play.ended(&report, Status::Incomplete)?;
        play.compare()?;
        let rejected = play.rejected()?;
        // Sets are kept by identifier.
        let key = if case.mode.is_set() { play.identifier(5) } else { "p-00005".to_string() };
        if !matches!(rejected.as_slice(), [row] if row.key == key && !row.reason.is_empty()) {
            return Err(format!("`rejected` should show {key} and a reason: {rejected:?}"));
        }
        if play.writes_since(mark).is_empty() {
            return Err("a refused record is sent again".into());
        }
    }
    play.behave();
    play.sync()?;
    match play.rejected()?.as_slice() {
        [] => play.end(),
        rows => Err(format!("`rejected` should be empty: {rows:?}")),
    }
}

pub fn wrong_key(case: &Case) -> Played {
    let mut play = crowd(case);
    play.secret_is_wrong(true);
    let report = play.run()?;
    play.ended(&report, Status::Unreachable)?;
    play.compare()?;
    play.secret_is_wrong(false);
    play.sync()?;
    play.end()
}

/// A key that was good before.
pub fn revoked_key(case: &Case) -> Played {
    let mut play = crowd(case);
    play.sync()?;
    change(&mut play, 1);
    play.misbehave(Fault { status: Some(401), ..Fault::default() });
    let report = play.run()?;
    play.ended(&report, Status::Unreachable)?;
    play.compare()?;
    play.behave();
    play.sync()?;
    play.end()
}

/// Somebody changes, somebody comes, somebody goes.
fn change(play: &mut Play, round: usize) {
    play.age([1, 2], round);
    play.leave(&[40 + round - 1]);
    play.people.extend(people([40 + round]));
}

/// Every request of a run meets the trouble in turn; each time all is well in the end.
fn in_turn(case: &Case, fault: &Fault, sent: bool) -> Played {
    let mut play = crowd(case);
    play.sync()?;
    for at in 0..REQUESTS_MAX {
        change(&mut play, at + 1);
        play.stage().trouble(at, play.fault(fault.clone()));
        play.desire(&[]);
        let report = play.run()?;
        let troubled = !play.stage().untroubled();
        let settled = match report.status() {
            Status::Done => play.compare(),
            _ if troubled => play.recover(sent),
            _ => play.ended(&report, Status::Done),
        };
        settled.map_err(|told| format!("at request {at}: {told}"))?;
        if !troubled {
            return play.end();
        }
    }
    Err(format!("more than {REQUESTS_MAX} requests for three rows"))
}

pub fn too_many_requests(case: &Case) -> Played {
    in_turn(case, &Fault { status: Some(429), retry_after: Some(2), times: Some(1), ..Fault::default() }, false)
}

pub fn server_error(case: &Case) -> Played {
    in_turn(case, &Fault { status: Some(500), times: Some(1), ..Fault::default() }, false)
}

pub fn lost_answer(case: &Case) -> Played {
    in_turn(case, &Fault { lose_answer: true, times: Some(1), ..Fault::default() }, true)
}

pub fn long_outage(case: &Case) -> Played {
    let mut play = crowd(case);
    play.sync()?;
    change(&mut play, 1);
    play.misbehave(Fault { status: Some(500), ..Fault::default() });
    let report = play.run()?;
    if report.status() == Status::Done {
        return Err("nothing went through, and the run says that all is done".into());
    }
    play.compare()?;
    play.behave();
    play.desire(&[]);
    play.recover(false)?;
    play.end()
}

pub fn failed_job(case: &Case) -> Played {
    let mut play = crowd(case);
    play.misbehave(Fault { fail_job: true, ..Fault::default() });
    let report = play.run()?;
    if report.status() == Status::Done {
        return Err("a job came to nothing, and the run says that all is done".into());
    }
    play.compare()?;
    play.behave();
    play.desire(&[]);
    play.recover(false)?;
    change(&mut play, 1);
    play.misbehave(Fault { fail_job: true, ..Fault::default() });
    play.run()?;
    play.behave();
    play.desire(&[]);
    play.recover(false)?;
    play.end()
}

/// More than one request takes; and a request that is told to be too large whatever its definition says.
pub fn oversize(case: &Case) -> Played {
    let batch = crowd(case).largest_batch()?;
    if batch > 1 && batch < 20_000 && !super::one_by_one(case)? {
        let mut play = Play::open(case, 1..batch + 2);
        play.turns.narrow = true;
        play.people = people(1..batch + 2);
        let mark = play.mark();
        play.sync()?;
        if play.writes_since(mark).len() < 2 {
            return Err(format!("{} rows went out in one request", batch + 1));
        }
        play.end()?;
    }
    in_turn(case, &Fault { status: Some(413), times: Some(1), ..Fault::default() }, false)
}
