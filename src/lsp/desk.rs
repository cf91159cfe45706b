//! A project that an editor has files of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lsp_types::Diagnostic;

use super::problems::diagnostics;
use crate::assist::{self, At, View};
use crate::diag::Problems;
use crate::engine::{Draft, Options};
use crate::ir::span::FileId;
use crate::world::World;

pub struct Desk<'w> {
    pub draft: Draft<'w>,
    pub problems: Problems,
    /// Something changed since they were looked for.
    stale: bool,
    /// Files whose rows are to be looked at.
    unseen: BTreeSet<PathBuf>,
    told: BTreeMap<PathBuf, Vec<Diagnostic>>,
}

impl<'w> Desk<'w> {
    pub fn new(world: &'w dyn World, root: &Path, options: &Options) -> Self {
        let draft = Draft::read(world, root, options);
        Desk { draft, problems: Problems::default(), stale: true, unseen: BTreeSet::new(), told: BTreeMap::new() }
    }

    pub fn set(&mut self, path: &Path, text: Option<&str>) {
        let Ok(below) = path.strip_prefix(self.draft.root()).map(Path::to_path_buf) else { return };
        self.draft.set(&below, text);
        self.stale = true;
    }

    /// Files that pipelines name may be others now.
    pub fn forget(&mut self) {
        self.draft.forget();
        self.stale = true;
    }

    /// The columns of what a file's items read are looked at with the next judgement.
    pub fn unseen(&mut self, path: &Path) {
        self.unseen.insert(path.to_path_buf());
        self.stale = true;
    }

    /// What is to be told anew, by file: all that differs from what was told before.
    pub fn news(&mut self) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
        if !self.judge() {
            return BTreeMap::new();
        }
        let (sources, first) = (self.draft.sources(), self.draft.pipelines().first().copied());
        let mut now = diagnostics(&self.problems, sources, first);
        for path in self.told.keys() {
            now.entry(path.clone()).or_default();
        }
        let news =
            now.iter().filter(|(path, found)| self.told.get(*path).map_or(!found.is_empty(), |told| told != *found));
        let news = news.map(|(path, found)| (path.clone(), found.clone())).collect();
        now.retain(|_, found| !found.is_empty());
        self.told = now;
        news
    }

    /// What is shown of a file.
    pub fn told(&self, path: &Path) -> Vec<Diagnostic> {
        self.told.get(path).cloned().unwrap_or_default()
    }

    /// Looks for problems where something changed; says whether it did.
    pub fn judge(&mut self) -> bool {
        if !self.stale {
            return false;
        }
        self.stale = false;
        self.problems = self.draft.judge();
        if self.see() {
            self.problems = self.draft.judge();
        }
        true
    }

    /// Whether columns are known now that were not.
    fn see(&mut self) -> bool {
        let mut news = false;
        for path in std::mem::take(&mut self.unseen) {
            let Some(file) = self.file(&path) else { continue };
            for model in assist::models(self.draft.trees(), file) {
                news |= self.draft.look(&model);
            }
        }
        news
    }

    /// Before a place is asked about: what its rows are made of.
    pub fn look(&mut self, file: FileId, offset: usize) {
        self.judge();
        let Some(at) = self.at(file, offset) else { return };
        let Some(model) = assist::model_at(self.draft.trees(), at) else { return };
        self.stale |= self.draft.look(&model);
    }

    pub fn view(&self) -> View<'_> {
        View {
            files: self.draft.trees(),
            catalog: self.draft.catalog(),
            facts: self.draft.facts(),
            columns: self.draft.columns(),
        }
    }

    pub fn file(&self, path: &Path) -> Option<FileId> {
        let file = self.draft.sources().find(&path.to_string_lossy())?;
        self.draft.pipelines().contains(&file).then_some(file)
    }

    pub fn at(&self, file: FileId, offset: usize) -> Option<At<'_>> {
        Some(At { file, tree: self.tree(file)?, text: self.draft.sources().text(file), offset })
    }

    fn tree(&self, file: FileId) -> Option<&crate::ir::ast::File> {
        let at = self.draft.pipelines().iter().position(|known| *known == file)?;
        self.draft.trees().get(at)
    }
}
