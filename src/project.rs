//! Finds a project's folder and reads its files: pipelines and its own destinations. Nothing is judged here but whether a
//! file can be read.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::diag::{Problem, Problems, Sources};
use crate::ir::span::FileId;
use crate::world::{World, reason};

const PIPELINE: &str = "sendoff";
const DEFINITIONS: &str = "destinations";
const GIT: &str = ".git";

/// The texts of a project, in the order of their paths, so that nothing depends on how a file system lists them.
#[derive(Clone, Debug, Default)]
pub struct ProjectFiles {
    pub sources: Sources,
    /// `*.sendoff`
    pub pipelines: Vec<FileId>,
    /// `destinations/**/*.yaml`
    pub definitions: Vec<FileId>,
}

/// The folder asked for, or else the nearest one, from here upwards, that holds a pipeline file; here where none does.
pub fn root(world: &dyn World, asked: Option<&Path>, here: &Path) -> PathBuf {
    match asked {
        Some(folder) => folder.to_path_buf(),
        None => nearest(world, here).unwrap_or_else(|| PathBuf::from(".")),
    }
}

/// Told from here (`../..`), so that paths in messages can be opened where the command was typed.
fn nearest(world: &dyn World, here: &Path) -> Option<PathBuf> {
    let mut told = PathBuf::new();
    for folder in here.ancestors() {
        if world.files(folder).is_ok_and(|names| names.iter().any(|name| is_pipeline(Path::new(name)))) {
            return Some(if told.as_os_str().is_empty() { PathBuf::from(".") } else { told });
        }
        told.push("..");
    }
    None
}

/// A file's name from the root of its repository, as whoever shows problems beside the lines of one names it. `name`: leads to
/// it from `here`.
pub fn in_repository(world: &dyn World, here: &Path, name: &str) -> String {
    let path = straight(&here.join(name));
    let is_root = |folder: &&Path| {
        // A linked work tree has a file of that name.
        let names = world.files(folder).unwrap_or_default();
        names.iter().any(|name| name == GIT) || world.files(&folder.join(GIT)).is_ok()
    };
    let workspace = world.env("GITHUB_WORKSPACE").map(PathBuf::from).filter(|root| path.starts_with(root));
    let root = workspace.or_else(|| path.ancestors().find(is_root).map(Path::to_path_buf));
    path.strip_prefix(root.as_deref().unwrap_or(here)).unwrap_or(&path).display().to_string()
}

/// Without `.` and `..`.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(straight.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => straight.push(part),
        }
    }
    straight
}

/// Reads all files of the project; with problems, whatever could be read is in the first part.
pub fn read(world: &dyn World, root: &Path) -> (ProjectFiles, Problems) {
    let mut files = ProjectFiles::default();
    let mut problems = Problems::default();
    let paths = match world.list(root) {
        Ok(paths) => paths,
        Err(error) => return (files, no_folder(root, &error).into()),
    };
    for path in &paths {
        let group = match part(path) {
            Some(Part::Pipeline) => &mut files.pipelines,
            Some(Part::Definition) => &mut files.definitions,
            None => continue,
        };
        match world.read(&root.join(path)) {
            Ok(text) => group.push(files.sources.add(shown(root, path), text)),
            Err(error) => problems.push(unreadable(&shown(root, path), &error)),
        }
    }
    if files.pipelines.is_empty() && problems.is_empty() {
        problems.push(no_pipelines(root));
    }
    (files, problems)
}

/// The project's own destinations alone; a folder that is no project has none.
pub fn definitions(world: &dyn World, root: &Path) -> (ProjectFiles, Problems) {
    let mut files = ProjectFiles::default();
    let mut problems = Problems::default();
    let folder = root.join(DEFINITIONS);
    for path in world.list(&folder).unwrap_or_default() {
        let path = Path::new(DEFINITIONS).join(path);
        if !is_definition(&path) {
            continue;
        }
        match world.read(&root.join(&path)) {
            Ok(text) => files.definitions.push(files.sources.add(shown(root, &path), text)),
            Err(error) => problems.push(unreadable(&shown(root, &path), &error)),
        }
    }
    (files, problems)
}

/// A file that a pipeline names: a query, a dbt manifest.
pub fn named(world: &dyn World, root: &Path, path: &str) -> Result<String, String> {
    world.read(&root.join(path)).map_err(|error| reason(&error))
}

/// What a file is to its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Pipeline,
    Definition,
}

/// `path`: below the project's folder.
pub fn part(path: &Path) -> Option<Part> {
    match () {
        () if is_pipeline(path) => Some(Part::Pipeline),
        () if is_definition(path) => Some(Part::Definition),
        () => None,
    }
}

fn is_pipeline(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PIPELINE)
}

fn is_definition(path: &Path) -> bool {
    path.starts_with(DEFINITIONS) && path.extension().is_some_and(|extension| extension == "yaml")
}

/// Whether a path below the root leads through a folder that holds no part of a project.
pub fn is_passed_over(path: &Path) -> bool {
    let folder = |part: &std::ffi::OsStr| {
        let name = part.to_string_lossy();
        name.starts_with('.') || ["target", "node_modules"].contains(&name.as_ref())
    };
    path.parent().is_some_and(|folders| folders.iter().any(folder))
}

/// A file as messages name it.
pub fn shown(root: &Path, path: &Path) -> String {
    let whole = if root == Path::new(".") { path.to_path_buf() } else { root.join(path) };
    whole.to_string_lossy().into_owned()
}

fn no_folder(root: &Path, error: &io::Error) -> Problem {
    Problem::error("project::folder", format!("the folder `{}` cannot be read: {}", root.display(), reason(error)))
        .help("`--project DIR` names the folder of a project")
}

fn no_pipelines(root: &Path) -> Problem {
    let place = if root == Path::new(".") { "this folder".to_string() } else { format!("`{}`", root.display()) };
    Problem::error("project::empty", format!("{place} holds no `*.sendoff` file"))
        .help("`sendoff init` writes a small project to start from; `--project DIR` names the folder of another")
}

fn unreadable(path: &str, error: &io::Error) -> Problem {
    Problem::error("project::file", format!("`{path}` cannot be read: {}", reason(error)))
}
