//! The world a command acts in: the real one, or one whose destinations are the sandbox, which remembers what earlier
//! trials of the project sent to it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{Options, Sandboxed};
use crate::sandbox::{Rates, Sandbox};
use crate::world::{World, reason, sandboxed};

use super::Context;

/// Below the project's root.
const KEPT: &str = ".sendoff/sandbox.json";

pub struct Stage {
    pub world: Arc<dyn World>,
    kept: Option<(Arc<Mutex<Sandbox>>, PathBuf)>,
}

impl Stage {
    pub fn set(context: &Context, root: &Path, options: &Options) -> Stage {
        let real = context.world.clone();
        if options.sandbox != Some(Sandboxed::InProcess) {
            return Stage { world: real, kept: None };
        }
        let path = root.join(KEPT);
        let sandbox = Arc::new(Mutex::new(remembered(context, &path)));
        let world = Arc::new(sandboxed::Sandboxed::new(real, sandbox.clone()));
        Stage { world, kept: Some((sandbox, path)) }
    }

    /// Keeps what the sandbox holds now.
    pub fn strike(self, context: &Context) {
        let Some((sandbox, path)) = self.kept else { return };
        let state = sandbox.lock().unwrap_or_else(PoisonError::into_inner).save();
        if let Err(error) = context.world.write(&path, &state.to_string()) {
            let path = path.display();
            let why = reason(&error);
            context.console.aside(&format!("`{path}` cannot be written, so the sandbox forgets this run: {why}"));
        }
    }
}

fn remembered(context: &Context, path: &Path) -> Sandbox {
    let mut sandbox = Sandbox::new(Rates::Relaxed);
    let Ok(text) = context.world.read(path) else { return sandbox };
    let loaded = serde_json::from_str(&text).and_then(|state| sandbox.load(state));
    if loaded.is_err() {
        let path = path.display();
        context.console.aside(&format!("`{path}` is not what the sandbox keeps, so it begins empty"));
        return Sandbox::new(Rates::Relaxed);
    }
    sandbox
}

/// Runs to the end on this thread and its helpers. Made only by commands that wait for something.
pub fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}
