//! `destinations`: what destinations take, from their definitions alone.

use serde_json::Value;

use crate::catalog::{self, DefinitionFile};
use crate::diag::{Problems, Sources, suggestion};
use crate::ir::catalog::Catalog;
use crate::ir::run::Status;
use crate::project;
use crate::report::{destination, json};

use super::choice::View;
use super::{Context, Ended, Stop, usage};

/// What definition files may hold; a test holds it against what reads them.
const SCHEMA: &str = include_str!("../../docs/destination.schema.json");

#[derive(Debug, clap::Args)]
pub struct Destinations {
    /// The destination [default: all, a line each]
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
        let Some(known) = catalog.destinations.values().find(|known| known.kind.as_str() == name) else {
            let names = catalog.destinations.keys().map(|kind| kind.as_str());
            let help = suggestion(name, names).unwrap_or_else(|| "`sendoff destinations` lists them".into());
            return Err(usage("destinations::unknown", format!("there is no destination `{name}`"), help));
        };
        Ok(match self.view.json() {
            true => json::text(&destination::json(known)),
            false => destination::page(known, context.console.paint),
        })
    }
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
