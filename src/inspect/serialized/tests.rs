use super::*;

#[test]
fn columns_have_offsets_in_bytes() {
    let json = r#"{"error":false,"statements":[{"node":{"select_list":[{"class":"FUNCTION","function_name":"||","is_operator":true,
        "query_location":11,"children":[{"class":"COLUMN_REF","query_location":8,"column_names":["é"]},
        {"class":"COLUMN_REF","query_location":14,"column_names":["b"]}]}]}}]}"#;
    let found = parsed("é || b", json);
    assert_eq!(found.columns, [("é".to_string(), 0), ("b".to_string(), 6)]);
    assert!(found.functions.is_empty() && found.error.is_none());
}

#[test]
fn errors_count_characters() {
    let json =
        r#"{"error":true,"error_type":"parser","error_message":"syntax error at or near \"c\"","position":"15"}"#;
    let error = parsed("é || b c d", json).error.map(|error| (error.message, error.offset));
    assert_eq!(error, Some(("`c` has no place here".to_string(), 8)));
}

#[test]
fn an_error_past_the_end_speaks_of_the_end() {
    let json = r#"{"error":true,"error_message":"syntax error at or near \")\"","position":"12"}"#;
    assert_eq!(parsed("a +", json).error.map(|error| error.message), Some("it ends too early".to_string()));
}

#[test]
fn parameters_of_a_lambda_are_no_columns() {
    let json = r#"{"error":false,"statements":[{"node":{"select_list":[{"class":"LAMBDA","query_location":31,
        "lhs":{"class":"COLUMN_REF","query_location":18446744073709551615,"column_names":["x"]},
        "expr":{"class":"FUNCTION","function_name":"f","query_location":12,"children":[
        {"class":"COLUMN_REF","query_location":14,"column_names":["x"]},
        {"class":"COLUMN_REF","query_location":17,"column_names":["y"]}]}}]}}]}"#;
    let found = parsed("x -> f(x, y)    ", json);
    assert_eq!(found.columns, [("y".to_string(), 9)]);
    assert_eq!(found.functions, [("f".to_string(), 4)]);
}

#[test]
fn a_method_reads_what_it_is_called_on() {
    let json = r#"{"error":false,"statements":[{"node":{"select_list":[{"class":"FUNCTION","function_name":"lower",
        "schema":"email","query_location":8}]}}]}"#;
    let found = parsed("email.lower()", json);
    assert_eq!(found.columns, [("email".to_string(), 0)]);
    assert_eq!(found.functions, [("lower".to_string(), 6)]);
}

#[test]
fn a_backtick_in_a_text_is_one() {
    assert!(words::backtick("'`' || \"`\"").is_none());
    let error = words::backtick("lower(`First Name`)").map(|error| (error.offset, error.len));
    assert_eq!(error, Some((6, 12)));
}
