use serde_json::{Value, json};

use super::{Datum, Engine, Scope, render_sql};
use crate::ir::catalog::Template;

fn value(engine: Engine, text: &str, scope: &Scope) -> Result<Value, String> {
    engine.text(&Template(text.to_string())).and_then(|text| text.value(scope)).map_err(|error| error.message)
}

fn path(text: &str, scope: &Scope) -> Result<String, String> {
    Engine::strict().text(&Template(text.to_string())).and_then(|text| text.path(scope)).map_err(|error| error.message)
}

#[test]
fn one_expression_is_a_value_and_anything_else_is_text() {
    let scope = Scope::new().with("n", &json!(5)).with("f", &json!(2.0)).with("yes", &json!(true));
    let cases = [
        ("{{ n }}", json!(5)),
        ("  {{ n }}\n", json!(5)),
        ("{{ f }}", json!(2.0)),
        ("{{ yes }}", json!(true)),
        ("{{ none }}", json!(null)),
        ("{{ {'a': {'b': n}} }}", json!({"a": {"b": 5}})),
        ("{{ '}}' }}", json!("}}")),
        ("{{ n }}{{ yes }}", json!("5true")),
        ("n = {{ n }}, f = {{ f }}", json!("n = 5, f = 2.0")),
        ("{{ yes|string }}", json!("true")),
        ("{{ (n == 4)|string ~ '!' }}", json!("false!")),
        ("{{ n|string }}", json!("5")),
        ("{ literal }", json!("{ literal }")),
        ("", json!("")),
    ];
    for (text, expected) in cases {
        assert_eq!(value(Engine::strict(), text, &scope), Ok(expected), "{text}");
    }
}

#[test]
fn answers_forgive_what_is_missing_and_requests_do_not() {
    let scope = Scope::new().with("body", &json!({"data": ""}));
    assert_eq!(value(Engine::lenient(), "{{ body.data.errors or [] }}", &scope), Ok(json!([])));
    assert_eq!(value(Engine::lenient(), "{{ (body.data.errors or {})|items|list }}", &scope), Ok(json!([])));
    assert_eq!(value(Engine::lenient(), "{{ body.a.b }}: {{ nothing }}", &scope), Ok(json!(": ")));
    assert_eq!(value(Engine::lenient(), "{{ 'x' in body.message|default('') }}", &scope), Ok(json!(false)));
    assert!(value(Engine::strict(), "{{ body.a.b }}", &scope).is_err());
    assert!(value(Engine::strict(), "a {{ none }}", &scope).is_err());
}

#[test]
fn values_in_paths_are_encoded() {
    let scope = Scope::new().with("id", &json!("a+b/c@x y")).with("gone", &json!(null));
    assert_eq!(path("/contacts/{{ id }}/x?y", &scope), Ok("/contacts/a%2Bb%2Fc%40x%20y/x?y".to_string()));
    assert_eq!(path("/contacts/{{ gone }}", &scope), Err("`gone` is none".to_string()));
}

#[test]
fn filters_for_authentication() {
    let digests = [
        (
            "12345678901234567890123456789012",
            "2009-02-13T23:31:30+0000",
            "secret",
            "NjgwYWJkYjNkODliYjc4OTcxZDgyNjFlOTUzZWVkYjNiOTY3YWY4MQ==",
        ),
        (
            "d36e3162829ed4c89851497a717f0001",
            "2026-01-02T03:04:05Z",
            "s3cr3t!",
            "NGZhMGRkNWZiM2Q3YWEwNTBlODVkYWU1OTMzMDdlMzRlMGM0ZGUwYg==",
        ),
    ];
    for (nonce, now, secret, digest) in digests {
        let scope = Scope::new().with("attempt", &json!({"nonce": nonce, "now": now})).with("secret", &json!(secret));
        let text = "{{ (attempt.nonce ~ attempt.now ~ secret)|sha1_hex|base64 }}";
        assert_eq!(value(Engine::strict(), text, &scope), Ok(json!(digest)));
    }
    let scope = Scope::new().with("body", &json!({"Status": "Done", "Items": [{"Key": 1}]}));
    let text = "{{ body|lower_keys }}";
    assert_eq!(value(Engine::lenient(), text, &scope), Ok(json!({"status": "Done", "items": [{"key": 1}]})));
}

#[test]
fn layers_hide_and_leave_what_is_below() {
    let below = Scope::new().with("item", &json!(1)).with("body", &json!({"x": 2}));
    let above = below.with_datum("item", Datum::parse("[3, 4]").expect("it is JSON"));
    let text = "{{ [item, body.x] }}";
    assert_eq!(value(Engine::strict(), text, &above), Ok(json!([[3, 4], 2])));
    assert_eq!(value(Engine::strict(), text, &below), Ok(json!([1, 2])));
}

#[test]
fn names_are_what_the_scope_must_have() {
    let expression = Engine::strict().expression("record.change == 'added' and option.x|int > range(3)|length");
    let expression = expression.expect("it compiles");
    assert_eq!(expression.names(), ["option", "record"]);
    assert_eq!(expression.paths(), ["option.x", "record.change"]);
}

#[test]
fn errors_say_where() {
    for (text, at) in [("a {{ b.. }}", 7), ("{{ a", 0), ("x {{ }}", 2), ("{% if a %}", 0), ("{{ a b }}", 5)] {
        let error = Engine::strict().text(&Template(text.to_string())).expect_err("it is broken");
        assert_eq!(error.offset(), Some(at), "{text}: {}", error.message);
    }
}

#[test]
fn braces_that_nobody_opened_are_an_error() {
    for (text, at) in
        [("status }} has == 429", Some(7)), ("a -}} b", Some(3)), ("{'a': {'b': 1}}", None), ("'}}'", None)]
    {
        let compiled = Engine::lenient().expression(text);
        assert_eq!(compiled.err().and_then(|error| error.offset()), at, "{text}");
    }
}

#[test]
fn sql_takes_variables_and_references() {
    let vars = |name: &str| (name == "country").then(|| "SE".to_string());
    let refs = |name: &str| (name != "gone").then(|| format!("marts.{name}"));
    let sql = "select * from {{ ref('dim') }} where c = '{{ var('country') }}' -- {{ var('country') }}\n";
    let filled = "select * from marts.dim where c = 'SE' -- SE\n";
    let parts = render_sql(sql, &vars, &refs).expect("all names are known");
    assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), filled);
    let error = render_sql("select\n {{ ref('gone') }}", &vars, &refs).expect_err("there is no such model");
    assert_eq!((error.message.as_str(), error.line), ("no dbt model `gone`", Some(2)));
    assert_eq!(error.offset(), Some(11));
    assert!(render_sql("{{ env }}", &vars, &refs).is_err());
}

#[test]
fn rendered_sql_knows_what_it_stands_for() {
    let vars = |name: &str| (name != "gone").then(|| name.to_uppercase());
    let told = |sql: &str| {
        let parts = render_sql(sql, &vars, &vars).expect("all names are known");
        let shown = |part: &super::Part| {
            let sign = if part.literal { "=" } else { "<-" };
            format!("{:?} {sign} {:?}", part.text, &sql[part.from.clone()])
        };
        parts.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(
        told("select 'é', x from {{ ref('dim') }} where c = '{{ var('se') }}'"),
        [
            r#""select 'é', x from " = "select 'é', x from ""#,
            r#""DIM " <- "{{ ref('dim') }}""#,
            r#""where c = '" = "where c = '""#,
            r#""SE" <- "{{ var('se') }}""#,
            r#""'" = "'""#
        ]
    );
    assert_eq!(
        told("{% for c in ['a', 'b'] -%}\n  x_{{ c }},\n{%- endfor %} 1{# so {{ #}"),
        [
            r#""x_" = "x_""#,
            r#""a" <- "{{ c }}""#,
            r#""," = ",""#,
            r#""x_" = "x_""#,
            r#""b" <- "{{ c }}""#,
            r#""," = ",""#,
            r#"" " <- "{%- endfor %}""#,
            r#""1" = "1""#
        ]
    );
    assert_eq!(
        told("a {% raw %}{{ b }}{% endraw %} c"),
        [r#""a " = "a ""#, r#""{{ b }}" = "{{ b }}""#, r#"" " <- "{% endraw %}""#, r#""c" = "c""#]
    );
}

#[test]
fn nothing_is_seen_but_the_scope() {
    let scope = Scope::new().with("setting", &json!({"tenant": "acme"}));
    for text in [
        "{{ env('HOME') }}",
        "{{ getenv('HOME') }}",
        "{{ os.environ.HOME }}",
        "{{ open('/etc/hostname') }}",
        "{{ load('/etc/hostname') }}",
        "{{ debug() }}",
        "{{ setting.__class__.__init__.__globals__ }}",
    ] {
        assert!(value(Engine::strict(), text, &scope).is_err(), "{text}");
    }
    // What a template could be made of besides expressions does not compile, or finds nothing.
    for text in
        ["{% include '/etc/hostname' %}", "{% extends '/etc/hostname' %}", "{% import '/etc/hostname' as a %}{{ a }}"]
    {
        let none = |_: &str| None;
        assert!(render_sql(text, &none, &none).is_err(), "{text}");
        assert_ne!(
            value(Engine::lenient(), text, &scope),
            Ok(json!(std::fs::read_to_string("/etc/hostname").ok())),
            "{text}"
        );
    }
}

#[test]
fn plain_conditions_say_what_the_interpreter_says() {
    let values =
        [json!(200), json!(201), json!(200.0), json!("200"), json!(true), json!(1), json!(null), json!([]), json!({})];
    for source in ["status == 200", "status==1", " status ", "status", "other", "other == 200", "none", "status == -1"]
    {
        for value in &values {
            let scope = Scope::new().with("status", value);
            let expression = Engine::lenient().expression(source).unwrap();
            let said = expression.datum(&scope).unwrap().is_true();
            assert_eq!(expression.truth(&scope).unwrap(), said, "`{source}` of {value}");
        }
    }
}
