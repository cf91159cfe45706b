//! What the language itself has: its words, and the settings and options that no definition declares. `check` holds texts
//! against them, `assist` offers and explains them.

mod file;
mod words;

use super::catalog::{Destination, Setting, SettingKind};
use super::mode::Mode;

pub use file::{FORMATS, file_options};
pub use words::{ACTIVATION_WORDS, EXPECT_WORDS, ITEM_WORDS, MODEL_WORDS, SMALL_WORDS, TEST_WORDS, Word};

pub const SOURCE_KINDS: [&str; 4] = ["duckdb", "postgres", "mysql", "sqlite"];

/// Parts of a date, which other databases take without quotes: `date_trunc(month, signed_up)`.
pub const DATE_PARTS: [&str; 8] = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];

/// Every destination takes it: a staging host, a proxy, a test server.
pub const BASE_URL: &str = "base_url";
/// An activation alone can allow its model to be empty.
pub const ALLOW_EMPTY: &str = "allow_empty";

/// An optional setting of the language's own.
fn own(name: &str, kind: SettingKind, about: &str) -> Setting {
    Setting {
        name: name.to_string(),
        kind,
        secret: false,
        required: false,
        identity: false,
        needed_by: Vec::new(),
        default: None,
        values: Vec::new(),
        pattern: None,
        parts: Vec::new(),
        one_of: Vec::new(),
        about: about.to_string(),
        slots: Vec::new(),
    }
}

fn one_of_words(name: &str, words: &[&str], about: &str) -> Setting {
    Setting { values: words.iter().map(ToString::to_string).collect(), ..own(name, SettingKind::Text, about) }
}

pub fn project_settings() -> Vec<Setting> {
    vec![
        own("ledger", SettingKind::Text, "the folder of the ledgers; `{env}` stands for the environment"),
        own("dbt_manifest", SettingKind::Text, "dbt's `manifest.json`, which lets `ref('model')` stand in SQL"),
        own("extension_directory", SettingKind::Text, "DuckDB extensions, where there is no internet"),
        own("autoinstall", SettingKind::Boolean, "whether DuckDB may fetch extensions itself"),
        Setting { secret: true, ..own("notify", SettingKind::Url, "told when a warning begins or ends") },
    ]
}

/// `None`: there is no such kind of source.
pub fn source_settings(kind: &str) -> Option<Vec<Setting>> {
    let setting = match kind {
        "duckdb" | "sqlite" => own("path", SettingKind::Text, "the database's file, relative to the project"),
        "postgres" | "mysql" => own("url", SettingKind::Text, "where the database is, user and password included"),
        _ => return None,
    };
    Some(vec![Setting { required: true, ..setting }])
}

/// What the definition declares, and what every destination takes.
pub fn destination_settings(kind: &Destination) -> Vec<Setting> {
    let mut settings = kind.settings.clone();
    if settings.iter().all(|setting| setting.name != BASE_URL) {
        let about = "takes the place of the destination's own address: a proxy, a staging host, a test server";
        settings.push(own(BASE_URL, SettingKind::Url, about));
    }
    settings
}

pub fn allow_empty() -> Setting {
    let about = "an empty model is no mistake: in a set mode it takes everybody out";
    own(ALLOW_EMPTY, SettingKind::Boolean, about)
}

pub fn mode_options(mode: Mode) -> Vec<Setting> {
    let new_rows = "what becomes of new rows: held until something of them changes, or offered at once";
    let again = "a row that comes back after it was gone is created again";
    match mode {
        Mode::Update => vec![one_of_words("new_rows", &["send", "hold"], new_rows)],
        Mode::Insert => vec![own("again", SettingKind::Boolean, again)],
        Mode::Upsert | Mode::Mirror | Mode::Membership => Vec::new(),
    }
}

/// Options behind a mapping in `map` or `custom`.
pub fn mapping_options(custom: bool) -> Vec<Setting> {
    let null = "`skip` (unless said): NULL and empty text are no opinion; `clear`: they empty the field";
    let shared = "several activations write this field, on purpose";
    let mut options = vec![one_of_words("null", &["skip", "clear"], null), own("shared", SettingKind::Boolean, shared)];
    if custom {
        let kind = "the attribute's type, where the column's own is not the one meant";
        let create = "`false`: the attribute must exist already";
        options.extend([own("type", SettingKind::Text, kind), own("create", SettingKind::Boolean, create)]);
    }
    options
}
