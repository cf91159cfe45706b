//! `warn when ...` and `stop when ...`

use super::error;
use crate::diag::Problems;
use crate::ir::ast;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{Compare, Guard, Metric, guard_number};

pub fn resolve(written: &ast::Guard, problems: &mut Problems) -> Option<Guard> {
    let metric = Metric::parse(&written.metric.value);
    if metric.is_none() {
        problems.push(error::unknown_metric(&written.metric));
    }
    // A comparison that is none, or a number, has been told with the text.
    let compare = Compare::parse(&written.op.value)?;
    let (value, percent) = guard_number(&written.value.value)?;
    if let Some(metric) = metric
        && percent
        && value > 100.0
        && !metric.may_exceed_all()
    {
        problems.push(error::beyond_all(metric, compare, written.value.span));
    }
    let verb = if written.stop { "stop" } else { "warn" };
    let text = format!("{verb} when {} {} {}", written.metric.value, written.op.value, written.value.value);
    Some(Guard { stop: written.stop, metric: metric?, compare, value, percent, text, span: written.span })
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
