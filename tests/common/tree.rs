//! A file's tree as indented text, without spans: what golden files hold and what formatting must not change.

use sendoff::ir::ast::*;

pub fn tree(file: &File) -> String {
    let mut out = String::new();
    for item in &file.items {
        write_item(&mut out, item);
    }
    for comment in &file.comments {
        line(&mut out, 0, &format!("comment {}{}", if comment.own_line { "" } else { "behind " }, comment.text));
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(text);
    out.push('\n');
}

fn write_item(out: &mut String, item: &Item) {
    match item {
        Item::Project(Project { span: _, settings }) => {
            line(out, 0, "project");
            write_settings(out, 1, settings);
        }
        Item::Environment(Environment { span: _, name, settings }) => {
            line(out, 0, &format!("environment {}", name.value));
            write_settings(out, 1, settings);
        }
        Item::Source(connection) => write_connection(out, "source", connection),
        Item::Destination(connection) => write_connection(out, "destination", connection),
        Item::Model(Model { span: _, name, entries }) => {
            line(out, 0, &format!("model {}", name.value));
            for entry in entries {
                match entry {
                    ModelEntry::From(from) => write_from(out, from),
                    ModelEntry::Key(key) => write_key(out, key),
                }
            }
        }
        Item::Segment(Segment { span: _, name, of, filter }) => {
            line(out, 0, &format!("segment {} of {}", name.value, of.value));
            write_filter(out, 1, filter.as_ref());
        }
        Item::Activation(activation) => {
            line(out, 0, &format!("activation {}", activation.name.value));
            activation.entries.iter().for_each(|entry| write_entry(out, entry));
        }
        Item::Test(Test { span: _, name, of, entries }) => {
            line(out, 0, &format!("test {} of {}", name.value, of.value));
            entries.iter().for_each(|entry| write_test_entry(out, entry));
        }
    }
}

fn write_test_entry(out: &mut String, entry: &TestEntry) {
    match entry {
        TestEntry::Environment { span: _, name } => line(out, 1, &format!("environment {}", name.value)),
        TestEntry::Vars { span: _, block } => {
            line(out, 1, "vars");
            write_block(out, 2, Some(block));
        }
        TestEntry::Before(given) => write_given(out, "before", given),
        TestEntry::Rows(given) => write_given(out, "rows", given),
        TestEntry::Expect(Expect { span: _, what }) => write_expected(out, what),
    }
}

fn write_given(out: &mut String, word: &str, given: &Given) {
    match &given.input {
        GivenInput::File { path, options } => {
            line(out, 1, &format!("{word} file {}", text_lit(path)));
            write_block(out, 2, options.as_ref());
        }
        GivenInput::Sql { text } => line(out, 1, &format!("{word} sql {}", text_lit(text))),
        GivenInput::Table(table) => {
            line(out, 1, word);
            write_table(out, table);
        }
    }
}

fn write_expected(out: &mut String, what: &Expected) {
    match what {
        Expected::Rows { word, table } => {
            line(out, 1, &format!("expect {}", word.value));
            write_table(out, table);
        }
        Expected::Count { word, number } => line(out, 1, &format!("expect {} {}", word.value, number.value)),
        Expected::Word(word) => line(out, 1, &format!("expect {}", word.value)),
        Expected::Error { text } => line(out, 1, &format!("expect error {}", text_lit(text))),
        Expected::Request { method, path, exactly, body } => {
            let exactly = if *exactly { " exactly" } else { "" };
            line(out, 1, &format!("expect request {} {}{exactly}", method.value, text_lit(path)));
            if let Some(body) = body {
                line(out, 2, &text_lit(body));
            }
        }
    }
}

fn write_table(out: &mut String, table: &Table) {
    let head = table.head.iter().map(|cell| match &cell.sql_type {
        Some(sql_type) => format!("{}: {}", path(&cell.path), sql_type.text),
        None => path(&cell.path),
    });
    line(out, 2, &format!("head {}", head.collect::<Vec<_>>().join(" | ")));
    for row in &table.rows {
        let text = |expr: &Option<Expr>| expr.as_ref().map_or(String::new(), |expr| expr.text.clone());
        let cells = row.cells.iter().map(|cell| match &cell.old {
            Some(_) => format!("{} => {}", text(&cell.old), text(&cell.value)),
            None => text(&cell.value),
        });
        line(out, 2, &format!("row {}", cells.collect::<Vec<_>>().join(" | ")));
    }
}

fn write_connection(out: &mut String, what: &str, connection: &Connection) {
    let Connection { span: _, name, kind, settings } = connection;
    line(out, 0, &format!("{what} {} = {}", name.value, kind.value));
    write_settings(out, 1, settings);
}

fn write_entry(out: &mut String, entry: &ActivationEntry) {
    match entry {
        ActivationEntry::From(from) => write_from(out, from),
        ActivationEntry::Key(key) => write_key(out, key),
        ActivationEntry::To(To { span: _, destination, service, settings }) => {
            let service = service.as_ref().map_or("(no service)", |service| service.value.as_str());
            line(out, 1, &format!("to {} {service}", destination.value));
            write_block(out, 2, settings.as_ref());
        }
        ActivationEntry::Mode(ModeEntry { span: _, name, options }) => {
            line(out, 1, &format!("mode {}", name.value));
            write_block(out, 2, options.as_ref());
        }
        ActivationEntry::After(After { span: _, names }) => {
            let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
            line(out, 1, &format!("after {}", names.join(" ")));
        }
        ActivationEntry::Identify(Identify { span: _, all, mappings }) => {
            line(out, 1, if *all { "identify all" } else { "identify" });
            mappings.iter().for_each(|mapping| write_mapping(out, mapping));
        }
        ActivationEntry::Map(MapBlock { span: _, mappings }) => {
            line(out, 1, "map");
            mappings.iter().for_each(|mapping| write_mapping(out, mapping));
        }
        ActivationEntry::Custom(MapBlock { span: _, mappings }) => {
            line(out, 1, "custom");
            mappings.iter().for_each(|mapping| write_mapping(out, mapping));
        }
        ActivationEntry::Guard(Guard { span: _, stop, metric, op, value }) => {
            let word = if *stop { "stop" } else { "warn" };
            line(out, 1, &format!("{word} {} {} {}", metric.value, op.value, value.value));
        }
    }
}

fn write_from(out: &mut String, from: &From) {
    let From { span: _, input, options, filter } = from;
    let input = match input {
        Input::Named(name) => name.value.clone(),
        Input::Table { source, table } => format!("{} table {}", source.value, path(table)),
        Input::Sql { source, text } => format!("{} sql {}", source.value, text_lit(text)),
        Input::SqlFile { source, path } => format!("{} sql file {}", source.value, text_lit(path)),
        Input::File { path } => format!("file {}", text_lit(path)),
    };
    line(out, 1, &format!("from {input}"));
    write_block(out, 2, options.as_ref());
    write_filter(out, 2, filter.as_ref());
}

fn write_filter(out: &mut String, depth: usize, filter: Option<&Expr>) {
    if let Some(filter) = filter {
        line(out, depth, &format!("where {:?}", filter.text));
    }
}

fn write_key(out: &mut String, key: &Key) {
    let columns: Vec<String> = key.columns.iter().map(column).collect();
    line(out, 1, &format!("key {}", columns.join(", ")));
}

fn column(column: &Column) -> String {
    if column.quoted { format!("{:?}", column.name) } else { column.name.clone() }
}

fn path(path: &Path) -> String {
    let parts = path.parts.iter().map(|part| if part.quoted { format!("{:?}", part.name) } else { part.name.clone() });
    parts.collect::<Vec<_>>().join(" . ")
}

fn write_mapping(out: &mut String, mapping: &Mapping) {
    let Mapping { span: _, expr, target, column: short, options } = mapping;
    match (target, short) {
        (Some(target), _) => line(out, 2, &format!("{:?} -> {}", expr.text, path(target))),
        (None, Some(short)) => line(out, 2, &format!("column {}", column(short))),
        (None, None) => line(out, 2, "(neither column nor target)"),
    }
    write_block(out, 3, options.as_ref());
}

fn write_block(out: &mut String, depth: usize, block: Option<&Block>) {
    if let Some(block) = block {
        line(out, depth, "block");
        write_settings(out, depth + 1, &block.settings);
    }
}

fn write_settings(out: &mut String, depth: usize, settings: &[Setting]) {
    for setting in settings {
        line(out, depth, &format!("{:?} = {}", setting.key.value, value(&setting.value)));
    }
}

fn value(written: &Value) -> String {
    match written {
        Value::Text(text) => text_lit(text),
        Value::Number(number) => format!("number {}", number.value),
        Value::Bool(bool) => bool.value.to_string(),
        Value::Word(word) => word.value.clone(),
        Value::List { span: _, items } => format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(", ")),
        Value::Block(block) => {
            let settings =
                block.settings.iter().map(|setting| format!("{:?} = {}", setting.key.value, value(&setting.value)));
            format!("{{{}}}", settings.collect::<Vec<_>>().join(", "))
        }
        Value::Env { span: _, name, default } => call("env", name, default.as_ref()),
        Value::Var { span: _, name, default } => call("var", name, default.as_ref()),
    }
}

fn call(function: &str, name: &TextLit, default: Option<&TextLit>) -> String {
    match default {
        Some(default) => format!("{function}({}, {})", text_lit(name), text_lit(default)),
        None => format!("{function}({})", text_lit(name)),
    }
}

fn text_lit(text: &TextLit) -> String {
    format!("{}{:?}", if text.triple { "triple " } else { "" }, text.value)
}
