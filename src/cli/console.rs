//! Where commands speak: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use crate::diag::{Drawing, Problem, Problems, Sources};
use crate::ir::run::Failure;
use crate::report::paint::Paint;
use crate::report::problems;
use crate::world::{World, reason};

/// Columns of a drawing where no terminal says otherwise.
const WIDTH: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy)]
pub struct Console {
    /// Of standard output.
    pub paint: Paint,
    /// Of standard error.
    pub error_paint: Paint,
    pub watched: bool,
    /// Standard error is read by a program: a JSON object a line.
    pub logs: bool,
}

impl Console {
    pub fn new(when: When, logs: bool, world: &dyn World) -> Self {
        let refused = world.env("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = world.env("TERM").is_some_and(|term| term == "dumb");
        let paint = |terminal: bool| Paint {
            color: match when {
                When::Always => true,
                When::Never => false,
                When::Auto => terminal && !refused && !dumb,
            },
        };
        let watched = io::stderr().is_terminal();
        Console { paint: paint(io::stdout().is_terminal()), error_paint: paint(watched), watched, logs }
    }

    /// A reader that has gone away (`| head`) ends nothing: what a run does must not hang on who watches.
    pub fn print(&self, text: &str) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.aside(&format!("the output cannot be written: {}", reason(&error)));
        }
    }

    /// On standard error; where that fails there is nowhere left to say so.
    pub fn tell(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// What is no result, and stops nothing.
    pub fn aside(&self, said: &str) {
        match self.logs {
            true => tracing::warn!("{said}"),
            false => self.tell(&format!("{} {said}\n", self.error_paint.warn("warning:"))),
        }
    }

    pub fn problems(&self, found: &Problems, sources: &Sources) {
        match self.logs {
            true => found.0.iter().for_each(|problem| log(problem, sources)),
            false => self.tell(&problems::human(found, sources, self.drawing_of_errors())),
        }
    }

    pub fn failure(&self, failure: &Failure) {
        if self.logs {
            tracing::error!(code = failure.code, help = failure.help, "{}", failure.message);
            return;
        }
        let paint = self.error_paint;
        let mut text =
            format!("{} {} {}\n", paint.bad("error:"), failure.message, paint.dim(&format!("[{}]", failure.code)));
        for line in failure.help.lines() {
            text += &format!("  {} {line}\n", paint.mark("help:"));
        }
        self.tell(&text);
    }

    pub fn drawing(&self) -> Drawing {
        Drawing { color: self.paint.color, width: WIDTH }
    }

    pub fn drawing_of_errors(&self) -> Drawing {
        Drawing { color: self.error_paint.color, width: WIDTH }
    }
}

fn log(problem: &Problem, sources: &Sources) {
    let (code, help, message) = (problem.code, problem.help.as_deref(), &problem.message);
    let place = problem.labels.first().map(|(span, _)| (sources.name(span.file), sources.position(*span)));
    let file = place.map(|(file, _)| file);
    let (line, column) = place.map(|(_, place)| place).unzip();
    match problem.is_error() {
        true => tracing::error!(code, file, line, column, help, "{message}"),
        false => tracing::warn!(code, file, line, column, help, "{message}"),
    }
}
