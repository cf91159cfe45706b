//! The projects that are measured.

use std::fs;
use std::path::Path;

use crate::{Result, data, measure};

/// A definition of the bench's own. Where rows are adopted nothing is ever sent to it, and its address answers nobody.
const SINK: [(&str, &str); 2] =
    [("connection.yaml", include_str!("sink/connection.yaml")), ("rows.yaml", include_str!("sink/rows.yaml"))];

/// Requests of one row that may be under way at once, sendoff's and the load generator's alike. With the 8 that a definition
/// allows where it does not say otherwise, the client waits for a thread of the sink to wake up, and both are slower.
pub const AT_ONCE: usize = 32;

/// A project whose ledger holds every row of its source as acknowledged.
pub fn adopted(folder: &Path, rows: u64) -> Result<()> {
    written(folder, rows, None)?;
    measure::sendoff(folder, &["run", "--adopt"], &[], 0)?;
    Ok(())
}

/// Where the rows go, and how.
pub struct Sending {
    pub url: String,
    /// Rows a request.
    pub at_once: u32,
    /// Requests a second, one by one.
    pub a_second: Option<u32>,
}

impl Sending {
    /// 1,000 a request, as fast as they are taken.
    pub fn to(url: &str) -> Sending {
        Sending { url: url.to_string(), at_once: 1000, a_second: None }
    }
}

/// `sending`: where the rows go, if anywhere.
pub fn written(folder: &Path, rows: u64, sending: Option<&Sending>) -> Result<()> {
    fresh(folder)?;
    data::write_rows(folder, rows)?;
    let definition = folder.join("destinations/sink");
    fs::create_dir_all(&definition)?;
    for (name, text) in SINK {
        fs::write(definition.join(name), sending.map_or(text.to_string(), |sending| defined(name, text, sending)))?;
    }
    let fields: Vec<_> = data::fields().collect();
    let at = sending.map_or(String::new(), |sending| format!(r#"{{ base_url = "{}" }}"#, sending.url));
    let text = format!(
        r#"destination sink = sink {at}
model rows {{ from file "rows.parquet", key id }}
activation everyone {{
  from rows
  to sink.rows
  mode upsert
  identify {{ customer }}
  custom {{ {} }}
}}
"#,
        fields.join(", ")
    );
    Ok(fs::write(folder.join("project.sendoff"), text)?)
}

/// The definition with its batches, and the limit it keeps.
fn defined(name: &str, text: &str, sending: &Sending) -> String {
    let single = format!("records: 1}}\n    in_flight: {AT_ONCE}");
    let text = match sending.at_once {
        1 => text.replace("records: 1000}", &single),
        many => text.replace("records: 1000", &format!("records: {many}")),
    };
    match sending.a_second {
        Some(count) if name == "connection.yaml" => {
            format!("{text}limits:\n  api: {{requests: {count}, per: 1s}}\n")
        }
        Some(_) => text.replace("    repeat: safe\n", "    repeat: safe\n    limits: [api]\n"),
        None => text,
    }
}

/// One model and one activation a file, each with attributes of its own.
pub fn many_files(folder: &Path, files: usize) -> Result<()> {
    fresh(folder)?;
    let crm = r#"destination crm = batch { rest_api_key = env("BENCH_KEY"), project_key = "bench" }"#;
    fs::write(folder.join("connections.sendoff"), crm)?;
    for number in 1..files {
        let text = format!(
            r#"model model_{number} {{
  from file "data/rows.parquet" where region = {number}
  key id
}}
segment active_{number} of model_{number} where visits > 0

activation activation_{number} {{
  from active_{number}
  to crm.profiles
  mode upsert
  identify {{ lower(trim(customer)) -> custom_id }}
  custom {{
    first_name -> first_name_{number}
    round(score, 2) -> score_{number}
    case when vip then 'gold' else 'basic' end -> tier_{number}
    visits + 1 -> visits_{number} {{ null = clear }}
  }}
  warn when rejected > 1%
  stop when changed > 30%
}}
"#
        );
        fs::write(folder.join(format!("activation_{number}.sendoff")), text)?;
    }
    Ok(())
}

fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}
