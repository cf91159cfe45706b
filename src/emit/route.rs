//! Routes: which calls a record goes through, by kind of change and by what came of the step before.

use super::program::holds;
use crate::ir::catalog::Route;
use crate::ir::mode::{ChangeKind, Verdict};
use crate::template::Scope;

#[derive(Clone, Debug)]
pub struct StepPlan {
    /// Number of the call in the program.
    pub call: usize,
    pub after: Vec<Verdict>,
    pub lacks_remote_id: bool,
}

/// Where a record goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To this step of its route.
    Step(usize),
    /// Nowhere: this is what became of it.
    End(Verdict),
}

/// The first route for the kind of change whose `when` holds.
pub fn choose<'a>(routes: &'a [Route], kind: ChangeKind, scope: &Scope) -> Result<Option<&'a Route>, String> {
    for route in routes.iter().filter(|route| route.rows.contains(&kind)) {
        if holds(route.when.as_ref(), scope)? {
            return Ok(Some(route));
        }
    }
    Ok(None)
}

/// The first step a record takes. One with a remote id passes over look-ups that only serve to find it.
pub fn first(steps: &[StepPlan], has_remote_id: bool) -> Next {
    match steps.first() {
        // A route without a step: there is nothing to say to the destination.
        None => Next::End(Verdict::Accepted),
        Some(step) if step.lacks_remote_id && has_remote_id => after(steps, Some(0), Verdict::Found, true),
        Some(_) => Next::Step(0),
    }
}

/// The next step after an outcome. `from` is the step that gave it, or `None` where it came from outside the route (a look at
/// what became of a lost request).
pub fn after(steps: &[StepPlan], from: Option<usize>, verdict: Verdict, has_remote_id: bool) -> Next {
    // A look at what became of a lost creation that finds the record says what the creation would have said.
    let verdict = if from.is_none() && verdict == Verdict::Found { Verdict::Exists } else { verdict };
    let start = from.map_or(0, |from| from + 1);
    for (at, step) in steps.iter().enumerate().skip(start) {
        if !step.after.contains(&verdict) {
            continue;
        }
        if step.lacks_remote_id && has_remote_id {
            return after(steps, Some(at), Verdict::Found, has_remote_id);
        }
        return Next::Step(at);
    }
    match (from, verdict) {
        (None, Verdict::Absent) => Next::Step(0),
        (_, Verdict::Found) => Next::End(Verdict::Exists),
        (_, verdict) => Next::End(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(call: usize, after: &[Verdict], lacks_remote_id: bool) -> StepPlan {
        StepPlan { call, after: after.to_vec(), lacks_remote_id }
    }

    #[test]
    fn outcomes_lead_on() {
        let steps = [step(0, &[], true), step(1, &[Verdict::Absent], false), step(2, &[Verdict::Found], false)];
        assert_eq!(first(&steps, false), Next::Step(0));
        assert_eq!(first(&steps, true), Next::Step(2));
        assert_eq!(after(&steps, Some(0), Verdict::Absent, false), Next::Step(1));
        assert_eq!(after(&steps, Some(0), Verdict::Rejected, false), Next::End(Verdict::Rejected));
        assert_eq!(after(&steps, Some(1), Verdict::Accepted, false), Next::End(Verdict::Accepted));
        let create = [step(0, &[], false), step(1, &[Verdict::Exists], false)];
        assert_eq!(after(&create, None, Verdict::Found, false), Next::Step(1));
        let create = [step(0, &[], false)];
        assert_eq!(after(&create, None, Verdict::Absent, false), Next::Step(0));
        assert_eq!(after(&create, None, Verdict::Found, false), Next::End(Verdict::Exists));
    }
}
