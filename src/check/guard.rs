//! `warn when ...` and `stop when ...`

use super::error;
use crate::diag::Problems;
use crate::ir::ast;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{Compare, Guard, Metric};

pub fn resolve(written: &ast::Guard, problems: &mut Problems) -> Option<Guard> {
    let metric = Metric::parse(&written.metric.value);
    if metric.is_none() {
        problems.push(error::unknown_metric(&written.metric));
    }
    let compare = Compare::parse(&written.op.value);
    if compare.is_none() {
        problems.push(error::guard_operator(&written.op));
    }
    let (value, percent) = value(&written.value, problems)?;
    let verb = if written.stop { "stop" } else { "warn" };
    let text = format!("{verb} when {} {} {}", written.metric.value, written.op.value, written.value.value);
    Some(Guard { stop: written.stop, metric: metric?, compare: compare?, value, percent, text, span: written.span })
}

/// A count is whole and not negative; a percentage may have a fraction.
fn value(written: &crate::ir::span::Spanned<String>, problems: &mut Problems) -> Option<(f64, bool)> {
    let text = written.value.replace('_', "");
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text.as_str(), false),
    };
    let number = digits.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let number = number.filter(|number| percent || number.fract() == 0.0);
    if number.is_none() {
        problems.push(error::guard_value(written));
    }
    number.map(|number| (number, percent))
}

/// A mirror deletes, so one without a limit on removals gets this one.
pub fn for_mode(mode: Mode, guards: &mut Vec<Guard>, mode_span: Span) {
    if mode != Mode::Mirror || guards.iter().any(|guard| guard.metric == Metric::Removed) {
        return;
    }
    guards.push(Guard {
        stop: true,
        metric: Metric::Removed,
        compare: Compare::Greater,
        value: 10.0,
        percent: true,
        text: "stop when removed > 10%".to_string(),
        span: mode_span,
    });
}
