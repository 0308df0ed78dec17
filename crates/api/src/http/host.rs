//! By which name razz is asked.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Version, header};

use super::problem::Problem;
use crate::wire::ProblemKind;
use razz_access::hosts::{Host, Hosts};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The hosts that a request names: one, or two where a proxy was asked for a whole address; none only
/// in HTTP/1.0, which no browser speaks.
///
/// # Errors
/// Where it names none, several or what is no host (RFC 9112 section 3.2).
pub(super) fn of(parts: &Parts) -> Result<Vec<Host>, Problem> {
    let mut lines = parts.headers.get_all(header::HOST).iter();
    let line = lines.next();
    if lines.next().is_some() {
        return Err(Problem::bad_request("there is more than one header Host"));
    }
    if line.is_none() && parts.version >= Version::HTTP_11 {
        return Err(Problem::bad_request("the header Host is missing"));
    }
    let read = |text: &str| {
        let host = Host::parse(text);
        host.map_err(|error| Problem::bad_request(&format!("the header Host: {error}")))
    };
    let line = line.map(|line| read(line.to_str().unwrap_or_default())).transpose()?;
    // In absolute form the address itself counts (section 3.2.2). Browsers send both alike.
    let target = parts.uri.authority().map(|authority| read(authority.as_str())).transpose()?;
    Ok(line.into_iter().chain(target).collect())
}

/// By which names proxies say that they were asked, the outermost first. Pages cannot send this to
/// another origin without asking first (Fetch standard, section 3.2.2), but programs may send anything.
pub(super) fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(FORWARDED_HOST).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).filter(|name| !name.is_empty())
}

/// Whether all that were `named` are razz's own, and what proxies say that they were asked for: one
/// that asks by another name must not hide by which the page was opened.
///
/// # Errors
/// Says which is not, and what to set.
pub(super) fn require_own(
    hosts: &Hosts,
    named: &[Host],
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let forwarded = forwarded(headers).map(Host::parse);
    let mut all = named.iter().cloned().map(Ok).chain(forwarded);
    let foreign = all.find(|host| !host.as_ref().is_ok_and(|host| hosts.contain(host)));
    match foreign {
        None => Ok(()),
        Some(Err(error)) => {
            Err(Problem::bad_request(&format!("the header X-Forwarded-Host: {error}")))
        }
        Some(Ok(host)) => {
            let detail = format!(
                "razz does not know {host} as its own name, and shows a page that has opened it by a \
                 name of its own nothing; if {host} is this server, add \"{host}\" to `hosts` in [access] \
                 of the config file and start razz anew"
            );
            Err(Problem::new(ProblemKind::ForeignHost, &detail))
        }
    }
}
