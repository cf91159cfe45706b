//! The words that begin items and entries, and the small ones within them.

/// A word of the language. `shape` is what usually follows it, its gaps as editors write them (`$1`, `${1:name}`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub word: &'static str,
    pub shape: &'static str,
    pub about: &'static str,
}

const fn word(word: &'static str, shape: &'static str, about: &'static str) -> Word {
    Word { word, shape, about }
}

pub const ITEM_WORDS: [Word; 8] = [
    word(
        "activation",
        " ${1:name} {\n  from $2\n  to $3\n  identify { $4 }\n  map {\n    $0\n  }\n}",
        "which rows go to which service, matched how, with which fields, in which mode",
    ),
    word("destination", " ${1:name} = ${2:kind} {\n  $0\n}", "an account of a tool that rows go to"),
    word("environment", " ${1:name} {\n  $0\n}", "variables of one environment, for `var(\"name\")`"),
    word("model", " ${1:name} {\n  from $2\n  key ${3:column}\n}", "rows with a key"),
    word("project", " {\n  $0\n}", "settings of the whole project"),
    word("segment", " ${1:name} of ${2:model} where $0", "some of the rows of a model or of another segment"),
    word("source", " ${1:name} = ${2:kind} {\n  $0\n}", "a database or lake that rows come from"),
    word(
        "test",
        " ${1:name} of ${2:activation} {\n  rows {\n    $0\n  }\n  expect added 1\n}",
        "rows in place of the model's, and what a run would make of them; `sendoff test` looks whether it does",
    ),
];

const FROM: Word = word(
    "from",
    " $0",
    "which rows: a model or segment, `SOURCE table NAME`, `SOURCE sql \"\"\"...\"\"\"`, `SOURCE sql file \"PATH\"` or \
     `file \"PATH\"`, narrowed by `where`",
);
const KEY: Word = word("key", " $0", "the column, or columns, that tell rows apart: `key id`, `key (shop, id)`");

pub const MODEL_WORDS: [Word; 2] = [FROM, KEY];

pub const ACTIVATION_WORDS: [Word; 10] = [
    FROM,
    word("to", " $0", "where the rows go: `DESTINATION.SERVICE`, with the service's settings in braces"),
    word("mode", " $0", "what becomes of new, changed and gone rows; the service's first mode unless said"),
    KEY,
    word("after", " $0", "runs once these activations have ended, well or not"),
    word(
        "identify",
        " { $0 }",
        "by what the destination knows a row: `EXPRESSION -> IDENTIFIER`; the first that is not empty. `identify all` \
         sends every one",
    ),
    word("map", " {\n  $0\n}", "fields of the destination's catalogue: `EXPRESSION -> FIELD`, or a lone column"),
    word("custom", " {\n  $0\n}", "attributes of the account's own: `EXPRESSION -> NAME`, or a lone column"),
    word("warn", " when $0", "a guard that tells: in the summary, in the history and in CI"),
    word("stop", " when $0", "a guard that ends the activation before anything is sent"),
];

pub const TEST_WORDS: [Word; 5] = [
    word("rows", " {\n  $0\n}", "what the model holds: a line of columns, then a line for each row"),
    word("before", " {\n  $0\n}", "what an earlier run has sent, all of it acknowledged"),
    word(
        "expect",
        " $0",
        "what is to come of the rows: `added { ... }`, `unchanged 2`, `request POST \"/path\" ...`, `nothing`",
    ),
    word("vars", " { $0 }", "values of variables"),
    word("environment", " $0", "the environment that the test is in"),
];

/// What a test may expect.
pub const EXPECT_WORDS: [Word; 10] = [
    word("added", " {\n  $0\n}", "just these rows are new, or so many: `expect added 2`"),
    word("changed", " {\n  $0\n}", "just these rows are changed, or so many; `'old' -> 'new'` looks at both values"),
    word("removed", " {\n  $0\n}", "just these rows are taken away, or so many"),
    word(
        "aside",
        " {\n  $0\n}",
        "just these rows are set aside, or so many; a column `reason` holds a part of the reason",
    ),
    word("unchanged", " $0", "so many rows have nothing to send"),
    word("held", " $0", "so many new rows wait until they change"),
    word("gone", " $0", "so many rows are gone, and the mode leaves them where they are"),
    word("nothing", "", "no row is sent"),
    word("request", " POST \"$1\" \"\"\"\n  $0\n\"\"\"", "such a request is among those made"),
    word("error", " \"$0\"", "a run stops, with this in its message or its code"),
];

pub const SMALL_WORDS: [Word; 8] = [
    word("where", " $0", "a condition in SQL, to the end of its line"),
    word("of", " $0", "the model or segment that a segment is a part of"),
    word("table", " $0", "the rows of a table: `SOURCE table SCHEMA.NAME`"),
    word("sql", " \"\"\"\n  $0\n\"\"\"", "the rows of a query, which runs in the source"),
    word("file", " \"$0\"", "the rows of CSV, Parquet or JSON lines files; `*` takes several at once"),
    word("all", " { $0 }", "sends every identifier, where the destination takes several"),
    word("when", " $0", "what a guard looks at: a metric, and a count or a percentage"),
    word("case", " when $1 then $2 else $3 end", "SQL: one of several values"),
];
