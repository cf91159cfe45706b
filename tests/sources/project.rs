//! A project in a folder, and runs of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::recorder::Recorder;

pub struct Project {
    pub folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// What a command said, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub text: String,
}

impl Project {
    pub fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Project { folder, environment: vec![("BATCH_REST_API_KEY".into(), "a-key".into())] }
    }

    /// One model and one activation of it, to the recorder: `from` is all that differs.
    pub fn small(folder: &Path, recorder: &Recorder, source: &str, from: &str) -> Self {
        let project = Project::new(folder.to_path_buf());
        let text = include_str!("small.txt");
        let text = text.replace("SOURCE", source).replace("FROM", from).replace("ADDRESS", &recorder.url);
        project.write("small.sendoff", &text);
        project
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    pub fn ask(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
        command.args(arguments).current_dir(&self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Said { code: status.code(), text }
    }

    pub fn run(&self, arguments: &[&str]) {
        let said = self.ask(&[&["run"], arguments].concat());
        assert_eq!(said.code, Some(0), "{}\n{}", self.folder.display(), said.text);
    }
}
