#[path = "suite/sandbox.rs"]
mod sandbox;
