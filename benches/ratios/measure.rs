//! Wall time and peak memory of a child process.

use std::path::Path;
use std::process::{Child, Command, Stdio};
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

/// Fails unless it ends with `code`: a program that did nothing would be fast too.
pub fn sendoff(folder: &Path, args: &[&str], env: &[(&str, &str)], code: i32) -> Result<Measured> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.current_dir(folder).args(args).envs(env.iter().copied()).env("BENCH_KEY", "a-key-that-opens-nothing");
    measure(&mut command, code)
}

pub fn sql(file: &Path) -> Result<Measured> {
    measure(Command::new(std::env::current_exe()?).arg(SQL).arg(file), 0)
}

fn measure(command: &mut Command, code: i32) -> Result<Measured> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let mut peak_bytes = None;
    loop {
        peak_bytes = peak(&child).or(peak_bytes);
        if let Some(status) = child.try_wait()? {
            let seconds = start.elapsed().as_secs_f64();
            return match status.code() == Some(code) {
                true => Ok(Measured { seconds, peak_bytes }),
                false => Err(format!("{command:?} ended with {status}, not with {code}").into()),
            };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The high-water mark so far; the kernel keeps it, so nothing between two looks is missed but the last millisecond.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

pub fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("?".into(), |bytes| (bytes / 1_000_000).to_string())
}
