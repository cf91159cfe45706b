//! Before the first row: what must exist at the destination is found or made, and the definition is compiled.

use std::sync::Arc;

use super::deliver;
use super::session::{self, Job, Session};
use super::{StopSignal, tell};
use crate::emit::{self, Delivery, Depth, Journal, Preparation, RunFacts, Setup};
use crate::ir::change::Counts;
use crate::ir::run::{Failure, Stopped};

/// What delivery has to know of an activation, its definition compiled with nothing prepared yet.
fn setup<'a>(session: &'a Session<'_>, job: &'a Job<'_>, counts: &Counts, base_url: Option<&'a str>) -> Setup<'a> {
    let sandbox = session.options.sandbox.as_ref();
    Setup {
        destination: &job.activation.destination,
        service: &job.activation.service,
        settings: &job.connection.settings,
        base_url,
        stand_in: base_url.filter(|_| sandbox.is_some()),
        options: &job.activation.options,
        mode: job.activation.mode,
        identifiers: &job.plan.identifiers,
        identify_all: job.plan.identify_all,
        fields: &job.plan.fields,
        run: RunFacts {
            id: session.run.clone(),
            full: session.options.full || !job.shape.baseline_closed,
            remapped: counts.remapped > 0,
            rows: counts.to_send(),
            now: session.world.now(),
        },
    }
}

/// Looks up (and, to any depth but a look, makes) what must exist before the first row, then compiles the delivery.
pub async fn delivery(
    session: &Session<'_>,
    job: &Job<'_>,
    counts: &Counts,
    depth: Depth,
    stop: &StopSignal,
) -> Result<(Arc<Delivery>, Preparation), Failure> {
    let base_url = session::base_url(job.connection, session.options.sandbox.as_ref());
    let setup = setup(session, job, counts, base_url.as_deref());
    let redactor = session.redactor.clone();
    let preparing = async |journal: Journal| {
        emit::prepare(&setup, &session.limiters, redactor.clone(), session.world, &journal, stop, depth).await
    };
    let made = deliver::unheard(preparing).await;
    let preparation = made.map_err(|halt| failed(tell::halted(session, halt)))?;
    let made = Delivery::new(&setup, &preparation.prepared, &session.limiters, redactor);
    let delivery = made.map_err(|said| tell::delivery(job.activation, &session.redactor.scrub(&said)))?;
    Ok((Arc::new(delivery), preparation))
}

fn failed(stopped: Stopped) -> Failure {
    let Stopped { status, code, message, help } = stopped;
    Failure { status, code, message, help }
}
