//! How much sendoff adds to the work itself: its wall time as a ratio to hand-written DuckDB SQL, both in one run on one
//! machine, each in a process of its own. Ratios, since seconds say more about the machine than about the program.
//!
//!     make bench                               10,000,000 rows
//!     SENDOFF_BENCH_ROWS=100000 make bench     to try it out; so small, starting up is most of it

mod data;
mod editing;
mod load;
mod measure;
mod peers;
mod project;
mod sending;
mod sink;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use measure::{Measured, best_of, in_turn, megabytes};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROWS: u64 = 10_000_000;
const ROUNDS: usize = 3;
/// The argument with which the bench calls itself: runs a SQL file, so that DuckDB alone is measured alike.
const SQL: &str = "--run-sql";
/// The argument with which it calls itself as a load generator: an address, and how many requests.
const LOAD: &str = "--load";
/// What an unchanged run is held against.
const SCAN: &str = "max of every column of the source and of the ledger's entries";
/// Ends with 2 where it found changes, with 0 where it found none.
const PLAN: [&str; 5] = ["plan", "--offline", "--detailed-exitcode", "--format", "json"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == SQL) {
        return data::run_sql_file(Path::new(&args[at + 1]));
    }
    if let Some(at) = args.iter().position(|arg| arg == LOAD) {
        return load::generate(&args[at + 1], args[at + 2].parse()?);
    }
    // Some gigabytes: they go when it is done.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ratios");
    let rows = match std::env::var("SENDOFF_BENCH_ROWS") {
        Ok(rows) => rows.replace(['_', ','], "").parse()?,
        Err(_) => ROWS,
    };
    println!("{rows} rows of {} columns, best of {ROUNDS}, in {}\n", data::COLUMNS.len(), folder.display());
    // One part alone, while working on it.
    let only = std::env::var("SENDOFF_BENCH_ONLY").ok();
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut table = Vec::new();
    if wanted("comparing") {
        table.extend(changed(&folder.join("changed"), rows)?);
        table.extend(unchanged(&folder.join("unchanged"), rows / 10)?);
        table.extend(sent(&folder.join("sent"), rows / 10)?);
    }
    if wanted("sending") {
        let peers = peers::Peers::found();
        for rows in [rows / 100, rows / 10] {
            table.extend(sending::first(&folder.join(format!("first-{rows}")), rows, peers.as_ref())?);
        }
        table.extend(sending::single(&folder.join("single"), rows / 200, peers.as_ref())?);
        table.push(sending::paced(&folder.join("paced"))?);
    }
    if wanted("starting") {
        table.extend([check(&folder.join("check"))?, version()?, editing::change(&folder.join("editing"), 1000)?]);
    }
    print_table(&table);
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// `plan` where 1 % of the rows changed, against the SQL that does the same; then once more with 1 GB of memory.
fn changed(folder: &Path, rows: u64) -> Result<Vec<Line>> {
    project::adopted(folder, rows)?;
    data::change_one_percent(folder, rows)?;
    data::write_ledger(folder)?;
    let sql = data::write_diff_sql(folder)?;
    let (by_hand, plan) = in_turn(ROUNDS, || measure::sql(&sql), || measure::sendoff(folder, &PLAN, &[], 2))?;
    let limited = measure::sendoff(folder, &PLAN, &[("SENDOFF_MEMORY_LIMIT", "1GB")], 2)?;
    let what = "hand-written SQL: read, key and identifier checks, full outer join";
    Ok(vec![
        Line::ratio(format!("plan, {rows} rows, 1 % changed"), plan, what, by_hand, 1.5),
        Line { what: "the same, DuckDB limited to 1 GB".into(), other: Some((what, by_hand)), ..Line::alone(limited) },
    ])
}

/// `run` where nothing changed, against reading every column of both sides: the one after `--adopt`, and later ones.
fn unchanged(folder: &Path, rows: u64) -> Result<Vec<Line>> {
    project::adopted(folder, rows)?;
    let (scan, first) = first_quiet(folder)?;
    let later = best_of(ROUNDS, || measure::sendoff(folder, &["run"], &[], 0))?;
    Ok(vec![
        Line::ratio(format!("run, {rows} rows, none changed"), first, SCAN, scan, 2.5),
        Line::ratio("the same, later".into(), later, SCAN, scan, 2.5),
    ])
}

/// A scan of both sides, and the first run that finds nothing to send. Each round has the ledger as it was before.
fn first_quiet(folder: &Path) -> Result<(Measured, Measured)> {
    let sql = data::write_scan_sql(folder)?;
    let (ledger, kept) = (folder.join(data::LEDGER), folder.join("kept.duckdb"));
    std::fs::copy(&ledger, &kept)?;
    let first = || {
        std::fs::copy(&kept, &ledger)?;
        measure::sendoff(folder, &["run"], &[], 0)
    };
    in_turn(ROUNDS, || measure::sql(&sql), first)
}

/// The run after one that sent everything.
fn sent(folder: &Path, rows: u64) -> Result<Vec<Line>> {
    let sink = sink::Sink::serve(Duration::ZERO)?;
    project::written(folder, rows, Some(&project::Sending::to(&sink.url)))?;
    measure::sendoff(folder, &["run"], &[], 0)?;
    let (scan, quiet) = first_quiet(folder)?;
    Ok(vec![Line::ratio("run after all was sent, none changed".into(), quiet, SCAN, scan, 2.5)])
}

fn check(folder: &Path) -> Result<Line> {
    project::many_files(folder, 1000)?;
    let took = best_of(ROUNDS, || measure::sendoff(folder, &["check", "--no-env"], &[], 0))?;
    Ok(Line { what: "check, 1000 files".into(), bound: Some(Bound::Milliseconds(300)), ..Line::alone(took) })
}

fn version() -> Result<Line> {
    let took = best_of(ROUNDS, || measure::sendoff(Path::new("."), &["--version"], &[], 0))?;
    Ok(Line { what: "--version".into(), bound: Some(Bound::Milliseconds(30)), ..Line::alone(took) })
}

#[derive(Clone)]
struct Line {
    what: String,
    took: Measured,
    other: Option<(&'static str, Measured)>,
    bound: Option<Bound>,
}

#[derive(Clone)]
enum Bound {
    /// At most so many times what the other takes.
    Ratio(f64),
    /// At least so many times as fast as the other.
    Times(f64),
    Milliseconds(u64),
    /// Judged where it was measured.
    Told(String, bool),
}

impl Line {
    fn alone(took: Measured) -> Self {
        Line { what: String::new(), took, other: None, bound: None }
    }

    fn ratio(what: String, took: Measured, other_what: &'static str, other: Measured, bound: f64) -> Self {
        Line { what, took, other: Some((other_what, other)), bound: Some(Bound::Ratio(bound)) }
    }

    fn times(what: String, took: Measured, other_what: &'static str, other: Measured, bound: f64) -> Self {
        Line { what, took, other: Some((other_what, other)), bound: Some(Bound::Times(bound)) }
    }

    fn told(what: String, took: Measured, bound: String, kept: bool) -> Self {
        Line { what, took, other: None, bound: Some(Bound::Told(bound, kept)) }
    }

    fn ratio_now(&self) -> Option<f64> {
        self.other.map(|(_, other)| self.took.seconds / other.seconds)
    }

    fn verdict(&self) -> String {
        let ratio = self.ratio_now();
        let (bound, within) = match &self.bound {
            None => return "finished".into(),
            Some(Bound::Ratio(bound)) => (format!("{bound}"), ratio.is_some_and(|ratio| ratio <= *bound)),
            Some(Bound::Times(bound)) => {
                let times = ratio.map_or(0.0, |ratio| 1.0 / ratio);
                (format!("{bound} times as fast ({times:.1})"), times >= *bound)
            }
            Some(Bound::Milliseconds(bound)) => (format!("{bound} ms"), self.took.seconds * 1000.0 <= *bound as f64),
            Some(Bound::Told(bound, kept)) => (bound.clone(), *kept),
        };
        format!("{bound}: {}", if within { "kept" } else { "MISSED" })
    }
}

fn print_table(lines: &[Line]) {
    println!(
        "{:<36} {:>9} {:>9} {:>9} {:>9} {:>6}  bound",
        "sendoff", "seconds", "peak MB", "other s", "other MB", "ratio"
    );
    for line in lines {
        let other = line.other.map_or(("".into(), "".into()), |(_, other)| {
            (format!("{:.3}", other.seconds), megabytes(other.peak_bytes))
        });
        let ratio = line.ratio_now().map_or("".into(), |ratio| format!("{ratio:.2}"));
        let (seconds, peak) = (line.took.seconds, megabytes(line.took.peak_bytes));
        println!(
            "{:<36} {seconds:>9.3} {peak:>9} {:>9} {:>9} {ratio:>6}  {}",
            line.what,
            other.0,
            other.1,
            line.verdict()
        );
        if let Some((what, _)) = line.other {
            println!("{:<36} {}", "", format_args!("other: {what}"));
        }
    }
}
