//! Which project a file is of, what is open, and who is told what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{RegisterCapability, Request as _};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, FileSystemWatcher, GlobPattern,
    PublishDiagnosticsParams, Registration, RegistrationParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::desk::Desk;
use super::place;
use super::welcome::Client;
use crate::engine::Options;
use crate::ir::span::FileId;
use crate::project::{self, Part};
use crate::world::World;

pub struct Server<'w> {
    world: &'w dyn World,
    connection: &'w Connection,
    options: Options,
    /// The one project there is, where the command line says so.
    project: Option<PathBuf>,
    pub client: Client,
    /// By the project's folder.
    desks: BTreeMap<PathBuf, Desk<'w>>,
    open: BTreeMap<PathBuf, Open>,
}

struct Open {
    root: PathBuf,
    version: i32,
    /// Nothing was told of this version yet.
    untold: bool,
}

impl<'w> Server<'w> {
    pub fn new(
        world: &'w dyn World,
        connection: &'w Connection,
        project: Option<&Path>,
        options: &Options,
        client: Client,
    ) -> Self {
        Server {
            world,
            connection,
            options: options.clone(),
            project: project.and_then(|folder| std::path::absolute(folder).ok()),
            client,
            desks: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// Asks to be told of files that change behind the editor's back.
    pub fn greet(&self) {
        if !self.client.watches {
            return;
        }
        let watcher = FileSystemWatcher { glob_pattern: GlobPattern::String("**/*".into()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
        let registration = Registration {
            id: "files".into(),
            method: DidChangeWatchedFiles::METHOD.into(),
            register_options: serde_json::to_value(options).ok(),
        };
        let asked = RegistrationParams { registrations: vec![registration] };
        let id = RequestId::from("files".to_string());
        self.send(Message::Request(Request::new(id, RegisterCapability::METHOD.into(), asked)));
    }

    /// An editor that has gone hears nothing; the loop ends by itself then.
    pub fn send(&self, message: Message) {
        let _ = self.connection.sender.send(message);
    }

    pub fn notice(&mut self, notice: Notification) {
        let params = notice.params;
        match notice.method.as_str() {
            DidOpenTextDocument::METHOD => read(params, |told: DidOpenTextDocumentParams| {
                let document = told.text_document;
                self.changed(&document.uri, document.version, &document.text);
                self.saved(&document.uri);
            }),
            DidChangeTextDocument::METHOD => read(params, |told: DidChangeTextDocumentParams| {
                // Whole texts: the last one counts.
                let Some(change) = told.content_changes.last() else { return };
                self.changed(&told.text_document.uri, told.text_document.version, &change.text);
            }),
            DidSaveTextDocument::METHOD => {
                read(params, |told: DidSaveTextDocumentParams| self.saved(&told.text_document.uri));
            }
            DidCloseTextDocument::METHOD => {
                read(params, |told: DidCloseTextDocumentParams| self.closed(&told.text_document.uri));
            }
            DidChangeWatchedFiles::METHOD => read(params, |told: DidChangeWatchedFilesParams| {
                told.changes.iter().for_each(|change| self.changed_on_disk(&change.uri));
            }),
            _ => {}
        }
    }

    fn changed(&mut self, uri: &Uri, version: i32, text: &str) {
        let Some(path) = place::path(uri) else { return };
        let root = match self.open.get(&path) {
            Some(open) => open.root.clone(),
            None => self.root(&path),
        };
        self.desk(&root).set(&path, Some(text));
        self.open.insert(path, Open { root, version, untold: true });
    }

    fn saved(&mut self, uri: &Uri) {
        let Some(path) = place::path(uri) else { return };
        let Some(open) = self.open.get(&path) else { return };
        if let Some(desk) = self.desks.get_mut(&open.root) {
            desk.unseen(&path);
        }
    }

    /// What counts now is what lies on the disk.
    fn closed(&mut self, uri: &Uri) {
        let Some(path) = place::path(uri) else { return };
        if let Some(desk) = self.open.remove(&path).and_then(|open| self.desks.get_mut(&open.root)) {
            desk.set(&path, self.world.read(&path).ok().as_deref());
        }
    }

    fn changed_on_disk(&mut self, uri: &Uri) {
        let Some(path) = place::path(uri).filter(|path| !self.open.contains_key(path)) else { return };
        for (root, desk) in &mut self.desks {
            let Ok(below) = path.strip_prefix(root).map(Path::to_path_buf) else { continue };
            if project::is_passed_over(&below) {
                continue;
            }
            match project::part(&below) {
                Some(Part::Pipeline | Part::Definition) => desk.set(&path, self.world.read(&path).ok().as_deref()),
                None => desk.forget(),
            }
        }
    }

    fn desk(&mut self, root: &Path) -> &mut Desk<'w> {
        let made = || Desk::new(self.world, root, &self.options);
        self.desks.entry(root.to_path_buf()).or_insert_with(made)
    }

    /// The folder of a file's project: the outermost one of the editor's folders that holds pipeline files, since all below it
    /// is one project.
    fn root(&self, path: &Path) -> PathBuf {
        if let Some(project) = self.project.as_ref().filter(|project| path.starts_with(project)) {
            return project.clone();
        }
        let own = path.parent().unwrap_or(path);
        let within = |folder: &&Path| self.client.folders.iter().any(|known| folder.starts_with(known));
        let holds = |folder: &&Path| {
            self.world
                .files(folder)
                .is_ok_and(|names| names.iter().any(|name| project::part(Path::new(name)).is_some()))
        };
        own.ancestors().take_while(within).filter(holds).last().unwrap_or(own).to_path_buf()
    }

    /// Tells what is wrong now, where that is not what was told before.
    pub fn publish(&mut self) {
        let mut told = Vec::new();
        for (root, desk) in &mut self.desks {
            let news = desk.news();
            let open = self.open.iter_mut().filter(|(_, open)| open.root == *root);
            let mut open: BTreeMap<&PathBuf, &mut Open> = open.collect();
            for (path, open) in open.iter_mut().filter(|(_, open)| open.untold) {
                open.untold = false;
                told.push((path.to_path_buf(), desk.told(path), Some(open.version)));
            }
            let done: Vec<PathBuf> = told.iter().map(|(path, ..)| path.clone()).collect();
            told.extend(news.into_iter().filter(|(path, _)| !done.contains(path)).map(|(path, found)| {
                let version = open.get(&path).map(|open| open.version);
                (path, found, version)
            }));
        }
        for (path, diagnostics, version) in told {
            let Some(uri) = place::uri(&path) else { continue };
            let told = PublishDiagnosticsParams { uri, diagnostics, version };
            self.send(Message::Notification(Notification::new(PublishDiagnostics::METHOD.into(), told)));
        }
    }

    /// An open file, in its project.
    pub fn opened(&mut self, uri: &Uri) -> Option<(&mut Desk<'w>, FileId)> {
        let path = place::path(uri)?;
        let root = self.open.get(&path)?.root.clone();
        let desk = self.desks.get_mut(&root)?;
        let file = desk.file(&path)?;
        Some((desk, file))
    }
}

/// A notice that cannot be read is passed over: nobody waits for an answer.
fn read<P: DeserializeOwned>(params: Value, act: impl FnOnce(P)) {
    if let Ok(told) = serde_json::from_value(params) {
        act(told);
    }
}
