use std::process::ExitCode;
use std::sync::Arc;

use sendoff::cli;
use sendoff::world::real::RealWorld;

fn main() -> ExitCode {
    ExitCode::from(cli::run(Arc::new(RealWorld::new()), std::env::args_os()))
}
