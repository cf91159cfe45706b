//! Columns that line up.

use super::paint::Paint;

/// Lines of cells below a dim headline; numbers (a column whose head begins with `#`) stand to the right.
pub fn table(head: &[&str], rows: &[Vec<String>], paint: Paint) -> String {
    let widths: Vec<usize> = (0..head.len()).map(|column| width(head, rows, column)).collect();
    let titles: Vec<String> = head.iter().map(|title| title.trim_start_matches('#').to_string()).collect();
    let mut out = paint.dim(&line(head, &titles, &widths)) + "\n";
    for row in rows {
        out += &line(head, row, &widths);
        out.push('\n');
    }
    out
}

fn width(head: &[&str], rows: &[Vec<String>], column: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
    cells.max().unwrap_or(0).max(head[column].trim_start_matches('#').chars().count())
}

fn line(head: &[&str], cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(head).zip(widths).map(|((cell, title), width)| match title.starts_with('#') {
        true => format!("{cell:>width$}"),
        false => format!("{cell:<width$}"),
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_string()
}
