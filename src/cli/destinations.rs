//! `destinations`: what destinations take, from their definitions alone.

use serde_json::Value;

use crate::catalog::{self, DefinitionFile};
use crate::diag::{Problems, Sources, suggestion};
use crate::ir::ast::Item;
use crate::ir::catalog::Catalog;
use crate::ir::run::Status;
use crate::parse::parse;
use crate::project;
use crate::report::{destination, json};

use super::choice::View;
use super::{Context, Ended, Stop, usage};

/// What definition files may hold; a test holds it against what reads them.
const SCHEMA: &str = include_str!("../../docs/destination.schema.json");

#[derive(Debug, clap::Args)]
pub struct Destinations {
    /// The kind of destination, or the name of one of the project's own [default: all, a line each]
    name: Option<String>,
    /// Print the JSON Schema of definition files, for editors
    #[arg(long, conflicts_with_all = ["name", "format"])]
    schema: bool,
    #[command(flatten)]
    pub view: View,
}

impl Destinations {
    pub fn act(self, context: &Context) -> Ended {
        if self.schema {
            context.console.print(SCHEMA);
            return Ok(Status::Done.code());
        }
        let (catalog, problems, sources) = read(context);
        if problems.any_error() {
            return Err(Stop::Problems(problems, sources));
        }
        let said = match &self.name {
            None => self.all(&catalog, context),
            Some(name) => self.one(name, &catalog, context)?,
        };
        context.console.print(&said);
        Ok(Status::Done.code())
    }

    fn all(&self, catalog: &Catalog, context: &Context) -> String {
        match self.view.json() {
            true => json::text(&catalog.destinations.values().map(destination::json).collect::<Vec<Value>>()),
            false => {
                destination::all(catalog, context.console.paint) + "\n`sendoff destinations NAME` shows one whole\n"
            }
        }
    }

    fn one(&self, name: &str, catalog: &Catalog, context: &Context) -> Result<String, Stop> {
        let of_kind = |name: &str| catalog.destinations.values().find(|known| known.kind.as_str() == name);
        let (known, head) = match of_kind(name) {
            Some(known) => (known, String::new()),
            None => {
                let own = connections(context);
                let kind = own.iter().find(|(own, _)| own == name).map(|(_, kind)| kind.as_str());
                let Some(known) = kind.and_then(of_kind) else { return Err(unknown(name, catalog, &own)) };
                (known, format!("`{name}` is a destination of this project, of the kind `{}`.\n\n", known.kind))
            }
        };
        Ok(match self.view.json() {
            true => json::text(&destination::json(known)),
            false => head + &destination::page(known, context.console.paint),
        })
    }
}

/// What the project calls its destinations, and of which kinds they are.
fn connections(context: &Context) -> Vec<(String, String)> {
    let (files, _) = project::read(context.world.as_ref(), &context.root());
    let items = files.pipelines.iter().flat_map(|file| parse(*file, files.sources.text(*file)).0.items);
    items
        .filter_map(|item| match item {
            Item::Destination(own) => Some((own.name.value, own.kind.value)),
            _ => None,
        })
        .collect()
}

fn unknown(name: &str, catalog: &Catalog, own: &[(String, String)]) -> Stop {
    let kinds = catalog.destinations.keys().map(|kind| kind.as_str());
    let names = kinds.chain(own.iter().map(|(name, _)| name.as_str()));
    let help = suggestion(name, names).unwrap_or_else(|| "`sendoff destinations` lists them".into());
    usage("destinations::unknown", format!("there is no destination `{name}`"), help)
}

/// The product's definitions and, where there is a project, its own.
fn read(context: &Context) -> (Catalog, Problems, Sources) {
    let (files, mut problems) = project::definitions(context.world.as_ref(), &context.root());
    let mut sources = files.sources;
    let own = files.definitions.into_iter().map(|file| DefinitionFile {
        file,
        path: sources.name(file).into(),
        text: sources.text(file).into(),
    });
    let own: Vec<DefinitionFile> = own.collect();
    let (catalog, found) = catalog::with_own(&own, &mut |path, text| sources.add(path, text));
    problems.extend(found);
    (catalog, problems, sources)
}
