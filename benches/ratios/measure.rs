//! Wall time and peak memory of a child process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Result, SQL};

#[derive(Clone, Copy)]
pub struct Measured {
    pub seconds: f64,
    /// `None` where the system does not tell (it is read from /proc).
    pub peak_bytes: Option<u64>,
}

/// The fastest of several rounds: what is slower was disturbed by something else.
pub fn best_of(rounds: usize, mut round: impl FnMut() -> Result<Measured>) -> Result<Measured> {
    let mut best = round()?;
    for _ in 1..rounds {
        let next = round()?;
        if next.seconds < best.seconds {
            best = next;
        }
    }
    Ok(best)
}

/// The fastest round of each of two sides that take turns, so that what disturbs the machine for a while disturbs both.
pub fn in_turn(
    rounds: usize,
    mut one: impl FnMut() -> Result<Measured>,
    mut other: impl FnMut() -> Result<Measured>,
) -> Result<(Measured, Measured)> {
    let faster = |best: Measured, next: Measured| if next.seconds < best.seconds { next } else { best };
    let mut best = (one()?, other()?);
    for _ in 1..rounds {
        best = (faster(best.0, one()?), faster(best.1, other()?));
    }
    Ok(best)
}

/// A process and what it held at each look.
pub struct Watched {
    pub measured: Measured,
    looks: Vec<(Instant, u64)>,
}

impl Watched {
    /// The most that was resident between the first and the last of these moments.
    pub fn resident(&self, moments: &[Instant]) -> Option<u64> {
        let (first, last) = (moments.first()?, moments.last()?);
        self.looks.iter().filter(|(at, _)| (first..=last).contains(&at)).map(|(_, bytes)| *bytes).max()
    }
}

/// Fails unless it ends with `code`: a program that did nothing would be fast too.
pub fn sendoff(folder: &Path, args: &[&str], env: &[(&str, &str)], code: i32) -> Result<Measured> {
    Ok(watch(&mut run(folder, args, env), code)?.measured)
}

/// The same, for runs whose memory at a certain time is asked for.
pub fn watched(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<Watched> {
    watch(&mut run(folder, args, env), 0)
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.current_dir(folder).args(args).envs(env.iter().copied()).env("BENCH_KEY", "a-key-that-opens-nothing");
    command
}

pub fn sql(file: &Path) -> Result<Measured> {
    itself(&[SQL, &file.to_string_lossy()])
}

/// The bench in a process of its own.
pub fn itself(args: &[&str]) -> Result<Measured> {
    command(Command::new(std::env::current_exe()?).args(args))
}

pub fn command(command: &mut Command) -> Result<Measured> {
    Ok(watch(command, 0)?.measured)
}

/// Between two looks at what a process holds. They stop it for a moment: at each millisecond they cost a long run a tenth.
const LOOK: Duration = Duration::from_millis(10);

fn watch(command: &mut Command, code: i32) -> Result<Watched> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let (mut peak_bytes, mut looks, mut since) = (None, Vec::new(), start);
    loop {
        if since.elapsed() >= LOOK || looks.is_empty() {
            since = Instant::now();
            if let Ok(status) = fs::read_to_string(format!("/proc/{}/status", child.id())) {
                peak_bytes = told(&status, "VmHWM:").or(peak_bytes);
                looks.extend(told(&status, "VmRSS:").map(|bytes| (since, bytes)));
            }
        }
        if let Some(status) = child.try_wait()? {
            let seconds = start.elapsed().as_secs_f64();
            return match status.code() == Some(code) {
                true => Ok(Watched { measured: Measured { seconds, peak_bytes }, looks }),
                false => Err(format!("{command:?} ended with {status}, not with {code}").into()),
            };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A line of the kernel's account of a process, in bytes. The high-water mark it keeps, so nothing between two looks is missed
/// but the last moment.
fn told(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

pub fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("?".into(), |bytes| (bytes / 1_000_000).to_string())
}
