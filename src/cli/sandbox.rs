//! `sandbox`: the destinations' APIs, served locally until it is stopped.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::ir::run::{Failure, Status};
use crate::report::paint::Paint;
use crate::sandbox::{self, Rates};
use crate::world::reason;
use crate::world::serve::serve;

use super::stage::block_on;
use super::{Context, Ended, Stop, interrupt, run};

#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// 0 takes any that is free
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// Refuse what is too fast, as the destinations do
    #[arg(long)]
    limits: bool,
}

impl Sandbox {
    pub fn act(self, context: &Context) -> Ended {
        block_on(self.serve(context)).map_err(run::no_runtime)?
    }

    async fn serve(&self, context: &Context) -> Ended {
        let rates = if self.limits { Rates::AsDocumented } else { Rates::Relaxed };
        let sandbox = sandbox::Sandbox::new(rates);
        let vendors: Vec<&str> = sandbox.vendors().collect();
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        let serving = serve(Arc::new(Mutex::new(sandbox)), address).await.map_err(|error| taken(address, &error))?;
        context.console.print(&welcome(&serving.url, &vendors, context.console.paint));
        interrupt::asked().await;
        serving.stop().await.map_err(|error| taken(address, &error))?;
        Ok(Status::Done.code())
    }
}

fn welcome(url: &str, vendors: &[&str], paint: Paint) -> String {
    let mut out = format!("the sandbox is at {}; Ctrl-C ends it\n\n", paint.bold(url));
    for vendor in vendors {
        out += &format!("  {vendor:<12}  {}\n", sandbox::base(url, vendor));
    }
    let vendor = vendors.first().unwrap_or(&"");
    let ways = [
        (format!("sendoff run --sandbox={url}"), "sends to it"),
        (format!("curl {url}/_sandbox/requests"), "what came in"),
        (format!("curl {url}/_sandbox/state/{vendor}"), "what a destination holds"),
        (format!("curl -X POST {url}/_sandbox/reset"), "empties it"),
    ];
    let width = ways.iter().map(|(way, _)| way.len()).max().unwrap_or(0);
    out.push('\n');
    for (way, what) in ways {
        out += &format!("  {way:<width$}    {what}\n");
    }
    out
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Stop {
    Stop::Failure(Failure {
        status: Status::Unreachable,
        code: "sandbox::address".into(),
        message: format!("{address} cannot be served at: {}", reason(error)),
        help: "`--port 0` takes any port that is free".into(),
    })
}
