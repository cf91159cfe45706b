//! What goes wrong on the way to a server, in the project's own words: those of four libraries and a system say neither what it
//! is about nor what it comes to.

use std::error::Error;
use std::io::{self, ErrorKind};

use reqwest::Url;

use super::super::reason;

/// `HOST`, with the port where it is not the usual one.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"))
}

/// What lies at the bottom of an error.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    let chain: Vec<&(dyn Error + 'static)> = std::iter::successors(Some(error), |error| (*error).source()).collect();
    let said: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let says = |words: &str| said.iter().any(|said| said.contains(words));
    let bottom = said.last().map_or("", String::as_str);
    let system = chain.iter().rev().find_map(|error| error.downcast_ref::<io::Error>());
    if says("certificate") {
        return format!("its certificate is not accepted ({})", certificate(bottom));
    }
    if says("dns error") {
        return name(bottom).into();
    }
    if says("timed out") || says("deadline has elapsed") {
        return "nothing answered in time".into();
    }
    match system.map(io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => "connection refused".into(),
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => "there is no way to it from here".into(),
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof,
        ) => CUT.into(),
        _ if says("connection closed before message completed") || says("unexpected end of file") => CUT.into(),
        _ if says("InvalidContentType") => "it does not speak TLS there; is it `http://`?".into(),
        Some(_) => system.map(reason).unwrap_or_default(),
        None => bottom.to_string(),
    }
}

const CUT: &str = "the connection was cut";

fn name(said: &str) -> &'static str {
    match said.contains("emporary failure") {
        true => "names cannot be looked up at the moment",
        false => "there is no such name",
    }
}

/// By the words of rustls, whose types belong to a package that is not used here.
fn certificate(said: &str) -> &str {
    let known = [
        ("UnknownIssuer", "nobody whom this machine trusts has issued it"),
        ("Expired", "it has expired"),
        ("NotValidYet", "it is not valid yet"),
        ("NotValidForName", "it is for another name"),
        ("not valid for name", "it is for another name"),
        ("Revoked", "it was revoked"),
    ];
    known.into_iter().find(|(word, _)| said.contains(word)).map_or(said, |(_, told)| told)
}
