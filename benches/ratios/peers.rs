//! The nearest open engines, doing the same: drt-core and dlt, each in a virtual environment of its own (`scripts/peers`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{self, Measured};
use crate::{Result, data};

pub const DRT: &str = "drt-core 1.2.1, rest_api destination";
pub const DLT: &str = "dlt 1.31.0, a destination of one's own with requests";

/// Where the environments are.
pub struct Peers(PathBuf);

impl Peers {
    /// `None` where nobody fetched them.
    pub fn found() -> Option<Peers> {
        let folder = PathBuf::from(std::env::var_os("SENDOFF_BENCH_PEERS")?);
        folder.join("dlt/bin/python").exists().then_some(Peers(folder))
    }

    pub fn drt(&self, folder: &Path, url: &str, at_once: u32) -> Result<Measured> {
        let folder = folder.join("drt");
        fs::create_dir_all(folder.join("syncs"))?;
        fs::create_dir_all(folder.join(".drt"))?;
        let database = data::write_database(&folder)?;
        let profile = format!("default:\n  type: duckdb\n  database: {}\n", database.display());
        fs::write(folder.join(".drt/profiles.yml"), profile)?;
        fs::write(folder.join("drt_project.yml"), "name: bench\nprofile: default\n")?;
        let body = match at_once {
            1 => r#"body_template: "{{ row | tojson_safe }}""#,
            _ => "body_mode: batch\n  batch_template: \"{{ rows | tojson_safe }}\"",
        };
        let sync = include_str!("peers/drt.yml").replace("URL", url).replace("BODY", body);
        fs::write(folder.join("syncs/everyone.yml"), sync)?;
        let mut command = Command::new(self.0.join("drt/bin/drt"));
        measure::command(command.current_dir(&folder).env("HOME", &folder).arg("run"))
    }

    pub fn dlt(&self, folder: &Path, url: &str, at_once: u32) -> Result<Measured> {
        let folder = folder.join("dlt");
        fs::create_dir_all(&folder)?;
        let database = data::write_database(&folder)?;
        fs::write(folder.join("run.py"), include_str!("peers/dlt.py"))?;
        let mut command = Command::new(self.0.join("dlt/bin/python"));
        command.current_dir(&folder).env("RUNTIME__DLTHUB_TELEMETRY", "false").arg("run.py");
        measure::command(command.arg(database).arg(format!("{url}/rows")).arg(at_once.to_string()))
    }
}
