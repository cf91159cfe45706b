//! Where commands speak: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use crate::diag::Drawing;
use crate::ir::run::Failure;
use crate::report::paint::Paint;
use crate::world::World;

/// Columns of a drawing where no terminal says otherwise.
const WIDTH: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

pub struct Console {
    /// Of standard output.
    pub paint: Paint,
    /// Of standard error.
    pub error_paint: Paint,
    pub watched: bool,
}

impl Console {
    pub fn new(when: When, world: &dyn World) -> Self {
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
        Console { paint: paint(io::stdout().is_terminal()), error_paint: paint(watched), watched }
    }

    /// A reader that has gone away (`| head`) ends nothing: what a run does must not hang on who watches.
    pub fn print(&self, text: &str) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.tell(&format!("the output could not be written: {error}\n"));
        }
    }

    /// On standard error; where that fails there is nowhere left to say so.
    pub fn tell(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    pub fn failure(&self, failure: &Failure) {
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
