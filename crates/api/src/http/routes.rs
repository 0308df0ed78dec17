//! Every route with what it needs: a handler without a need cannot be added.

use axum::Router;
use axum::extract::MatchedPath;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use super::{App, assets};
use razz_access::policy::Need;

/// What a method of a route needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rule {
    pub(super) method: Method,
    /// As axum writes it: `/api/cameras/{camera}`.
    pub(super) path: &'static str,
    pub(super) need: Need,
}

/// Routes in the making.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) router: Router<App>,
    pub(super) rules: Vec<Rule>,
}

impl Routes {
    /// Adds a method of a route.
    ///
    /// # Panics
    /// For a method that axum does not route, or one that is there already.
    pub(super) fn on<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        need: Need,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("axum routes this method");
        self.router = self.router.route(path, on(filter, handler));
        self.rules.push(Rule { method, path, need });
        self
    }
}

/// What `method` needs on the route that axum found. `None`: the route does not take this method.
pub(super) fn need(
    rules: &[Rule],
    matched: Option<&MatchedPath>,
    method: &Method,
    path: &str,
) -> Option<Need> {
    let Some(matched) = matched else { return Some(need_of_file(path)) };
    let found = |method: &Method| {
        rules.iter().find(|rule| rule.path == matched.as_str() && rule.method == *method)
    };
    // Whatever answers GET answers HEAD.
    let rule = found(method).or_else(|| found(&Method::GET).filter(|_| method == Method::HEAD));
    rule.map(|rule| rule.need)
}

/// What a path needs that is no route. Scripts and styles are the same on every razz; pages are for
/// who may use them, but for the ones that let people in.
fn need_of_file(path: &str) -> Need {
    const OPEN: [&str; 5] =
        ["/sign-in.html", "/set-up.html", "/player.js", "/icon.svg", "/favicon.ico"];
    if OPEN.contains(&path) || (path.starts_with("/assets/") && assets::is_there(path)) {
        Need::Nothing
    } else if assets::is_there(path) {
        Need::Page
    } else {
        // Who is nobody does not learn what there is not.
        Need::Stream
    }
}
