//! Sending: against the nearest open engines, against a load generator, and at a given pace.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::measure::{self, Measured};
use crate::peers::{self, Peers};
use crate::sink::{self, Sink};
use crate::{LOAD, Line, ROUNDS, Result, project};

/// What the merge of a first send may take, by DuckDB's own account.
const LIMIT: [(&str, &str); 1] = [("SENDOFF_MEMORY_LIMIT", "512MB")];
/// Resident while requests go out, in megabytes.
const RESIDENT: u64 = 200;

/// A first `run`, 1,000 rows a request, each of which is answered at once. It has three rounds, before, between and after the
/// peers', of which the middle one counts: the peers take so long that a round of theirs is steadied by its length.
pub fn first(folder: &Path, rows: u64, peers: Option<&Peers>) -> Result<Vec<Line>> {
    let sink = Sink::serve(Duration::ZERO)?;
    project::written(folder, rows, Some(&project::Sending::to(&sink.url)))?;
    let mut rounds = vec![round(folder, &sink)?];
    let mut others = Vec::new();
    if let Some(peers) = peers {
        others.push((peers::DRT, counted(rows, &sink, || peers.drt(folder, &sink.url, 1000))?));
        rounds.push(round(folder, &sink)?);
        others.push((peers::DLT, counted(rows, &sink, || peers.dlt(folder, &sink.url, 1000))?));
        rounds.push(round(folder, &sink)?);
    } else {
        println!("nothing to hold it against: SENDOFF_BENCH_PEERS names no folder made by scripts/peers\n");
    }
    let resident = rounds.iter().filter_map(|(_, resident)| *resident).max();
    rounds.sort_by(|one, other| one.0.seconds.total_cmp(&other.0.seconds));
    let took = rounds[rounds.len() / 2].0;
    let rate = rows as f64 / took.seconds / 1000.0;
    let mut lines = vec![Line { what: format!("run, {rows} rows, all sent ({rate:.0}k/s)"), ..Line::alone(took) }];
    lines.push(Line::told(
        "  resident while sending".into(),
        Measured { peak_bytes: resident, ..took },
        format!("{RESIDENT} MB"),
        resident.is_some_and(|bytes| bytes <= RESIDENT * 1_000_000),
    ));
    lines.extend(others.into_iter().map(|(name, peer)| Line::times("  against".into(), took, name, peer, 8.0)));
    Ok(lines)
}

/// One first run, and what was resident while it sent.
fn round(folder: &Path, sink: &Sink) -> Result<(Measured, Option<u64>)> {
    let ledgers = folder.join(".sendoff");
    if ledgers.exists() {
        fs::remove_dir_all(ledgers)?;
    }
    let watched = measure::watched(folder, &["run"], &LIMIT)?;
    Ok((watched.measured, watched.resident(&sink.arrivals())))
}

/// Fails unless so many rows came, 1,000 a request.
fn counted(rows: u64, sink: &Sink, peer: impl FnOnce() -> Result<Measured>) -> Result<Measured> {
    let took = peer()?;
    match sink.arrivals().len() as u64 {
        asked if asked < rows / 1000 => Err(format!("a peer made {asked} requests for {rows} rows").into()),
        _ => Ok(took),
    }
}

/// One row a request, answered at once: against a load generator and a peer, by requests a second between the first and the last.
pub fn single(folder: &Path, rows: u64, peers: Option<&Peers>) -> Result<Vec<Line>> {
    let sink = Sink::serve(Duration::ZERO)?;
    let sending = project::Sending { at_once: 1, ..project::Sending::to(&sink.url) };
    // Each side's rate is that of its fastest round, as everywhere.
    let (mut rate, mut most) = (0.0_f64, 0.0_f64);
    let ours = || {
        project::written(folder, rows, Some(&sending))?;
        let took = measure::sendoff(folder, &["run"], &LIMIT, 0)?;
        rate = rate.max(sink::rate(&sink.arrivals()));
        Ok(took)
    };
    let theirs = || {
        let took = measure::itself(&[LOAD, &format!("{}/rows", sink.url), &rows.to_string()])?;
        most = most.max(sink::rate(&sink.arrivals()));
        Ok(took)
    };
    let (took, generated) = measure::in_turn(ROUNDS, ours, theirs)?;
    let mut lines = vec![Line {
        other: Some(("the same HTTP client as a load generator", generated)),
        ..Line::told(
            format!("run, {rows} rows, one a request ({rate:.0}/s)"),
            took,
            format!("60 % of {most:.0}/s ({:.0} %)", 100.0 * rate / most),
            rate >= 0.6 * most,
        )
    }];
    if let Some(peers) = peers {
        let peer = peers.drt(folder, &sink.url, 1)?;
        let slow = sink::rate(&sink.arrivals());
        let kept = rate >= 20.0 * slow;
        let bound = format!("20 times {slow:.0}/s ({:.1} times)", rate / slow);
        lines.push(Line { other: Some((peers::DRT, peer)), ..Line::told("  against".into(), took, bound, kept) });
    }
    Ok(lines)
}

/// One row a request, each answered after 100 ms, under a limit of 50 a second.
pub fn paced(folder: &Path) -> Result<Line> {
    let sink = Sink::serve(Duration::from_millis(100))?;
    let sending = project::Sending { at_once: 1, a_second: Some(50), ..project::Sending::to(&sink.url) };
    project::written(folder, 1000, Some(&sending))?;
    let took = measure::sendoff(folder, &["run"], &[], 0)?;
    let arrivals = sink.arrivals();
    let (rate, most) = (sink::rate(&arrivals), sink::busiest_second(&arrivals));
    let what = format!("run, one a request, 50/s ({rate:.1}/s)");
    Ok(Line::told(what, took, format!("47/s, at most 50 in a second ({most})"), rate >= 47.0 && most <= 50))
}
