//! Database servers of a test's own, on free ports, stopped when the test ends.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{finish, root};

pub struct Server {
    pub url: String,
    folder: PathBuf,
    script: PathBuf,
}

impl Server {
    pub fn postgres(below: &Path) -> Self {
        Server::start(below, "postgres")
    }

    pub fn mysql(below: &Path) -> Self {
        Server::start(below, "mysql")
    }

    fn start(below: &Path, kind: &str) -> Self {
        // The server runs as another user when the test runs as root: it must be able to get to its folder.
        make_passable(below);
        let folder = below.join(kind);
        let script = root().join("scripts").join(kind);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = finish(Command::new(&script).arg("start").arg(&folder).arg(port.to_string()));
        Server { url: url.trim().to_string(), folder, script }
    }

    /// Runs a file of PostgreSQL statements, from a folder that the file may read from.
    pub fn psql(&self, folder: &Path, file: &Path) {
        let options = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file"];
        finish(Command::new("psql").current_dir(folder).arg(&self.url).args(options).arg(file));
    }

    pub fn mysql_run(&self, file: &Path) {
        finish(Command::new(&self.script).arg("run").arg(&self.folder).arg(file));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = Command::new(&self.script).arg("stop").arg(&self.folder).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("the server in {} was not stopped", self.folder.display());
        }
    }
}

#[cfg(unix)]
fn make_passable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_passable(_: &Path) {}
