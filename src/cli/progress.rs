//! How a run goes on, while it does: bars on a terminal, JSON lines in a log, else silence. Home of indicatif and of the
//! subscriber of `tracing`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tracing_subscriber::EnvFilter;

use crate::engine::Progress;
use crate::ir::run::ActivationReport;
use crate::report::words;
use crate::world::World;

use super::console::Console;

/// Which log, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Log {
    /// One JSON object a line, on standard error
    Json,
}

/// Directives (`info`, `sendoff::emit=debug`) in place of `info`.
const FILTER: &str = "SENDOFF_LOG";

/// From here on, what is logged is told.
pub fn log(log: Log, world: &dyn World) {
    let Log::Json = log;
    let filter = EnvFilter::new(world.env(FILTER).unwrap_or_else(|| "info".into()));
    // Some other subscriber is there already: then that one hears it.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

pub fn of(console: Console) -> Box<dyn Progress> {
    match (console.logs, console.watched) {
        (true, _) => Box::new(Lines),
        (false, true) => Box::new(Bars { console, all: MultiProgress::default(), bars: Mutex::default() }),
        (false, false) => Box::new(Silence(console)),
    }
}

struct Silence(Console);

impl Progress for Silence {
    fn begin(&self, _: &str, _: u64) {}

    fn settled(&self, _: &str, _: u64) {}

    fn done(&self, _: &ActivationReport) {}

    fn aside(&self, said: &str) {
        self.0.aside(said);
    }
}

struct Lines;

impl Progress for Lines {
    fn begin(&self, activation: &str, rows: u64) {
        tracing::info!(activation, rows, "begin");
    }

    fn settled(&self, activation: &str, rows: u64) {
        tracing::debug!(activation, rows, "settled");
    }

    fn done(&self, report: &ActivationReport) {
        let (activation, seconds, sent) = (&report.activation, report.seconds, &report.sent);
        for warning in &report.warnings {
            tracing::warn!(activation, "{warning}");
        }
        if let Some(stopped) = &report.stopped {
            tracing::error!(activation, code = stopped.code, help = stopped.help, "{}", stopped.message);
        }
        tracing::info!(
            activation,
            status = words::status(report.status),
            seconds,
            offered = sent.offered,
            accepted = sent.accepted,
            rejected = sent.rejected,
            failed = sent.failed,
            left = report.left,
            "done"
        );
    }

    fn aside(&self, said: &str) {
        tracing::warn!("{said}");
    }
}

struct Bars {
    console: Console,
    all: MultiProgress,
    bars: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress for Bars {
    fn begin(&self, activation: &str, rows: u64) {
        let bar = self.all.add(ProgressBar::new(rows).with_style(style()).with_message(activation.to_string()));
        self.bars.lock().unwrap_or_else(PoisonError::into_inner).insert(activation.to_string(), bar);
    }

    fn settled(&self, activation: &str, rows: u64) {
        if let Some(bar) = self.bars.lock().unwrap_or_else(PoisonError::into_inner).get(activation) {
            bar.inc(rows);
        }
    }

    fn done(&self, report: &ActivationReport) {
        if let Some(bar) = self.bars.lock().unwrap_or_else(PoisonError::into_inner).remove(&report.activation) {
            bar.finish_and_clear();
        }
    }

    fn aside(&self, said: &str) {
        self.all.suspend(|| self.console.aside(said));
    }
}

fn style() -> ProgressStyle {
    let style = "{msg} {wide_bar} {human_pos}/{human_len} {rate} {eta}";
    // The template is fixed: a mistake in it shows in the first run on a terminal, and does no harm.
    let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A bar that cannot be written to is no longer looked at.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    })
}
