//! `after`: in which order activations run.

use std::collections::{BTreeMap, BTreeSet};

use super::error;
use super::scope::Scope;
use crate::diag::Problems;
use crate::ir::ast::{After, Name};
use crate::ir::ident::ActivationName;
use crate::ir::span::Span;
use crate::ir::spec::Activation;

/// The names after `after` that exist, each once.
pub fn names(scope: &Scope<'_>, entries: &[&After], problems: &mut Problems) -> Vec<ActivationName> {
    let (mut found, mut places): (Vec<ActivationName>, Vec<Span>) = Default::default();
    for name in entries.iter().flat_map(|after| &after.names) {
        if scope.names.activation(&name.value).is_none() {
            let known = scope.names.activations.iter().map(|activation| activation.name.value.as_str());
            problems.push(error::unknown_after(name, known));
        } else if let Some(first) = found.iter().position(|other| other.as_str() == name.value) {
            problems.push(error::entry_twice(&name.value, name.span, places[first]));
        } else {
            found.push(ActivationName(name.value.clone()));
            places.push(name.span);
        }
    }
    found
}

/// As written, but for what waits: an activation moves behind the last one it comes after.
pub fn in_order(scope: &Scope<'_>, activations: Vec<Activation>, problems: &mut Problems) -> Vec<Activation> {
    circles(scope, problems);
    let known: BTreeSet<ActivationName> = activations.iter().map(|activation| activation.name.clone()).collect();
    let mut done: BTreeSet<ActivationName> = BTreeSet::new();
    let mut waiting: Vec<Activation> = activations;
    let mut ordered = Vec::with_capacity(waiting.len());
    loop {
        let before = ordered.len();
        let mut still = Vec::new();
        for activation in waiting {
            if activation.after.iter().all(|name| done.contains(name) || !known.contains(name)) {
                done.insert(activation.name.clone());
                ordered.push(activation);
            } else {
                still.push(activation);
            }
        }
        waiting = still;
        // What still waits without progress stands in a circle, which has been told.
        if waiting.is_empty() || ordered.len() == before {
            return ordered;
        }
    }
}

/// One problem for each circle, at the `after` of its first member by name.
fn circles(scope: &Scope<'_>, problems: &mut Problems) {
    let graph: BTreeMap<&str, Vec<&Name>> = scope
        .names
        .activations
        .iter()
        .map(|activation| (activation.name.value.as_str(), super::activation::after_names(activation)))
        .collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for start in entangled(&graph) {
        let Some(way) = way_back(&graph, start) else { continue };
        if way.iter().any(|name| told.contains(name.value.as_str())) {
            continue;
        }
        told.extend(way.iter().map(|name| name.value.as_str()));
        problems.push(error::after_circle(start, &way));
    }
}

/// Activations that never come to run: they stand in a circle, or behind one.
fn entangled<'a>(graph: &BTreeMap<&'a str, Vec<&'a Name>>) -> BTreeSet<&'a str> {
    let mut left: BTreeSet<&str> = graph.keys().copied().collect();
    loop {
        let waits = |name: &&str| graph[name].iter().any(|other| left.contains(other.value.as_str()));
        let still: BTreeSet<&str> = left.iter().copied().filter(waits).collect();
        if still.len() == left.len() {
            return still;
        }
        left = still;
    }
}

/// The shortest way from a name back to itself, as the names written after `after`.
fn way_back<'a>(graph: &BTreeMap<&'a str, Vec<&'a Name>>, start: &str) -> Option<Vec<&'a Name>> {
    let mut ways: Vec<Vec<&'a Name>> = graph.get(start)?.iter().map(|name| vec![*name]).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let at = way.last()?.value.as_str();
            if at == start {
                return Some(way);
            }
            if seen.insert(at) {
                let next = graph.get(at).into_iter().flatten();
                longer.extend(next.map(|name| way.iter().copied().chain([*name]).collect::<Vec<_>>()));
            }
        }
        ways = longer;
    }
    None
}
