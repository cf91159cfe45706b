//! What a destination takes, from its definition alone: on a terminal, as a page of the documentation, as JSON.

pub mod rules;
pub mod service;

use serde_json::{Value, json};

use crate::diag::list;
use crate::ir::catalog::{Catalog, Destination, Service, Setting, SettingKind};

use super::page::Page;
use super::paint::Paint;
use super::table::table;

/// All destinations, a line each.
pub fn all(catalog: &Catalog, paint: Paint) -> String {
    let rows: Vec<Vec<String>> = catalog
        .destinations
        .values()
        .map(|known| {
            let services =
                known.services.iter().map(|service| format!("{} ({})", service.name, service::modes(service)));
            vec![known.kind.0.clone(), known.title.clone(), services.collect::<Vec<_>>().join("; ")]
        })
        .collect();
    table(&["name", "destination", "services and modes"], &rows, paint)
}

/// One destination whole: settings, services, what to know before using it.
pub fn page(known: &Destination, paint: Paint) -> String {
    let mut page = Page::default();
    page.heading(1, format!("{} ({})", known.title, known.kind));
    fill(&mut page, known);
    page.terminal(paint)
}

/// The page of the documentation, with an example of a pipeline at its head.
pub fn markdown(known: &Destination, example: Option<&str>) -> String {
    let mut page = Page::default();
    page.heading(1, format!("{} (`{}`)", known.title, known.kind));
    page.text(&known.about);
    page.text(format!(
        "Written from `{}` by `UPDATE=1 cargo test --test docs`; `sendoff destinations {}` says the same.",
        folder(&known.origin),
        known.kind
    ));
    if let Some(example) = example {
        page.heading(2, "For example");
        page.code("sendoff", example);
    }
    let about = page.0.len();
    fill(&mut page, known);
    // What it is about stands above the example already.
    if !known.about.is_empty() {
        page.0.remove(about);
    }
    page.markdown()
}

/// The list of the pages.
pub fn index(catalog: &Catalog) -> String {
    let mut page = Page::default();
    page.heading(1, "Destinations");
    page.text(
        "One page for each destination that is built in, written from its definition. What is not here is described by a \
         [definition of the project's own](../destination-format.md), or, where a few requests say it all, by [`http`](http.md).",
    );
    let rows = catalog.destinations.values().map(|known| {
        let services = known.services.iter().map(|service| format!("`{}`: {}", service.name, service::modes(service)));
        vec![
            format!("[{}]({}.md)", known.title, known.kind),
            services.collect::<Vec<_>>().join("; "),
            known.about.clone(),
        ]
    });
    page.table(&["destination", "services and modes", "what it is"], rows);
    page.markdown()
}

fn folder(origin: &str) -> &str {
    origin.rsplit_once('/').map_or(origin, |(folder, _)| folder)
}

fn fill(page: &mut Page, known: &Destination) {
    page.text(&known.about);
    page.section(2, "Settings", |page| {
        settings(page, &known.settings, &known.one_of);
        if !known.settings.iter().any(|setting| setting.name == "base_url") {
            page.text("`base_url` takes the place of the address: a proxy, a staging host, a test server.");
        }
    });
    page.section(2, "Limits", |page| {
        page.table(&["limit", "rate"], known.limits.iter().map(|(name, limit)| vec![code(name), rules::rate(limit)]));
    });
    known.services.iter().for_each(|one| service::fill(page, known, one));
    page.section(2, "Not verified", |page| page.list(known.unverified.iter().cloned()));
}

/// Settings of a destination or of a service, and the long defaults below them.
fn settings(page: &mut Page, settings: &[Setting], one_of: &[Vec<String>]) {
    let rows = settings.iter().map(|known| vec![code(&known.name), rules::setting(known), known.about.clone()]);
    page.table(&["setting", "takes", "what it is"], rows);
    if !one_of.is_empty() {
        let groups: Vec<String> = one_of.iter().map(|group| list(group)).collect();
        page.text(format!("Exactly one of: {}.", groups.join("; or ")));
    }
    let blocks = settings.iter().filter(|known| known.kind == SettingKind::Template);
    let defaults: Vec<String> = blocks
        .filter_map(|known| known.default.as_ref().map(|default| rules::written(&known.name, default, 0)))
        .collect();
    if !defaults.is_empty() {
        page.text("What is not said stays as it is here:");
        page.code("text", defaults.concat());
    }
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

pub fn json(known: &Destination) -> Value {
    let limits = known.limits.iter().map(|(name, limit)| (name.clone(), Value::String(rules::rate(limit))));
    json!({
        "name": known.kind,
        "title": known.title,
        "about": known.about,
        "settings": known.settings,
        "one_of": known.one_of,
        "limits": limits.collect::<serde_json::Map<_, _>>(),
        "services": known.services.iter().map(json_service).collect::<Vec<_>>(),
        "not_verified": known.unverified,
    })
}

fn json_service(known: &Service) -> Value {
    let told = |row: Vec<String>| {
        let mut row = row.into_iter();
        let name = row.next().unwrap_or_default().replace('`', "");
        let about = row.next_back().unwrap_or_default();
        let rules: Vec<String> = row.filter(|cell| !cell.is_empty()).collect();
        json!({"name": name, "rules": rules.join(", "), "about": about})
    };
    json!({
        "name": known.name,
        "title": known.title,
        "about": known.about,
        "modes": known.modes.iter().map(|(mode, _)| mode).collect::<Vec<_>>(),
        "settings": known.options,
        "one_of": known.one_of,
        "identifiers": known.identifiers.iter().map(rules::identifier).map(told).collect::<Vec<_>>(),
        "identify_all": known.identify_all,
        "fields": known.fields.iter().map(rules::field).map(told).collect::<Vec<_>>(),
        "custom_attributes": known.custom.as_ref().map(|custom| json!({
            "names": rules::names(custom),
            "types": custom.types.iter().map(|kind| &kind.word).collect::<Vec<_>>(),
            "create": custom.create,
        })),
        "not_for": known.not_for,
        "not_verified": known.unverified,
    })
}
