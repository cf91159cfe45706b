//! Ctrl-C and SIGTERM: the first takes no new work, the second ends at once.

use std::time::Duration;

use tokio::signal;

use crate::engine::StopSignal;
use crate::ir::delivery::Halt;

/// As shells count a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// What tells a program to end may tell it and its group, and so say it twice: that is one word.
const ONE_WORD: Duration = Duration::from_millis(150);

/// Watches until the program ends.
pub fn watch(stop: StopSignal) {
    tokio::spawn(async move {
        asked().await;
        eprintln!("finishing what is in flight; once more ends at once");
        stop.stop(Halt::Interrupted);
        tokio::time::sleep(ONE_WORD).await;
        asked().await;
        std::process::exit(INTERRUPTED);
    });
}

/// Waits for one of the signals; forever where none can be heard.
#[cfg(unix)]
pub async fn asked() {
    use signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return interrupted().await };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
pub async fn asked() {
    interrupted().await;
}

/// Ctrl-C alone.
async fn interrupted() {
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
