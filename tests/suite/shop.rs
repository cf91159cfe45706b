//! A small sound project that mistakes are made in: `tests/golden/mistakes/shop`, over a database of one customer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sendoff::store::{Store, StoreOptions};
use tempfile::TempDir;

use crate::cli::{KEPT, copy};

/// Set for every case: a project is wrong in one way at a time.
const SET: [&str; 3] = ["BATCH_REST_API_KEY", "VOYADO_API_KEY", "POINTS_TOKEN"];

pub struct Shop {
    files: PathBuf,
    lake: PathBuf,
    _place: TempDir,
}

impl Shop {
    pub fn filled() -> Shop {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mistakes/shop");
        let shop = Shop { files, lake: place.path().join("lake.duckdb"), _place: place };
        let sql = fs::read_to_string(shop.files.join("lake.sql")).unwrap();
        let store = Store::open(&StoreOptions::default()).unwrap();
        store.execute(&format!("attach '{}' as lake; use lake; {sql}", shop.lake.display())).unwrap();
        store.execute("use memory; detach lake").unwrap();
        shop
    }

    pub fn copied(&self) -> TempDir {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(&self.files, folder.path());
        fs::copy(&self.lake, folder.path().join("data/lake.duckdb")).unwrap();
        // A repository of its own: the place lies in one already, or does not, as the case may be.
        fs::create_dir(folder.path().join(".git")).unwrap();
        folder
    }
}

/// The program, with the secrets of the project and nothing else of this machine.
pub fn inside(folder: &Path, program: &str) -> Command {
    let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().envs(kept).env("NO_COLOR", "1").envs(SET.map(|name| (name, "a-key")));
    command
}

pub fn execute(command: &str, folder: &Path) -> Output {
    let arguments = command.trim().strip_prefix("sendoff ").unwrap_or_else(|| panic!("`{command}` is no command"));
    inside(folder, env!("CARGO_BIN_EXE_sendoff")).args(arguments.split(' ')).output().unwrap()
}
