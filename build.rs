//! Tells the linker where the program will find DuckDB's library when it starts.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    rpath();
}

/// Beside the program, so that an unpacked folder runs anywhere; one folder up, where cargo puts tests and benches; and
/// in debug builds the very folder it was linked from, which spares a copy of 70 MB.
fn rpath() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    let beside = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => "$ORIGIN",
        Ok("macos") => "@executable_path",
        _ => return,
    };
    link_arg(&format!("-Wl,-rpath,{beside}"));
    link_arg(&format!("-Wl,-rpath,{beside}/.."));
    let debug = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    if let (true, Ok(folder)) = (debug, env::var("DUCKDB_LIB_DIR")) {
        link_arg(&format!("-Wl,-rpath,{folder}"));
    }
}

fn link_arg(arg: &str) {
    println!("cargo:rustc-link-arg={arg}");
}
