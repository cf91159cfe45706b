//! Words of other tools and languages, and ours for them.

use super::super::recover::Place;

/// What is ours for a word that begins an entry, or an item, elsewhere.
pub(in crate::parse) fn ours(place: Place, word: &str) -> Option<&'static str> {
    let of_activation = |word: &str| match word {
        "sync_mode" | "strategy" | "operation" => Some("mode"),
        "depends_on" | "needs" | "requires" => Some("after"),
        "target" | "destination" | "into" => Some("to"),
        "match" | "match_on" | "identifiers" => Some("identify"),
        "fields" | "columns" => Some("map"),
        "attributes" => Some("custom"),
        "abort" | "fail" | "error" | "assert" => Some("stop"),
        "alert" | "notify" => Some("warn"),
        _ => None,
    };
    match (place, word) {
        (Place::Model | Place::Activation, "primary_key" | "unique_key" | "primary" | "unique" | "id") => Some("key"),
        (Place::Model | Place::Activation, "source") => Some("from"),
        (Place::Activation, word) => of_activation(word),
        (Place::Test, "given" | "input" | "inputs" | "data" | "mock" | "source") => Some("rows"),
        (Place::Test, "assert" | "then" | "should" | "output" | "want") => Some("expect"),
        (Place::File, "sync" | "pipeline" | "export") => Some("activation"),
        (Place::File, "audience") => Some("segment"),
        (Place::File, "query" | "table") => Some("model"),
        (Place::File, "profile" | "workspace") => Some("environment"),
        _ => None,
    }
}

/// What there is in place of something that has no word here.
pub(in crate::parse) fn instead(word: &str) -> Option<&'static str> {
    Some(match word {
        "where" | "filter" | "if" | "when" => {
            "`where` stands on the line of its `from`, as in `from MODEL where CONDITION`"
        }
        "schedule" | "cron" | "interval" => "nothing here says when: cron, CI or an orchestrator starts `sendoff run`",
        "connection" | "provider" => "did you mean `source` or `destination`?",
        "vars" | "variable" | "variables" | "locals" => "variables stand in `environment NAME { KEY = VALUE }`",
        "import" | "include" => "all `*.sendoff` files of a folder are one project: there is nothing to import",
        _ => return None,
    })
}
