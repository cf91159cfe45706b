use std::process::ExitCode;
use std::sync::Arc;

use sendoff::cli;
use sendoff::world::real::RealWorld;

/// Rows are made on one thread and given back on another, by the million.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(cli::run(Arc::new(RealWorld::new()), std::env::args_os()))
}
