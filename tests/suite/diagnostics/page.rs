//! The page's entries: `### code`, a sentence, then `Bad` and `Good`, each with a block of text, of a file where it names one, or
//! a session, or both.

/// What a session is where none stands.
pub const CHECK: &str = "sendoff check";

pub struct Entry {
    pub code: String,
    /// From its heading up to the next one.
    pub text: String,
    pub bad: Option<Side>,
    pub good: Option<Side>,
}

#[derive(Default)]
pub struct Side {
    pub file: Option<String>,
    pub text: Option<String>,
    pub commands: Vec<String>,
}

pub fn entries(page: &str) -> Vec<Entry> {
    let starts: Vec<usize> = page.match_indices("\n##").map(|(at, _)| at + 1).chain([page.len()]).collect();
    let parts = starts.windows(2).map(|pair| &page[pair[0]..pair[1]]);
    parts.filter_map(entry).collect()
}

fn entry(text: &str) -> Option<Entry> {
    let code = text.lines().next()?.strip_prefix("### ").filter(|heading| heading.contains("::"))?;
    let (bad, good) = (text.find("\nBad"), text.find("\nGood"));
    let part = |from: Option<usize>, to: Option<usize>| Some(side(&text[from?..to.unwrap_or(text.len())]));
    Some(Entry { code: code.to_string(), text: text.to_string(), bad: part(bad, good), good: part(good, None) })
}

fn side(text: &str) -> Side {
    let label = text.trim_start().lines().next().unwrap_or_default();
    let mut side = Side { file: label.split('`').nth(1).map(str::to_string), ..Side::default() };
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, inner) = block.split_once('\n').unwrap_or((block, ""));
        match language {
            "console" => {
                side.commands = inner.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_string).collect()
            }
            // A description is no example.
            "text" => {}
            _ => side.text = Some(inner.trim_end_matches('\n').to_string()),
        }
    }
    side
}

impl Entry {
    /// The entry with what its bad example says, below the commands that make it say so.
    pub fn with_message(&self, message: &str) -> String {
        let Some((head, rest)) = self.text.split_once("\nGood") else { return self.text.clone() };
        let before = head.split_once("\n```console").map_or(head, |(before, _)| before).trim_end();
        let commands = self.bad.as_ref().map(|bad| bad.commands.clone()).filter(|commands| !commands.is_empty());
        let commands: String =
            commands.unwrap_or_else(|| vec![CHECK.into()]).iter().map(|command| format!("$ {command}\n")).collect();
        format!("{before}\n```console\n{commands}{message}\n```\nGood{rest}")
    }
}
