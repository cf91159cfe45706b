//! Embeds `destinations/**/*.yaml`, so that a new destination needs no Rust, and tells the linker where the program will
//! find DuckDB's library when it starts.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    rpath();
    embed_destinations()
}

fn embed_destinations() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=destinations");
    let mut files = Vec::new();
    for folder in entries(&root.join("destinations"))? {
        if folder.is_dir() {
            println!("cargo::rerun-if-changed={}", folder.display());
            files
                .extend(entries(&folder)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "yaml")));
        }
    }
    let mut out = String::from("pub(super) const BUILTIN: &[(&str, &str)] = &[\n");
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        out.push_str(&format!("    ({name:?}, include_str!({:?})),\n", file.display().to_string()));
    }
    out.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join("builtin.rs"), out)
}

/// Sorted, so that builds are alike; nothing where the folder is missing.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    found.sort();
    Ok(found)
}

/// Beside the program, so that an unpacked folder runs anywhere; one folder up, where cargo puts tests and benches; and
/// in debug builds the very folder it was linked from, which spares a copy of 70 MB.
fn rpath() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
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
    println!("cargo::rustc-link-arg={arg}");
}
